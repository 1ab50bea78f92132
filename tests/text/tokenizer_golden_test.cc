// Every part of tokenizers, and real vocabularies, against what Hugging Face's `tokenizers` library
// says of awkward texts (tools/tokenizer-golden writes the files).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/text/sentence_piece.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/text/utf8.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

Json cases_of(const std::string& name) {
  return Json::parse(
      read_text(std::filesystem::path(CLEARHEAD_SOURCE_DIR) / "tests/text/data" / name));
}

// As the file has them: how far each begins behind the one before, and its length.
std::vector<std::int64_t> steps_of(const std::vector<TextRange>& offsets) {
  std::vector<std::int64_t> steps;
  std::int64_t before = 0;
  for (const TextRange& range : offsets) {
    const auto begin = static_cast<std::int64_t>(range.begin);
    steps.push_back(begin - before);
    steps.push_back(static_cast<std::int64_t>(range.end) - begin);
    before = begin;
  }
  return steps;
}

void expect_as_told(const Tokenizer& tokenizer, const Json& expected) {
  const Json& text = expected["text"];
  SCOPED_TRACE(text.dump());
  const Encoding encoding =
      text.is_array() ? tokenizer.encoding(text[0].get<std::string>(), text[1].get<std::string>())
                      : tokenizer.encoding(text.get<std::string>());
  EXPECT_EQ(Json(encoding.ids), expected["ids"]);
  EXPECT_EQ(Json(steps_of(encoding.offsets)), expected["offsets"]);
  if (expected.contains("types")) {
    EXPECT_EQ(Json(encoding.type_ids), expected["types"]);
  }
  if (expected.contains("decoded")) {
    EXPECT_EQ(tokenizer.decode(encoding.ids), expected["decoded"].get<std::string>());
  }
  if (!text.is_array()) {
    EXPECT_EQ(tokenizer.encode(text.get<std::string>()), encoding.ids);
  }
}

void expect_all_as_told(const std::string& name) {
  for (const Json& one : cases_of(name)) {
    SCOPED_TRACE(one["name"]);
    const auto tokenizer = parse_tokenizer(one["tokenizer"].dump(), "case");
    for (const Json& expected : one["expected"]) expect_as_told(*tokenizer, expected);
    std::ostringstream written;
    write_tokenizer(written, *tokenizer);
    const auto again = parse_tokenizer(written.str(), "written");
    for (const Json& expected : one["expected"]) expect_as_told(*again, expected);
  }
}

TEST(TokenizerGolden, PartsDoAsHuggingFaces) { expect_all_as_told("parts.json.gz"); }

TEST(TokenizerGolden, ModelsDoAsHuggingFaces) { expect_all_as_told("models.json.gz"); }

TEST(TokenizerGolden, SentencePieceModelsDoAsGoogles) {
  for (const Json& one : cases_of("sentence_piece.json.gz")) {
    SCOPED_TRACE(one["name"]);
    const auto bytes = one["model"].get<std::vector<std::uint8_t>>();
    const auto tokenizer =
        parse_sentence_piece({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "case");
    std::ostringstream written;
    write_tokenizer(written, *tokenizer);
    const auto again = parse_tokenizer(written.str(), "written");
    for (const Json& expected : one["expected"]) {
      const std::string text = expected["text"];
      SCOPED_TRACE(text);
      EXPECT_EQ(Json(tokenizer->encode(text)), expected["ids"]);
      EXPECT_EQ(Json(again->encode(text)), expected["ids"]);
    }
  }
}

TEST(TokenizerGolden, RealVocabulariesDoAsHuggingFaces) {
  const auto models = shared_path("models");
  if (!models) GTEST_SKIP() << "the shared data are not there";
  for (const Json& one : cases_of("vocabularies.json.gz")) {
    SCOPED_TRACE(one["name"]);
    const auto tokenizer =
        read_tokenizer(*models / one["name"].get<std::string>() / "tokenizer.json");
    for (const Json& expected : one["expected"]) expect_as_told(*tokenizer, expected);
  }
}

// Nothing is quadratic: a long text that is one word, or all blanks, takes a moment.
TEST(TokenizerGolden, LongWordsTakeNoLonger) {
  for (const Json& one : cases_of("models.json.gz")) {
    const auto tokenizer = parse_tokenizer(one["tokenizer"].dump(), "case");
    for (const std::string part : {"a", " ", "é", "a\u0301", "\U0001F9FF"}) {
      std::string text;
      while (text.size() < 1 << 17) text += part;
      EXPECT_EQ(tokenizer->encoding(text).offsets.size(), tokenizer->encode(text).size());
    }
  }
}

// What came with the models: "text" (or "prompt") and "ids".
TEST(TokenizerGolden, ModelsReadTheIdsThatCameWithThem) {
  const auto shared = shared_path("models");
  if (!shared) GTEST_SKIP() << "the shared data are not there";
  const std::pair<const char*, const char*> files[] = {
      {"stories260K", "../conformance/stories260K/tokens.json"},
      {"all-MiniLM-L6-v2", "all-MiniLM-L6-v2/golden.json"},
      {"SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct/golden.json"}};
  for (const auto& [folder, file] : files) {
    const auto tokenizer = read_tokenizer(*shared / folder / "tokenizer.json");
    const Json json = Json::parse(content(*shared / file));
    for (const Json& one : json.is_array() ? json : Json::array({json})) {
      const std::string text = one[one.contains("text") ? "text" : "prompt"];
      EXPECT_EQ(Json(tokenizer->encode(text)), one["ids"]) << text;
      if (one.contains("greedy_text")) {
        EXPECT_EQ(tokenizer->decode(one["greedy_ids"].get<std::vector<std::int64_t>>()),
                  one["greedy_text"].get<std::string>());
      }
    }
  }
}

// "…\n__ggml_vocab_test__\n…" and, a line each, the ids.
TEST(TokenizerGolden, TextsOfLlamaCppBecomeItsIds) {
  const auto models = shared_path("models");
  if (!models) GTEST_SKIP() << "the shared data are not there";
  const std::pair<const char*, const char*> vocabularies[] = {
      {"ggml-vocab-gpt-2.gguf", "gpt2-tokenizer"},
      {"ggml-vocab-bert-bge.gguf", "all-MiniLM-L6-v2"}};
  for (const auto& [vectors, folder] : vocabularies) {
    SCOPED_TRACE(vectors);
    const auto tokenizer = read_tokenizer(*models / folder / "tokenizer.json");
    const std::string inputs =
        content(*models / "tokenizer-vectors" / (std::string(vectors) + ".inp"));
    std::istringstream outputs(
        content(*models / "tokenizer-vectors" / (std::string(vectors) + ".out")));
    const std::string between = "\n__ggml_vocab_test__\n";
    std::size_t begin = 0;
    for (std::string line; std::getline(outputs, line);) {
      const std::size_t end = std::min(inputs.find(between, begin), inputs.size());
      const std::string text = inputs.substr(begin, end - begin);
      begin = end + between.size();
      std::istringstream numbers(line);
      std::vector<std::int64_t> ids;
      for (std::int64_t id; numbers >> id;) ids.push_back(id);
      EXPECT_EQ(tokenizer->encode(text, {.add_special_tokens = false}), ids) << text;
    }
  }
}

}  // namespace
}  // namespace clearhead
