// Folders without tokenizer.json, against what transformers make of them
// (tools/tokenizer-folder-golden writes them).
#include "clearhead/text/tokenizer_folder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clearhead/text/text_file.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json cases() {
  return Json::parse(read_text(fs::path(CLEARHEAD_SOURCE_DIR) / "tests/text/data/folders.json.gz"));
}

void write_files(const TemporaryFolder& folder, const Json& files) {
  for (const auto& [name, content] : files.items()) {
    const auto bytes = content.get<std::vector<std::uint8_t>>();
    folder.write(name, std::string(bytes.begin(), bytes.end()));
  }
}

TEST(TokenizerFolder, GivesTheIdsOfTransformers) {
  const Json all = cases();
  for (const Json& one : all["folders"]) {
    const std::string model_type = one["model_type"];
    SCOPED_TRACE(model_type);
    const TemporaryFolder folder;
    write_files(folder, one["files"]);
    const auto tokenizer = read_tokenizer_folder(folder.path(), model_type);
    EXPECT_EQ(tokenizer->size(), one["size"].get<std::int64_t>());
    for (std::size_t i = 0; i < all["texts"].size(); ++i) {
      const std::string text = all["texts"][i];
      EXPECT_EQ(Json(tokenizer->encode(text)), one["ids"][i]) << text;
    }
  }
}

TEST(TokenizerFolder, TakesTokenizerJsonFirst) {
  const TemporaryFolder folder;
  folder.write("tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {"a": 0}}})");
  folder.write("vocab.txt", "[UNK]\nb\n");
  EXPECT_EQ(read_tokenizer_folder(folder.path(), "bert")->token(0), "a");
}

TEST(TokenizerFolder, SaysWhatItNeeds) {
  const TemporaryFolder folder;
  const auto expect_refused = [&](const char* model_type, const std::string& says) {
    expect_error([&] { read_tokenizer_folder(folder.path(), model_type); }, says);
  };
  expect_refused("bert",
                 "there is no tokenizer in it: expected tokenizer.json, or vocab.txt; copy");
  folder.write("vocab.json", "{}");
  expect_refused("gpt2", "expected tokenizer.json, or vocab.json and merges.txt");
  expect_refused("falcon",
                 "expected tokenizer.json; without it the model type \"falcon\" is not "
                 "supported, only bert, distilbert");
  folder.write("vocab.txt", "[UNK]\n[CLS]\n");
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "BertJapaneseTokenizer"})");
  expect_refused("bert", "a tokenizer_class \"BertJapaneseTokenizer\" is not supported");
  folder.write("tokenizer_config.json", R"({"do_lower_case": 1})");
  expect_refused("bert", "tokenizer_config.json: /do_lower_case: expected true or false");
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {}}})");
  expect_refused("bert", "/added_tokens_decoder: expected ids up to 65540, got \"x\"");
  folder.write("tokenizer_config.json", "{");
  expect_refused("bert", "tokenizer_config.json: byte 2: no valid JSON");
  folder.write("tokenizer_config.json", R"({"add_bos_token": true})");
  folder.write("tokenizer.model", "x");
  expect_refused("llama", "tokenizer.model: expected a model of SentencePiece");
}

}  // namespace
}  // namespace clearhead
