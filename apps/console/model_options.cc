// Options of models, and texts made fit for them.
#include "apps/console/model_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <utility>

#include "apps/console/find_model.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/encoding.h"
#include "clearhead/base/parallel.h"
#include "clearhead/plot/label.h"
#include "clearhead/text/utf8.h"

namespace clearhead::console {
namespace {

// "é" (U+00E9)
std::string character_text(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character.front());
  std::string_view rest = character;
  const char32_t code_point = take_code_point(rest);
  if (code_point == kNoCodePoint) return fmt::format("the byte 0x{:02X}", byte);
  return fmt::format("\"{}\" (U+{:04X})", plot::visible_text(character),
                     static_cast<std::uint32_t>(code_point));
}

std::string characters_text(const std::vector<std::string>& characters) {
  constexpr std::size_t kShown = 6;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShown, characters.size()); ++i) {
    shown.push_back(character_text(characters[i]));
  }
  const std::string more =
      characters.size() > kShown ? fmt::format(" and {} more", characters.size() - kShown) : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

}  // namespace

void add_model(CLI::App& app, ModelOptions& options) {
  app.add_option("model", options.model, "The model")->type_name("MODEL");
}

void add_model_folder(OptionGroup& group, ModelOptions& options) {
  group.text("--models", "FOLDER",
             "Where models are looked for by name (if not given, in CLEARHEAD_MODELS, or else in "
             "models/ here and among the models of this program)",
             [&options](const std::string& x) { options.folder = x; });
}

void add_replace(OptionGroup& group, ModelOptions& options) {
  group.any_text("--replace", "TEXT",
                 "Replace each character that the model has not learnt by this, such as ?, or \"\" "
                 "to leave it out (if not given, such a text is refused). Only models whose tokens "
                 "are characters, as shakespeare, may lack some; byte pairs have all",
                 [&options](const std::string& x) { options.replace = x; });
}

void add_calculation(CLI::App& app, ModelOptions& options) {
  OptionGroup group(app, "How it is calculated");
  group.choice<Precision>(
      "--precision", {std::begin(kPrecisions), std::end(kPrecisions)},
      "Precision of matrix products (highest if not given): high and medium are faster if the "
      "processor has AMX, medium also with AVX-512 and bf16 of AMD; else the same",
      [&options](Precision x) { options.precision = x; });
  group.threads(options.threads);
  add_model_folder(group, options);
}

SavedModel open_model(const ModelOptions& options, bool keep_bf16) {
  const std::vector<std::filesystem::path> folders = model_folders(options.folder);
  const std::filesystem::path folder = find_model(options.model, folders);
  set_thread_count(options.threads);
  return clearhead::open_model(folder, keep_bf16);
}

std::string model_name(const ModelOptions& options) {
  const std::filesystem::path model = options.model;
  return (model.has_filename() ? model : model.parent_path()).filename().string();
}

std::string readable(const std::string& text, const Tokenizer& tokenizer,
                     const ModelOptions& options, const std::string& where) {
  const std::vector<std::string> unknown = tokenizer.unknown_characters(text);
  if (unknown.empty()) return text;
  if (!options.replace) {
    const std::size_t invalid = find_invalid_utf8(text);
    if (invalid != std::string::npos) {
      throw Error(fmt::format("{}: byte {} (0x{:02X}) is no UTF-8; --replace \"?\" reads ? instead",
                              where, invalid, static_cast<unsigned char>(text[invalid])));
    }
    const std::string replaced =
        tokenizer.unknown_characters("?").empty() ? "--replace \"?\" reads ? instead, " : "";
    throw Error(fmt::format("{}: {} has not learnt {}; {}--replace \"\" leaves {} out", where,
                            model_name(options), characters_text(unknown), replaced,
                            unknown.size() == 1 ? "it" : "them"));
  }
  const std::vector<std::string> still = tokenizer.unknown_characters(*options.replace);
  if (!still.empty()) {
    throw UsageError(fmt::format("--replace: {} has not learnt {}", model_name(options),
                                 characters_text(still)));
  }
  return tokenizer.replace_unknown(text, *options.replace);
}

void check_length(std::int64_t tokens, std::int64_t most, const ModelOptions& options,
                  const std::string& advice) {
  if (most == 0 || tokens <= most) return;
  throw Error(fmt::format("the text has {} tokens, and {} reads {} at most; {}", tokens,
                          model_name(options), most, advice));
}

std::vector<Sequence> ids_of_lines(const std::vector<std::string>& lines,
                                   const Tokenizer& tokenizer, const ModelOptions& options,
                                   std::int64_t most, const std::string& file, TooLong too_long) {
  std::vector<Sequence> ids;
  std::int64_t cut = 0;
  for (const std::string& line : lines) {
    const std::string where = fmt::format("{}, line {}", file, &line - lines.data() + 1);
    Encoding encoding = tokenizer.encoding(readable(line, tokenizer, options, where));
    if (too_long == TooLong::cut && most > 0 && std::ssize(encoding.ids) > most) {
      encoding.ids = first_tokens(encoding, most);
      ++cut;
    }
    ids.push_back(std::move(encoding.ids));
    try {
      check_length(std::ssize(ids.back()), most, options, "make several lines of it");
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", where, error.what()));
    }
  }
  if (cut > 0) {
    write_message(fmt::format("note: {} of {} {} longer than the {} tokens that {} reads; {}", cut,
                              counted(std::ssize(lines), "text"), cut == 1 ? "is" : "are", most,
                              model_name(options),
                              cut == 1 ? "its end is left out" : "their ends are left out"));
  }
  return ids;
}

}  // namespace clearhead::console
