// Older files in the words of tokenizer.json, one function a kind of tokenizer.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "clearhead/text/gguf_patterns_internal.h"
#include "clearhead/text/named_tokens_internal.h"
#include "clearhead/text/older_tokenizers_internal.h"
#include "clearhead/text/sentence_piece.h"
#include "clearhead/text/sentence_piece_internal.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_parts_internal.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::shared_ptr<const Tokenizer> make(const Json& description, const OlderFiles& files) {
  const std::string file = files.vocabulary.string();
  std::unique_ptr<const TokenModel> model = make_token_model(JsonPlace(description, file)["model"]);
  return std::make_shared<const Tokenizer>(make_tokenizer(description, std::move(model), file));
}

// The tokens that `add_bos_token` and `add_eos_token` put around a text.
Json around(const NamedTokens& names, const OlderFiles& files, const char* begin, const char* end,
            bool begins) {
  const auto id = [&](const char* setting, const char* name, const char* usual,
                      bool is_usual) -> std::optional<std::int64_t> {
    if (!files.settings[setting].flag_or(is_usual)) return std::nullopt;
    return names.id(files.settings.token(name, usual), files.vocabulary.string());
  };
  return template_around(names.tokens(), id("add_bos_token", "bos_token", begin, begins),
                         id("add_eos_token", "eos_token", end, false), true, 1);
}

// <s> text </s>, of a pair </s> twice between the two.
Json robertas(const NamedTokens& names, const OlderFiles& files, bool trims, bool prefix) {
  const auto token = [&](const char* name, const char* usual) {
    const std::string spelling = files.settings.token(name, usual);
    return Json::array({spelling, names.id(spelling, files.vocabulary.string())});
  };
  return {{"type", "RobertaProcessing"},
          {"sep", token("sep_token", "</s>")},
          {"cls", token("cls_token", "<s>")},
          {"trim_offsets", trims},
          {"add_prefix_space", prefix}};
}

// ---- BERT: vocab.txt ----

std::shared_ptr<const Tokenizer> bert(const OlderFiles& files) {
  const TokenizerSettings& settings = files.settings;
  const std::vector<std::string> lines = read_lines(files.vocabulary);
  Json vocabulary = Json::object();
  for (std::size_t id = 0; id < lines.size(); ++id) vocabulary[lines[id]] = id;
  NamedTokens names(lines);
  names.add(settings, {{"unk_token", "[UNK]"},
                       {"sep_token", "[SEP]"},
                       {"pad_token", "[PAD]"},
                       {"cls_token", "[CLS]"},
                       {"mask_token", "[MASK]"}});
  if (!settings["do_basic_tokenize"].flag_or(true)) {
    settings["do_basic_tokenize"].fail("false is not supported");
  }
  const auto id = [&](const char* name, const char* usual) {
    return names.id(settings.token(name, usual), files.vocabulary.string());
  };
  const JsonPlace accents = settings["strip_accents"];
  return make({{"added_tokens", names.json()},
               {"normalizer",
                {{"type", "BertNormalizer"},
                 {"clean_text", true},
                 {"handle_chinese_chars", settings["tokenize_chinese_chars"].flag_or(true)},
                 {"strip_accents", accents.is_null() ? Json() : Json(accents.flag_or(true))},
                 {"lowercase", settings["do_lower_case"].flag_or(true)}}},
               {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
               {"post_processor", template_around(names.tokens(), id("cls_token", "[CLS]"),
                                                  id("sep_token", "[SEP]"), false, 1)},
               {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
               {"model",
                {{"type", "WordPiece"},
                 {"unk_token", settings.token("unk_token", "[UNK]")},
                 {"continuing_subword_prefix", "##"},
                 {"max_input_chars_per_word", 100},
                 {"vocab", std::move(vocabulary)}}}},
              files);
}

// ---- Byte pairs: vocab.json and merges.txt ----

Json byte_level(bool prefix, bool words) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", prefix},
          {"trim_offsets", true},
          {"use_regex", words}};
}

// What all of them have.
struct BytePairs {
  NamedTokens names;
  Json description;  // as tokenizer.json, without a pre-tokenizer and a post-processor
};

BytePairs read_byte_pairs(const OlderFiles& files, const std::vector<NamedToken>& named) {
  const std::string file = files.vocabulary.string();
  Json vocabulary = parse_json(read_text(files.vocabulary), file);
  NamedTokens names(read_vocabulary(JsonPlace(vocabulary, file)));
  names.add(files.settings, named);
  Json merges = Json::array();
  for (const std::string& line : read_lines(files.folder / "merges.txt")) {
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(line);
  }
  Json model = {{"type", "BPE"}, {"vocab", std::move(vocabulary)}, {"merges", std::move(merges)}};
  Json description = {{"added_tokens", names.json()},
                      {"decoder", byte_level(true, true)},
                      {"model", std::move(model)}};
  return {std::move(names), std::move(description)};
}

std::shared_ptr<const Tokenizer> gpt2(const OlderFiles& files) {
  BytePairs pairs = read_byte_pairs(files, {{"unk_token", "<|endoftext|>"},
                                            {"bos_token", "<|endoftext|>"},
                                            {"eos_token", "<|endoftext|>"}});
  const bool prefix = files.settings["add_prefix_space"].flag_or(false);
  pairs.description["pre_tokenizer"] = byte_level(prefix, true);
  pairs.description["post_processor"] =
      around(pairs.names, files, "<|endoftext|>", "<|endoftext|>", false);
  return make(pairs.description, files);
}

std::shared_ptr<const Tokenizer> qwen2(const OlderFiles& files) {
  BytePairs pairs = read_byte_pairs(files, {{"unk_token", "<|endoftext|>"},
                                            {"eos_token", "<|endoftext|>"},
                                            {"pad_token", "<|endoftext|>"}});
  Json cuts = Json::array();
  for (const std::string& pattern : find_gguf_patterns("qwen2")->patterns) {
    cuts.push_back(Json{{"type", "Split"},
                        {"pattern", {{"Regex", pattern}}},
                        {"behavior", "Isolated"},
                        {"invert", false}});
  }
  cuts.push_back(byte_level(files.settings["add_prefix_space"].flag_or(false), false));
  pairs.description["normalizer"] = {{"type", "NFC"}};
  pairs.description["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", std::move(cuts)}};
  pairs.description["post_processor"] = around(pairs.names, files, "", "<|endoftext|>", false);
  return make(pairs.description, files);
}

// Those of RoBERTa, and of all that fairseq made.
const std::vector<NamedToken>& fairseq_names() {
  static const std::vector<NamedToken> kNames = {
      {"bos_token", "<s>"},          {"eos_token", "</s>"},  {"sep_token", "</s>"},
      {"cls_token", "<s>"},          {"unk_token", "<unk>"}, {"pad_token", "<pad>"},
      {"mask_token", "<mask>", true}};
  return kNames;
}

std::shared_ptr<const Tokenizer> roberta(const OlderFiles& files) {
  BytePairs pairs = read_byte_pairs(files, fairseq_names());
  const bool prefix = files.settings["add_prefix_space"].flag_or(false);
  const bool trims = files.settings["trim_offsets"].flag_or(true);
  pairs.description["pre_tokenizer"] = byte_level(prefix, true);
  pairs.description["post_processor"] = robertas(pairs.names, files, trims, prefix);
  return make(pairs.description, files);
}

// ---- SentencePiece: tokenizer.model and others ----

NamedTokens names_of(const SentencePieceModel& model) {
  return NamedTokens(model.pieces.tokens, added_pieces(model.pieces.tokens, model.types));
}

// As SentencePiece does; without `legacy` a blank is put before the text alone, not before what
// follows a special token.
std::shared_ptr<const Tokenizer> pieces_with(const OlderFiles& files,
                                             const std::vector<NamedToken>& named,
                                             const char* begin, const char* end) {
  SentencePieceModel model = read_sentence_piece_model(files.vocabulary);
  NamedTokens names = names_of(model);
  names.add(files.settings, named);
  model.prefix = files.settings["add_prefix_space"].flag_or(model.prefix);
  model.prefix_once = !files.settings["legacy"].flag_or(true);
  const Json parts = {{"added_tokens", names.json()},
                      {"post_processor", around(names, files, begin, end, true)}};
  return make_sentence_piece(std::move(model), parts, files.vocabulary.string());
}

std::shared_ptr<const Tokenizer> llama(const OlderFiles& files) {
  return pieces_with(files, {{"unk_token", "<unk>"}, {"bos_token", "<s>"}, {"eos_token", "</s>"}},
                     "<s>", "</s>");
}

std::shared_ptr<const Tokenizer> gemma(const OlderFiles& files) {
  return pieces_with(files,
                     {{"unk_token", "<unk>"},
                      {"bos_token", "<bos>"},
                      {"eos_token", "<eos>"},
                      {"pad_token", "<pad>"},
                      {"mask_token", "<mask>"}},
                     "<bos>", "<eos>");
}

// Unigram of words: white space of any kind divides them, and only the rules of the model's
// normalizer are used. `prefix`: whether a blank is put before a text.
std::shared_ptr<const Tokenizer> words_of_pieces(SentencePieceModel model, const NamedTokens& names,
                                                 Json post_processor, bool prefix,
                                                 const OlderFiles& files) {
  model.prefix = model.collapses = model.escapes = model.byte_fallback = false;
  const Json blank = {{"type", "Metaspace"},
                      {"replacement", "\u2581"},
                      {"prepend_scheme", prefix ? "always" : "never"},
                      {"split", true}};
  return make_sentence_piece(
      std::move(model),
      {{"added_tokens", names.json()},
       {"pre_tokenizer",
        {{"type", "Sequence"}, {"pretokenizers", {Json{{"type", "WhitespaceSplit"}}, blank}}}},
       {"post_processor", std::move(post_processor)},
       {"decoder", blank}},
      files.vocabulary.string());
}

void append(SentencePieceModel& model, const std::string& piece, double score, PieceType type) {
  model.pieces.tokens.push_back(piece);
  model.pieces.scores.push_back(score);
  model.types.push_back(type);
}

std::shared_ptr<const Tokenizer> t5(const OlderFiles& files) {
  SentencePieceModel model = read_sentence_piece_model(files.vocabulary);
  const JsonPlace extra = files.settings["extra_ids"];
  for (std::int64_t i = extra.is_null() ? 100 : extra.integer(0, 10000); i-- > 0;) {
    append(model, fmt::format("<extra_id_{}>", i), 0, PieceType::control);
  }
  NamedTokens names = names_of(model);
  names.add(files.settings,
            {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}});
  const std::int64_t end =
      names.id(files.settings.token("eos_token", "</s>"), files.vocabulary.string());
  Json processor = template_around(names.tokens(), std::nullopt, end, false, 0);
  return words_of_pieces(std::move(model), names, std::move(processor), true, files);
}

// fairseq put its own tokens before the pieces: `first` instead of the first `skipped` pieces.
std::shared_ptr<const Tokenizer> fairseq(
    const OlderFiles& files, const std::vector<std::pair<std::string, PieceType>>& first,
    std::size_t skipped) {
  const SentencePieceModel read = read_sentence_piece_model(files.vocabulary);
  SentencePieceModel model{.rules = read.rules};
  for (const auto& [piece, type] : first) {
    append(model, piece, piece == "<unk>NOTUSED" ? -100 : 0, type);
  }
  for (std::size_t i = skipped; i < read.types.size(); ++i) {
    append(model, read.pieces.tokens[i], read.pieces.scores[i], read.types[i]);
  }
  append(model, files.settings.token("mask_token", "<mask>"), 0, PieceType::control);
  NamedTokens names = names_of(model);
  names.add(files.settings, fairseq_names());
  Json processor = robertas(names, files, false, false);
  const bool prefix = files.settings["add_prefix_space"].flag_or(true);
  return words_of_pieces(std::move(model), names, std::move(processor), prefix, files);
}

std::shared_ptr<const Tokenizer> xlm_roberta(const OlderFiles& files) {
  return fairseq(files,
                 {{"<s>", PieceType::control},
                  {"<pad>", PieceType::control},
                  {"</s>", PieceType::control},
                  {"<unk>", PieceType::unknown}},
                 3);
}

std::shared_ptr<const Tokenizer> camembert(const OlderFiles& files) {
  return fairseq(files,
                 {{"<s>NOTUSED", PieceType::normal},
                  {"<pad>", PieceType::control},
                  {"</s>NOTUSED", PieceType::normal},
                  {"<unk>", PieceType::unknown},
                  {"<unk>NOTUSED", PieceType::normal}},
                 1);
}

std::shared_ptr<const Tokenizer> marian(const OlderFiles& files) {
  return read_marian_tokenizer(files.vocabulary, files.folder / "vocab.json");
}

}  // namespace

const std::vector<OlderTokenizer>& older_tokenizers() {
  static const std::vector<OlderTokenizer> kAll = {
      {{"BertTokenizer", "DistilBertTokenizer"}, {"bert", "distilbert"}, "vocab.txt", bert},
      {{"GPT2Tokenizer"}, {"gpt2"}, "vocab.json", gpt2},
      {{"Qwen2Tokenizer"}, {"qwen2", "qwen3"}, "vocab.json", qwen2},
      {{"RobertaTokenizer", "BartTokenizer"}, {"roberta", "bart"}, "vocab.json", roberta},
      {{"LlamaTokenizer"}, {"llama", "mistral", "phi3"}, "tokenizer.model", llama},
      {{"GemmaTokenizer"}, {"gemma", "gemma2"}, "tokenizer.model", gemma},
      {{"T5Tokenizer", "MT5Tokenizer"}, {"t5", "mt5"}, "spiece.model", t5},
      {{"XLMRobertaTokenizer"}, {"xlm-roberta"}, "sentencepiece.bpe.model", xlm_roberta},
      {{"MarianTokenizer"}, {"marian"}, "source.spm", marian},
      {{"CamembertTokenizer"}, {"camembert"}, "sentencepiece.bpe.model", camembert},
  };
  return kAll;
}

}  // namespace clearhead
