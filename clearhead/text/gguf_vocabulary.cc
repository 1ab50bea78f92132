// GGUF's keys in the words of tokenizer.json.
#include "clearhead/text/gguf_vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/gguf_patterns_internal.h"
#include "clearhead/text/sentence_piece_internal.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kWordMark = "\u2581";  // with which words of bert begin

[[noreturn]] void fail(const std::string& file, std::string_view key, const std::string& fault) {
  throw Error(fmt::format("{}: tokenizer.ggml.{}: {}", file, key, fault));
}

void check(const GgufVocabulary& vocabulary, const std::string& file) {
  const std::size_t count = vocabulary.tokens.size();
  if (count == 0) fail(file, "tokens", "expected a list of tokens, got none");
  for (std::size_t id = 0; id < count; ++id) {
    if (find_invalid_utf8(vocabulary.tokens[id]) != std::string_view::npos) {
      fail(file, "tokens", fmt::format("token {} is no UTF-8", id));
    }
  }
  for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) {
    if (find_invalid_utf8(vocabulary.merges[i]) != std::string_view::npos) {
      fail(file, "merges", fmt::format("{}: it is no UTF-8", i));
    }
  }
  const auto check_count = [&](std::string_view key, std::size_t got) {
    if (got == 0 || got == count) return;
    fail(file, key, fmt::format("expected {}, one a token, got {}", count, got));
  };
  check_count("scores", vocabulary.scores.size());
  check_count("token_type", vocabulary.token_type.size());
  for (const float score : vocabulary.scores) {
    if (!std::isfinite(score)) fail(file, "scores", "expected finite numbers");
  }
  const auto check_id = [&](std::string_view key, const std::optional<std::int64_t>& id) {
    if (!id || (*id >= 0 && *id < static_cast<std::int64_t>(count))) return;
    fail(file, key, fmt::format("expected an id of 0 to {}, got {}", count - 1, *id));
  };
  check_id("bos_token_id", vocabulary.bos_token_id);
  check_id("eos_token_id", vocabulary.eos_token_id);
  check_id("unknown_token_id", vocabulary.unk_token_id);
  check_id("cls_token_id", vocabulary.cls_token_id);
  check_id("seperator_token_id", vocabulary.sep_token_id);
}

// What each token is. The file names one that is unknown by its id; others may be filling.
std::vector<PieceType> types_of(const GgufVocabulary& vocabulary) {
  std::vector<PieceType> types(vocabulary.tokens.size(), PieceType::normal);
  for (std::size_t id = 0; id < vocabulary.token_type.size(); ++id) {
    types[id] = piece_type(static_cast<std::uint64_t>(std::max(1, vocabulary.token_type[id])));
  }
  const auto set = [&](const std::optional<std::int64_t>& id, PieceType type) {
    if (id) types[static_cast<std::size_t>(*id)] = type;
  };
  if (vocabulary.unk_token_id) {
    std::replace(types.begin(), types.end(), PieceType::unknown, PieceType::control);
    set(vocabulary.unk_token_id, PieceType::unknown);
  }
  if (!vocabulary.token_type.empty()) return types;
  for (const auto& id : {vocabulary.bos_token_id, vocabulary.eos_token_id, vocabulary.cls_token_id,
                         vocabulary.sep_token_id}) {
    set(id, PieceType::control);
  }
  return types;
}

// The same by add_bos_token and add_eos_token, or by what is usual for a kind of model.
Json template_of(const GgufVocabulary& vocabulary, bool usually_begins, bool usually_ends) {
  const bool begins = vocabulary.add_bos_token.value_or(usually_begins);
  const bool ends = vocabulary.add_eos_token.value_or(usually_ends);
  const std::optional<std::int64_t> none;
  return template_around(vocabulary.tokens, begins ? vocabulary.bos_token_id : none,
                         ends ? vocabulary.eos_token_id : none, true, 0);
}

std::shared_ptr<const Tokenizer> sentence_piece(GgufVocabulary& vocabulary, bool merges,
                                                const std::string& file) {
  if (vocabulary.scores.empty()) fail(file, "scores", "expected one a token, got none");
  Json around = template_of(vocabulary, merges, !merges);
  std::vector<PieceType> types = types_of(vocabulary);
  return make_sentence_piece({.pieces = {std::move(vocabulary.tokens),
                                         {vocabulary.scores.begin(), vocabulary.scores.end()}},
                              .types = std::move(types),
                              .merges = merges,
                              .byte_fallback = merges,
                              .rules = std::move(vocabulary.precompiled_charsmap),
                              .prefix = vocabulary.add_space_prefix.value_or(true),
                              .collapses = vocabulary.remove_extra_whitespaces.value_or(false)},
                             {{"post_processor", std::move(around)}}, file);
}

const GgufPatterns& patterns_of(const GgufVocabulary& vocabulary, const std::string& file) {
  const std::string& name = vocabulary.pre;
  if (const GgufPatterns* const row = find_gguf_patterns(name)) return *row;
  std::vector<std::string> names;
  for (const GgufPatterns& row : gguf_patterns()) {
    names.insert(names.end(), row.names.begin(), row.names.end());
  }
  if (name.empty() || name == "default") {
    fail(
        file, "pre",
        fmt::format("the file, which older tools made, does not say by which model's patterns text "
                    "is cut into words; write one of these there: {}",
                    fmt::join(names, ", ")));
  }
  fail(file, "pre", fmt::format("{} is not supported; there are {}", name, fmt::join(names, ", ")));
}

std::vector<Merge> merges_of(const GgufVocabulary& vocabulary, const std::string& file) {
  const std::unordered_map<std::string_view, std::int64_t> ids = ids_by_token(vocabulary.tokens);
  std::vector<Merge> merges;
  merges.reserve(vocabulary.merges.size());
  for (const std::string& merge : vocabulary.merges) {
    const std::string_view text = merge;
    const std::size_t blank = std::min(text.find(' ', 1), text.size());
    const auto left = ids.find(text.substr(0, blank));
    const auto right = ids.find(text.substr(std::min(blank + 1, text.size())));
    if (left == ids.end() || right == ids.end()) {
      fail(file, "merges",
           fmt::format("{}: expected two tokens, got {}", merges.size(), Json(merge).dump()));
    }
    merges.push_back({left->second, right->second});
  }
  return merges;
}

std::shared_ptr<const Tokenizer> byte_pairs(GgufVocabulary& vocabulary, const std::string& file) {
  const GgufPatterns& row = patterns_of(vocabulary, file);
  Json cuts = Json::array();
  for (const std::string& pattern : row.patterns) {
    cuts.push_back(Json{{"type", "Split"},
                        {"pattern", {{"Regex", pattern}}},
                        {"behavior", "Isolated"},
                        {"invert", false}});
  }
  const Json bytes = {{"type", "ByteLevel"},
                      {"add_prefix_space", vocabulary.add_space_prefix.value_or(false)},
                      {"trim_offsets", true},
                      {"use_regex", false}};
  cuts.push_back(bytes);
  Json description = {{"version", "1.0"},
                      {"added_tokens", added_pieces(vocabulary.tokens, types_of(vocabulary))},
                      {"normalizer", row.composes ? Json{{"type", "NFC"}} : Json()},
                      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", std::move(cuts)}}},
                      {"post_processor", template_of(vocabulary, row.begins, false)},
                      {"decoder", bytes},
                      {"model", {{"type", "BPE"}, {"ignore_merges", row.ignore_merges}}}};
  BytePairParts parts{.merges = merges_of(vocabulary, file), .ignore_merges = row.ignore_merges};
  parts.tokens = std::move(vocabulary.tokens);
  std::unique_ptr<const TokenModel> model;
  try {
    model = make_byte_pair_model(std::move(parts));
  } catch (const Error& error) {
    fail(file, "merges", error.what());
  }
  return std::make_shared<const Tokenizer>(
      make_tokenizer(std::move(description), std::move(model), file));
}

// Tokens begin a word with ▁, where BERT's vocabularies mark those that do not by ##. Returns
// whether any has a capital.
bool mark_words(std::vector<std::string>& tokens, const std::vector<PieceType>& types) {
  bool capitals = false;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    std::string& token = tokens[id];
    if (types[id] != PieceType::normal || (token.starts_with('[') && token.ends_with(']')))
      continue;
    if (token.starts_with(kWordMark)) {
      token.erase(0, kWordMark.size());
    } else {
      token.insert(0, "##");
    }
    capitals = capitals ||
               std::any_of(token.begin(), token.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  }
  return capitals;
}

std::shared_ptr<const Tokenizer> word_piece(GgufVocabulary& vocabulary, const std::string& file) {
  const std::vector<PieceType> types = types_of(vocabulary);
  const bool capitals = mark_words(vocabulary.tokens, types);
  const auto first = vocabulary.cls_token_id ? vocabulary.cls_token_id : vocabulary.bos_token_id;
  const auto last = vocabulary.sep_token_id ? vocabulary.sep_token_id : vocabulary.eos_token_id;
  if (!first) fail(file, "cls_token_id", "expected an id, got none");
  if (!last) fail(file, "seperator_token_id", "expected an id, got none");
  Json description = {{"version", "1.0"},
                      {"added_tokens", added_pieces(vocabulary.tokens, types)},
                      {"normalizer",
                       {{"type", "BertNormalizer"},
                        {"clean_text", true},
                        {"handle_chinese_chars", true},
                        {"strip_accents", nullptr},
                        {"lowercase", !capitals}}},
                      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                      {"post_processor", template_around(vocabulary.tokens, first, last, false, 1)},
                      {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}}};
  const std::int64_t unknown = vocabulary.unk_token_id.value_or(-1);
  const Json options = {
      {"type", "WordPiece"},
      {"unk_token", unknown < 0 ? "[UNK]" : vocabulary.tokens[static_cast<std::size_t>(unknown)]},
      {"continuing_subword_prefix", "##"},
      {"max_input_chars_per_word", 100}};
  description["model"] = options;
  return std::make_shared<const Tokenizer>(make_tokenizer(
      std::move(description),
      make_word_piece_model(std::move(vocabulary.tokens), JsonPlace(options, file)), file));
}

}  // namespace

std::shared_ptr<const Tokenizer> make_gguf_tokenizer(GgufVocabulary vocabulary,
                                                     const std::string& file) {
  check(vocabulary, file);
  if (vocabulary.model == "llama") return sentence_piece(vocabulary, true, file);
  if (vocabulary.model == "t5") return sentence_piece(vocabulary, false, file);
  if (vocabulary.model == "gpt2") return byte_pairs(vocabulary, file);
  if (vocabulary.model == "bert") return word_piece(vocabulary, file);
  fail(file, "model",
       fmt::format("{} is not supported; there are llama, gpt2, bert, t5",
                   Json(vocabulary.model).dump(-1, ' ', false, Json::error_handler_t::replace)));
}

}  // namespace clearhead
