// tokenizer.json written line by line, so that a change of one merge is a change of one line.
#include "clearhead/text/tokenizer_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>
#include <vector>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/characters.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostTokens = 1 << 24;

// `text`, valid UTF-8, in quotes and escaped.
std::string quoted(const std::string& text) { return Json(text).dump(); }

// A token as it stands in the file.
std::string spelling(const Tokenizer& tokenizer, std::int64_t id) {
  const std::string& token = tokenizer.vocabulary().tokens[static_cast<std::size_t>(id)];
  const bool bytes = dynamic_cast<const BytePairTokenizer*>(&tokenizer) != nullptr;
  return bytes && !tokenizer.is_special(id) ? spell_bytes(token) : token;
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

std::string added_tokens(const Tokenizer& tokenizer) {
  std::vector<std::string> items;
  for (const std::int64_t id : tokenizer.vocabulary().specials) {
    items.push_back(
        fmt::format("{{\"id\": {}, \"content\": {}, \"single_word\": false, \"lstrip\": false, "
                    "\"rstrip\": false, \"normalized\": false, \"special\": true}}",
                    id, quoted(spelling(tokenizer, id))));
  }
  return list(items, "[]", "  ");
}

std::string vocabulary(const Tokenizer& tokenizer) {
  std::vector<std::string> items;
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) {
    items.push_back(fmt::format("{}: {}", quoted(spelling(tokenizer, id)), id));
  }
  return list(items, "{}", "    ");
}

std::string merges(const Tokenizer& tokenizer) {
  std::vector<std::string> items;
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    for (const auto& [left, right] : pairs->merges()) {
      items.push_back(quoted(spelling(tokenizer, left) + " " + spelling(tokenizer, right)));
    }
  }
  return list(items, "[]", "    ");
}

bool has_unknown(const Tokenizer& tokenizer) {
  for (const std::int64_t id : tokenizer.vocabulary().specials) {
    if (tokenizer.vocabulary().tokens[static_cast<std::size_t>(id)] == kUnknownToken) return true;
  }
  return false;
}

// What a file says, and the places in it that messages name.
class Reader {
 public:
  Reader(const Json& root, const std::string& file) : root_(root), file_(file) {}

  std::shared_ptr<const Tokenizer> read();

 private:
  using Pointer = Json::json_pointer;

  [[noreturn]] void fail(const std::string& place, const std::string& fault) const {
    throw Error(fmt::format("{}: {}: {}", file_, place, fault));
  }
  // Text from the file, short and without line ends.
  static std::string shown(const Json& json) {
    const std::string text = json.dump();
    return text.size() <= 80 ? text : "a longer value";
  }
  // The value at `place` such as "/model/type"; null if it is not there.
  const Json& at(const std::string& place) const {
    static const Json kNull;
    const Pointer pointer(place);
    return root_.contains(pointer) ? root_.at(pointer) : kNull;
  }
  // Throws unless the value at `place` is one of `allowed`.
  void require(const std::string& place, const std::vector<Json>& allowed) const;

  void read_vocabulary();
  void read_specials();
  std::vector<Merge> read_merges() const;
  std::int64_t id_of(const std::string& token, const std::string& place) const;
  // A token's bytes.
  std::string unspell(const std::string& spelling, const std::string& place) const;

  const Json& root_;
  const std::string& file_;
  bool byte_level_ = false;
  std::unordered_map<std::string, std::int64_t> ids_;  // by spelling
  Vocabulary vocabulary_;
};

void Reader::require(const std::string& place, const std::vector<Json>& allowed) const {
  std::string expected;
  for (const Json& one : allowed) {
    if (at(place) == one) return;
    expected += (expected.empty() ? "" : " or ") + one.dump();
  }
  fail(place, fmt::format("expected {}, got {}", expected, shown(at(place))));
}

std::shared_ptr<const Tokenizer> Reader::read() {
  if (!root_.is_object()) throw Error(file_ + ": expected a JSON object, as tokenizer.json is");
  require("/version", {"1.0"});
  for (const char* place : {"/truncation", "/padding", "/post_processor", "/model/dropout",
                            "/model/continuing_subword_prefix", "/model/end_of_word_suffix"}) {
    require(place, {nullptr});
  }
  for (const char* place : {"/model/fuse_unk", "/model/byte_fallback", "/model/ignore_merges"}) {
    require(place, {nullptr, false});
  }
  require("/model/type", {"BPE"});
  const Json lower = {{"type", "Lowercase"}};
  require("/normalizer", {nullptr, lower});
  byte_level_ = !at("/pre_tokenizer").is_null();
  if (byte_level_) {
    require("/pre_tokenizer/type", {"ByteLevel"});
    require("/pre_tokenizer/add_prefix_space", {false});
    require("/pre_tokenizer/use_regex", {nullptr, true});
    require("/decoder/type", {"ByteLevel"});
    require("/model/unk_token", {nullptr});
  } else {
    require("/decoder", {{{"type", "Fuse"}}});
    require("/model/unk_token", {nullptr, std::string(kUnknownToken)});
  }
  read_vocabulary();
  read_specials();
  std::vector<Merge> merges = read_merges();
  const bool lowercase = at("/normalizer") == lower;
  try {
    if (byte_level_) {
      return std::make_shared<BytePairTokenizer>(std::move(vocabulary_), std::move(merges),
                                                 lowercase);
    }
    if (!merges.empty()) fail("/model/merges", "characters have none");
    return std::make_shared<CharacterTokenizer>(std::move(vocabulary_), lowercase);
  } catch (const Error& error) {
    throw Error(file_ + ": " + error.what());
  }
}

void Reader::read_vocabulary() {
  const Json& vocabulary = at("/model/vocab");
  if (!vocabulary.is_object()) fail("/model/vocab", "expected an object of tokens and their ids");
  const auto size = static_cast<std::int64_t>(vocabulary.size());
  if (size > kMostTokens) fail("/model/vocab", fmt::format("{} tokens are too many", size));
  vocabulary_.tokens.resize(vocabulary.size());
  std::vector<bool> seen(vocabulary.size());
  for (const auto& [token, id] : vocabulary.items()) {
    if (!id.is_number_integer() || id < 0 || id >= size) {
      fail("/model/vocab", fmt::format("expected ids 0 to {} for its {} tokens, got {} for {}",
                                       size - 1, size, shown(id), shown(token)));
    }
    const auto place = id.get<std::size_t>();
    if (seen[place]) fail("/model/vocab", fmt::format("two tokens have the id {}", place));
    seen[place] = true;
    vocabulary_.tokens[place] = token;  // as it is spelt, until the special ones are known
    ids_.emplace(token, static_cast<std::int64_t>(place));
  }
}

void Reader::read_specials() {
  const Json& added = at("/added_tokens");
  if (!added.is_array()) fail("/added_tokens", "expected a list");
  std::vector<bool> special(vocabulary_.tokens.size());
  for (std::size_t i = 0; i < added.size(); ++i) {
    const std::string place = fmt::format("/added_tokens/{}", i);
    for (const char* field : {"/single_word", "/lstrip", "/rstrip", "/normalized"}) {
      require(place + field, {nullptr, false});
    }
    require(place + "/special", {true});
    const Json& content = at(place + "/content");
    if (!content.is_string()) fail(place + "/content", "expected the name of a token");
    const std::int64_t id = id_of(content.get<std::string>(), place + "/content");
    require(place + "/id", {id});
    if (special[static_cast<std::size_t>(id)]) fail(place, "the token is there twice");
    special[static_cast<std::size_t>(id)] = true;
    vocabulary_.specials.push_back(id);
  }
  for (std::size_t id = 0; byte_level_ && id < vocabulary_.tokens.size(); ++id) {
    std::string& token = vocabulary_.tokens[id];
    if (!special[id]) token = unspell(token, "/model/vocab");
  }
}

std::vector<Merge> Reader::read_merges() const {
  const Json& merges = at("/model/merges");
  if (!merges.is_array()) fail("/model/merges", "expected a list");
  std::vector<Merge> result;
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string place = fmt::format("/model/merges/{}", i);
    const Json& merge = merges[i];
    std::string left, right;
    if (merge.is_string()) {  // "LEFT RIGHT"; a blank within a token is spelt otherwise
      const std::string text = merge.get<std::string>();
      const std::size_t blank = text.find(' ');
      if (blank != std::string::npos) {
        left = text.substr(0, blank);
        right = text.substr(blank + 1);
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      left = merge[0].get<std::string>();
      right = merge[1].get<std::string>();
    }
    if (left.empty() || right.empty()) {
      fail(place, "expected two tokens, as \"LEFT RIGHT\" or [\"LEFT\", \"RIGHT\"]");
    }
    result.push_back({id_of(left, place), id_of(right, place)});
  }
  return result;
}

std::int64_t Reader::id_of(const std::string& token, const std::string& place) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) fail(place, shown(token) + " is not in /model/vocab");
  return found->second;
}

std::string Reader::unspell(const std::string& spelling, const std::string& place) const {
  if (std::optional<std::string> bytes = unspell_bytes(spelling)) return *bytes;
  fail(place, shown(spelling) + " has a character that stands for no byte");
}

}  // namespace

void write_tokenizer(std::ostream& stream, const Tokenizer& tokenizer) {
  const bool bytes = dynamic_cast<const BytePairTokenizer*>(&tokenizer) != nullptr;
  stream << fmt::format(
      R"({{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": {},
  "normalizer": {},
  "pre_tokenizer": {},
  "post_processor": null,
  "decoder": {},
  "model": {{
    "type": "BPE",
    "dropout": null,
    "unk_token": {},
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "vocab": {},
    "merges": {}
  }}
}}
)",
      added_tokens(tokenizer), tokenizer.lowercases() ? R"({"type": "Lowercase"})" : "null",
      bytes ? R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true})" : "null",
      bytes ? R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true})"
            : R"({"type": "Fuse"})",
      !bytes && has_unknown(tokenizer) ? quoted(std::string(kUnknownToken)) : "null",
      vocabulary(tokenizer), merges(tokenizer));
}

void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  write_file(path, [&](std::ostream& stream) { write_tokenizer(stream, tokenizer); });
}

std::shared_ptr<const Tokenizer> parse_tokenizer(std::string_view text, const std::string& file) {
  Json root;
  try {
    root = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(fmt::format("{}: byte {}: no valid JSON", file, error.byte));
  } catch (const Json::out_of_range&) {
    throw Error(file + ": it has a number that is too large; ids are all that belongs there");
  }
  return Reader(root, file).read();
}

std::shared_ptr<const Tokenizer> read_tokenizer(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const std::span<const std::byte> bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return parse_tokenizer(utf8_text(text, path.string()), path.string());
}

}  // namespace clearhead
