// The command `clearhead fill`.
#include "apps/cli/fill/fill.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "apps/console/given_texts.h"
#include "apps/console/model_options.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/models/generate.h"
#include "clearhead/plot/label.h"
#include "clearhead/text/utf8.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  console::GivenText text;
  std::int64_t top = 10;
};

// The text with the likeliest token in the place of each mask, fit for a terminal.
std::string filled(Sequence ids, std::int64_t mask,
                   const std::vector<std::vector<LikelyToken>>& likely,
                   const Tokenizer& tokenizer) {
  auto tokens = likely.begin();
  for (std::int64_t& id : ids) {
    if (id == mask) id = (tokens++)->front().token;
  }
  return without_controls(replace_invalid_utf8(tokenizer.decode(ids)));
}

void fill(const Options& o) {
  check(o.text);
  const console::Text given = read_text(o.text);
  const auto has = [&](std::string_view mask) {
    return given.text.find(mask) != std::string::npos;
  };
  if (!has(kMaskToken) && !has(kBertMask)) {
    throw console::UsageError(
        fmt::format("{}; write {} for each word to be guessed: \"A man is {} a guitar.\"",
                    o.text.is_given() ? "there is no mask in the text" : "there is no text to fill",
                    kMaskToken, kMaskToken));
  }
  const SavedModel saved = console::open_model(o.model);
  const MaskedModel& model = as<MaskedModel>(saved);
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::string mask_name = mask_of(tokenizer);
  if (!has(kMaskToken) && !has(mask_name)) {
    throw Error(fmt::format("{}: there is no mask in it; write {}, as {} knows it", given.source,
                            mask_name, console::model_name(o.model)));
  }
  const std::int64_t mask = tokenizer.special(mask_name);
  const Sequence ids =
      in_frame(ids_of_masked_text(console::readable(given.text, tokenizer, o.model, given.source),
                                  tokenizer),
               tokenizer);
  console::check_length(std::ssize(ids) - kFrame, console::most_tokens(model, kFrame), o.model,
                        "leave out what is far from the mask");
  const auto likely = fill_masks(model, ids, mask, o.top, o.model.precision);
  std::string text = filled(ids, mask, likely, tokenizer) + "\n";
  for (std::size_t i = 0; i < likely.size(); ++i) {
    plot::TextTable table;
    table.columns = {
        {likely.size() == 1 ? mask_name : fmt::format("{} {}", mask_name, i + 1), true},
        {"probability", false}};
    for (const LikelyToken& token : likely[i]) {
      table.rows.push_back({plot::visible_text(tokenizer.token(token.token)),
                            fmt::format("{:.2f} %", 100 * token.probability)});
    }
    text += "\n" + table.text();
  }
  console::write_output(text);
}

}  // namespace

std::function<void()> set_up_fill(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::add_text(app, o->text);
  console::OptionGroup text(app, "The text");
  console::add_text_file(text, o->text);
  console::add_replace(text, o->model);
  console::OptionGroup group(app, "What you get");
  group.integer("--top", "How many of the likeliest tokens for each <mask> (10 if not given)", 1,
                [o](std::int64_t n) { o->top = n; });
  console::add_calculation(app, o->model);
  return [o] { fill(*o); };
}

}  // namespace clearhead::cli
