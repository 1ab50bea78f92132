// Tokenizers as files: the same after reading, and faults named.
#include "clearhead/text/tokenizer_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/characters.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

Tokenizer byte_pairs(bool lowercase = false) {
  const std::vector<std::string_view> texts{"the \"quoted\" été\n the été \"quoted\"\n"};
  return learn_byte_pairs(texts,
                          {.size = 270, .specials = {"<pad>", "<s>"}, .lowercase = lowercase});
}

std::string written(const Tokenizer& tokenizer) {
  std::ostringstream stream;
  write_tokenizer(stream, tokenizer);
  return stream.str();
}

TEST(TokenizerFile, IsTheSameAfterReading) {
  const TemporaryFolder folder;
  const std::string sample = "<s>The \"quoted\" été\xff\n";
  for (const bool lowercase : {false, true}) {
    const Tokenizer tokenizer = byte_pairs(lowercase);
    write_tokenizer(folder / "tokenizer.json", tokenizer);
    const auto read = read_tokenizer(folder / "tokenizer.json");
    EXPECT_EQ(read->encode(sample), tokenizer.encode(sample));
    EXPECT_EQ(read->decode(read->encode("THE")), lowercase ? "the" : "THE");
    EXPECT_EQ(written(*read), written(tokenizer));
  }
  const Tokenizer characters = learn_characters("é\"\\\n a", {"<unk>", "<s>"}, true);
  const auto read = parse_tokenizer(written(characters), "file");
  EXPECT_EQ(read->encode("<s>É a?"), characters.encode("<s>É a?"));
  EXPECT_EQ(written(*read), written(characters));
}

Tokenizer cutting(const Json& pre_tokenizer, const std::vector<std::string>& pieces) {
  Json model = {{"type", "WordLevel"}, {"vocab", {{"?", 0}}}, {"unk_token", "?"}};
  for (const std::string& piece : pieces) model["vocab"][piece] = model["vocab"].size();
  return *parse_tokenizer(Json{{"pre_tokenizer", pre_tokenizer}, {"model", model}}.dump(), "file");
}

// Ⓑ and 🅰 are symbols, but alphabetic; of other numbers than decimal ones only those of Latin-1,
// such as ², belong to words. The ideographic comma 、 belongs to several scripts.
TEST(TokenizerFile, PatternsMeanWhatTheyMeanToOniguruma) {
  const auto split = [](const char* pattern) {
    return Json{{"type", "Split"},
                {"pattern", {{"Regex", pattern}}},
                {"behavior", "Isolated"},
                {"invert", false}};
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(cutting({{"type", "Whitespace"}}, {"aⒷ🅰b", "☂"}).encode("aⒷ🅰b☂"), (Ids{1, 2}));
  EXPECT_EQ(cutting(split("\\w+"), {"aⒷ🅰b²", "৴"}).encode("aⒷ🅰b²৴"), (Ids{1, 2}));
  EXPECT_EQ(cutting(split("\\p{Han}+"), {"世界", "、"}).encode("世界、界世"), (Ids{1, 2, 0}));
  EXPECT_EQ(cutting(split("[\\P{Han}]+"), {"世", "、a"}).encode("世、a"), (Ids{1, 2}));
  EXPECT_EQ(cutting(split("\\p{^Han}+"), {"世", "、a"}).encode("世、a"), (Ids{1, 2}));
}

// Marks and punctuation that are younger than its tables (U+1ABF, U+2E43) are neither to it.
TEST(TokenizerFile, BertKnowsTheUnicodeOfItsTime) {
  const Json bert = {{"type", "BertNormalizer"},
                     {"clean_text", true},
                     {"handle_chinese_chars", true},
                     {"strip_accents", true},
                     {"lowercase", false}};
  const auto tokenizer = [](const Json& normalizer, const std::vector<std::string>& pieces) {
    Json file = Json::parse(written(cutting({{"type", "BertPreTokenizer"}}, pieces)));
    file["normalizer"] = normalizer;
    return *parse_tokenizer(file.dump(), "file");
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(tokenizer(bert, {"aa", "a\u1abfa"}).encode("a\u0487a a\u1abfa"), (Ids{1, 2}));
  EXPECT_EQ(tokenizer(bert, {"a", ",", "a\u2e43a"}).encode("a,a a\u2e43a"), (Ids{1, 2, 1, 3}));
  const Json accents = {{"type", "StripAccents"}};
  EXPECT_EQ(tokenizer(accents, {"aa", "a\u1abfa"}).encode("a\u0487a a\u1abfa"), (Ids{1, 2}));
}

TEST(TokenizerFile, AByteOrderMarkIsNoText) {
  const TemporaryFolder folder;
  set_content(folder / "tokenizer.json", "\uFEFF" + written(byte_pairs()));
  EXPECT_EQ(written(*read_tokenizer(folder / "tokenizer.json")), written(byte_pairs()));
  set_content(folder / "tokenizer.json", bytes("{\0\"\0"));
  expect_error([&] { read_tokenizer(folder / "tokenizer.json"); }, "expected UTF-8, got UTF-16LE");
}

// Hugging Face's `tokenizers` 0.21 read such files and gave the same ids for a megabyte of
// Shakespeare and the training texts of Multi30k; this holds what it reads.
TEST(TokenizerFile, SaysWhatHuggingFaceReads) {
  const Json json = Json::parse(written(byte_pairs()));
  EXPECT_EQ(json["model"]["type"], "BPE");
  EXPECT_EQ(json["model"]["vocab"]["<s>"], 1);
  EXPECT_EQ(json["model"]["vocab"]["Ġ"], 2 + ' ');  // a blank
  EXPECT_EQ(json["model"]["merges"][0], "Ã ©");     // of é, which is there four times
  EXPECT_EQ(json["pre_tokenizer"]["type"], "ByteLevel");
  EXPECT_EQ(json["added_tokens"][1]["content"], "<s>");
}

TEST(TokenizerFile, SpellsEveryByteVisibly) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(unspell_bytes(spell_bytes(all)), all);
  EXPECT_EQ(spell_bytes("a \n\x7f\xad\xff"), "aĠĊġŃÿ");
  EXPECT_EQ(unspell_bytes("a b"), std::nullopt);  // a blank stands for no byte
}

// A change to a good file and what the error says.
struct Fault {
  const char* pointer;
  Json value;
  const char* message;
};

TEST(TokenizerFile, FaultsAreNamed) {
  const Json good = Json::parse(written(byte_pairs()));
  const Json nothing = {{"type", "Nothing"}};
  const std::vector<Fault> faults{
      {"/version", "2.0", "file: /version: expected \"1.0\", got \"2.0\""},
      {"/model", nullptr, "/model: expected a model, got null"},
      {"/model/type", "Pairs", "/model/type: \"Pairs\" is not supported; there are BPE, WordPiece"},
      {"/model/byte_fallback", 1, "/model/byte_fallback: expected true or false, got 1"},
      {"/model/dropout", 0.1, "/model/dropout: expected null"},
      {"/normalizer", nothing,
       "/normalizer/type: \"Nothing\" is not supported; there are Sequence"},
      {"/normalizer", 1, "/normalizer: expected an object, got 1"},
      {"/pre_tokenizer", nothing, "/pre_tokenizer/type: \"Nothing\" is not supported"},
      {"/post_processor", nothing, "/post_processor/type: \"Nothing\" is not supported"},
      {"/decoder", nothing, "/decoder/type: \"Nothing\" is not supported"},
      {"/pre_tokenizer/add_prefix_space", 1, "/pre_tokenizer/add_prefix_space: expected true or"},
      {"/model/vocab", Json::array(), "/model/vocab: expected an object"},
      {"/model/vocab/Ġ", 1, "/model/vocab: two tokens have the id 1"},
      {"/model/vocab/Ġ", 1 << 30, "expected ids 0 to 66076 for its 270 tokens, got 1073741824 for"},
      {"/model/vocab/Ġ", -1, "got -1 for \"Ġ\""},
      {"/model/vocab/Ġ", "x", "got \"x\" for \"Ġ\""},
      {"/model/merges", 1, "/model/merges: expected a list"},
      {"/model/merges/1", "ab", "/model/merges/1: expected two tokens"},
      {"/model/merges/1", {"a", "nothing"}, "/model/merges/1: \"nothing\" is not in /model/vocab"},
      {"/model/merges/1", {"a", "z"}, "merge 1 (\"a\", \"z\") makes a token that is not there"},
      {"/model/merges/1", good["model"]["merges"][0], "is there twice"},
      {"/added_tokens", 1, "/added_tokens: expected a list"},
      {"/added_tokens/1/id", 7, "/added_tokens/1/id: expected 1, as in the vocabulary, got 7"},
      {"/added_tokens/1/id", 1 << 30, "/added_tokens/1/id: expected a whole number, 0 to"},
      {"/added_tokens/1/content", "<x>", "/added_tokens/1/id: the vocabulary has another token 1"},
      {"/added_tokens/1/content", "", "/added_tokens/1/content: expected a name"},
      {"/added_tokens/1/lstrip", 1, "/added_tokens/1/lstrip: expected true or false, got 1"},
      {"/added_tokens/2", good["added_tokens"][0], "/added_tokens/2: the token is there twice"},
  };
  for (const Fault& fault : faults) {
    Json bad = good;
    bad[Json::json_pointer(fault.pointer)] = fault.value;
    SCOPED_TRACE(fault.pointer);
    expect_error([&] { parse_tokenizer(bad.dump(), "file"); }, fault.message);
  }
}

TEST(TokenizerFile, MustBeJson) {
  expect_error([] { parse_tokenizer("{\"a\": 1", "file"); }, "file: byte 8: no valid JSON");
  expect_error([] { parse_tokenizer("[1e999]", "file"); },
               "file: it has a number that is too large");
  expect_error([] { parse_tokenizer("[]", "file"); }, "file: expected a JSON object");
  expect_error([] { parse_tokenizer("", "file"); }, "no valid JSON");
  expect_error([] { read_tokenizer("/nowhere/tokenizer.json"); },
               "/nowhere/tokenizer.json: cannot open");
}

// What a pattern, a template or a table says wrongly.
TEST(TokenizerFile, FaultsOfPartsAreNamed) {
  const auto split = [](const Json& pattern) {
    return Json{{"type", "Split"}, {"pattern", pattern}, {"behavior", "Isolated"}};
  };
  const Json empty = Json::array();
  const std::vector<Fault> faults{
      {"/pre_tokenizer", split({{"Regex", "(a"}}), "/pre_tokenizer/pattern/Regex: no regular expr"},
      {"/pre_tokenizer", split({{"Regex", "[a&&b]"}}), "sets within sets"},
      {"/pre_tokenizer", split(1), "/pre_tokenizer/pattern: expected an object, got 1"},
      {"/pre_tokenizer", split(Json::object()), "expected a String or a Regex"},
      {"/pre_tokenizer",
       {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Kept"}},
       "/pre_tokenizer/behavior: expected Removed, Isolated"},
      {"/pre_tokenizer",
       {{"type", "Metaspace"}, {"replacement", "ab"}},
       "/pre_tokenizer/replacement: expected one character"},
      {"/normalizer",
       {{"type", "Sequence"}, {"normalizers", {nullptr}}},
       "/normalizer/normalizers/0: expected an object, got null"},
      {"/normalizer",
       {{"type", "Precompiled"}, {"precompiled_charsmap", "?"}},
       "/normalizer/precompiled_charsmap: expected base64"},
      {"/normalizer",
       {{"type", "Precompiled"}, {"precompiled_charsmap", "/////w=="}},
       "expected a trie and replacements"},
      {"/post_processor",
       {{"type", "BertProcessing"}, {"cls", {"[CLS]"}}, {"sep", {"[SEP]", 1}}},
       "/post_processor/cls: expected 2 elements"},
      {"/post_processor",
       {{"type", "TemplateProcessing"}, {"single", {Json::object()}}, {"pair", empty}},
       "/post_processor/single/0: expected a SpecialToken or a Sequence"},
  };
  const Json good = Json::parse(written(byte_pairs()));
  for (const Fault& fault : faults) {
    Json bad = good;
    bad[Json::json_pointer(fault.pointer)] = fault.value;
    SCOPED_TRACE(fault.value.dump());
    expect_error([&] { parse_tokenizer(bad.dump(), "file"); }, fault.message);
  }
}

TEST(TokenizerFile, MayNotBeHostile) {
  expect_error([] { parse_tokenizer(std::string(100'000, '['), "file"); }, "nested more than 100");
  Json doubling = Json::parse(written(byte_pairs()));
  const Json twice = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}};
  doubling["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  for (int i = 0; i < 60; ++i) doubling["normalizer"]["normalizers"].push_back(twice);
  const auto tokenizer = parse_tokenizer(doubling.dump(), "file");
  expect_error([&] { tokenizer->encode("a"); }, "more than 1000 times as long");
}

// Ids may leave some out, and those of added tokens follow the vocabulary's.
TEST(TokenizerFile, IdsMayHaveGaps) {
  Json json = Json::parse(written(byte_pairs()));
  json["model"]["vocab"]["new"] = 300;
  Json added = json["added_tokens"][0];
  added["id"] = 310;
  added["content"] = "<new>";
  json["added_tokens"].push_back(added);
  const auto tokenizer = parse_tokenizer(json.dump(), "file");
  EXPECT_EQ(tokenizer->size(), 311);
  EXPECT_EQ(tokenizer->encode("<new>"), std::vector<std::int64_t>{310});
  EXPECT_EQ(tokenizer->token(300), "new");
  EXPECT_EQ(tokenizer->token(305), "");
  EXPECT_EQ(tokenizer->find("<new>"), 310);
  EXPECT_EQ(written(*parse_tokenizer(written(*tokenizer), "file")), written(*tokenizer));
}

TEST(TokenizerFile, MergesMayBeLists) {
  Json json = Json::parse(written(byte_pairs()));
  for (Json& merge : json["model"]["merges"]) {
    const std::string text = merge;
    merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
  }
  EXPECT_EQ(written(*parse_tokenizer(json.dump(), "file")), written(byte_pairs()));
}

}  // namespace
}  // namespace clearhead
