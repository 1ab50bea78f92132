// tokenizer.json written line by line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

std::string quoted(const std::string& text) { return Json(text).dump(); }

// On one line; of an object's fields, those that are named come first, in that order.
std::string one_line(const Json& json, const std::vector<std::string>& first = {"type"}) {
  if (!json.is_structured()) return json.dump();
  std::vector<std::string> items;
  if (json.is_array()) {
    for (const Json& item : json) items.push_back(one_line(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  const auto add = [&](const std::string& name, const Json& value) {
    items.push_back(fmt::format("{}: {}", quoted(name), one_line(value)));
  };
  for (const std::string& name : first) {
    if (json.contains(name)) add(name, json[name]);
  }
  for (const auto& [name, value] : json.items()) {
    if (std::find(first.begin(), first.end(), name) == first.end()) add(name, value);
  }
  return fmt::format("{{{}}}", fmt::join(items, ", "));
}

// `[`, an item a line, `]`; nothing between the brackets if there are none.
std::string list(const std::vector<std::string>& items, const char* brackets,
                 const std::string& indent) {
  std::string text(1, brackets[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += (i == 0 ? "\n" : ",\n") + indent + "  " + items[i];
  }
  return text + (items.empty() ? "" : "\n" + indent) + brackets[1];
}

std::string added_tokens(const Json& tokens) {
  std::vector<std::string> items;
  for (const Json& token : tokens) {
    items.push_back(one_line(
        token, {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"}));
  }
  return list(items, "[]", "  ");
}

std::string vocabulary(const TokenModel& model) {
  std::vector<std::string> items;
  const bool scored = model.type() == std::string_view("Unigram");
  for (std::size_t id = 0; id < model.tokens().size(); ++id) {
    const std::string& token = model.tokens()[id];
    if (scored) {
      const double score = *model.score(static_cast<std::int64_t>(id));
      items.push_back(fmt::format("[{}, {}]", quoted(token), Json(score).dump()));
    } else if (!token.empty()) {
      items.push_back(fmt::format("{}: {}", quoted(token), id));
    }
  }
  return list(items, scored ? "[]" : "{}", "    ");
}

std::string merges(const TokenModel& model) {
  std::vector<std::string> items;
  for (const auto& [left, right] : model.merges()) {
    const std::string& first = model.tokens()[static_cast<std::size_t>(left)];
    const std::string& second = model.tokens()[static_cast<std::size_t>(right)];
    const bool blank =
        first.find(' ') != std::string::npos || second.find(' ') != std::string::npos;
    items.push_back(blank ? fmt::format("[{}, {}]", quoted(first), quoted(second))
                          : quoted(first + " " + second));
  }
  return list(items, "[]", "    ");
}

std::string model_fields(const Json& given, const TokenModel& model) {
  Json fields = given;
  fields["type"] = model.type();
  std::vector<std::string> order = {"type"};
  const bool of_pairs = fields["type"] == "BPE";
  if (of_pairs) {
    order = {
        "type",     "dropout",      "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
        "fuse_unk", "byte_fallback"};
    for (const std::string& name : order) {
      if (!fields.contains(name)) fields[name] = nullptr;
    }
  }
  std::vector<std::string> items;
  for (const std::string& name : order) {
    items.push_back(fmt::format("{}: {}", quoted(name), one_line(fields[name])));
    fields.erase(name);
  }
  for (const auto& [name, value] : fields.items()) {
    items.push_back(fmt::format("{}: {}", quoted(name), one_line(value)));
  }
  items.push_back("\"vocab\": " + vocabulary(model));
  if (of_pairs) items.push_back("\"merges\": " + merges(model));
  return list(items, "{}", "  ");
}

}  // namespace

void write_tokenizer(std::ostream& stream, const Tokenizer& tokenizer) {
  const TokenizerParts& parts = tokenizer.parts();
  if (parts.model->type() == nullptr) {
    throw Error("the tokenizer of Marian's two files cannot be written as tokenizer.json");
  }
  const Json description = Json::parse(parts.description);
  std::vector<std::string> items = {"\"version\": \"1.0\""};
  const auto add = [&](const std::string& name, const std::string& value) {
    items.push_back(fmt::format("\"{}\": {}", name, value));
  };
  const auto add_part = [&](const std::string& name) {
    add(name, description.contains(name) ? one_line(description[name]) : "null");
  };
  add_part("truncation");
  add_part("padding");
  add("added_tokens", added_tokens(description.value("added_tokens", Json::array())));
  for (const char* part : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    add_part(part);
  }
  add("model", model_fields(description["model"], *parts.model));
  stream << list(items, "{}", "") << "\n";
}

void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  write_file(path, [&](std::ostream& stream) { write_tokenizer(stream, tokenizer); });
}

}  // namespace clearhead
