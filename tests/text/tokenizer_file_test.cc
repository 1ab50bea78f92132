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

BytePairTokenizer byte_pairs(bool lowercase = false) {
  const std::vector<std::string_view> texts{"the \"quoted\" été\n the été \"quoted\"\n"};
  return BytePairTokenizer::learn(
      texts, {.size = 270, .specials = {"<pad>", "<s>"}, .lowercase = lowercase});
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
    const BytePairTokenizer tokenizer = byte_pairs(lowercase);
    write_tokenizer(folder / "tokenizer.json", tokenizer);
    const auto read = read_tokenizer(folder / "tokenizer.json");
    EXPECT_EQ(read->encode(sample), tokenizer.encode(sample));
    EXPECT_EQ(read->lowercases(), lowercase);
    EXPECT_EQ(written(*read), written(tokenizer));
  }
  const CharacterTokenizer characters =
      CharacterTokenizer::learn("é\"\\\n a", {"<unk>", "<s>"}, true);
  const auto read = parse_tokenizer(written(characters), "file");
  EXPECT_EQ(read->encode("<s>É a?"), characters.encode("<s>É a?"));
  EXPECT_EQ(written(*read), written(characters));
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
  const std::vector<Fault> faults{
      {"/version", "2.0", "file: /version: expected \"1.0\", got \"2.0\""},
      {"/model/type", "Unigram", "/model/type: expected \"BPE\", got \"Unigram\""},
      {"/model/byte_fallback", true, "/model/byte_fallback: expected null or false, got true"},
      {"/normalizer", {{"type", "NFC"}}, "/normalizer: expected null or {\"type\":\"Lowercase\"}"},
      {"/pre_tokenizer/type", "Whitespace", "/pre_tokenizer/type: expected \"ByteLevel\""},
      {"/pre_tokenizer/add_prefix_space", true, "/pre_tokenizer/add_prefix_space"},
      {"/decoder", nullptr, "/decoder/type"},
      {"/model/vocab", Json::array(), "/model/vocab: expected an object"},
      {"/model/vocab/Ġ", 1, "/model/vocab: two tokens have the id 1"},
      {"/model/vocab/Ġ", 270, "expected ids 0 to 269 for its 270 tokens, got 270 for \"Ġ\""},
      {"/model/vocab/Ġ", "x", "got \"x\" for \"Ġ\""},
      {"/model/vocab/世", 270, "\"世\" has a character that stands for no byte"},
      {"/model/merges", 1, "/model/merges: expected a list"},
      {"/model/merges/1", "ab", "/model/merges/1: expected two tokens"},
      {"/model/merges/1", {"a", "nothing"}, "/model/merges/1: \"nothing\" is not in /model/vocab"},
      {"/model/merges/1", {"a", "z"}, "merge 1 (\"a\", \"z\") makes a token that is not there"},
      {"/model/merges/1", "<s> a", "merge 1 has the id 1, which is no token of text"},
      {"/added_tokens", nullptr, "/added_tokens: expected a list"},
      {"/added_tokens/1/id", 7, "/added_tokens/1/id: expected 1, got 7"},
      {"/added_tokens/1/content", "<x>", "/added_tokens/1/content: \"<x>\" is not in /model/vocab"},
      {"/added_tokens/1/lstrip", true, "/added_tokens/1/lstrip: expected null or false, got true"},
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
