// Vocabularies inside GGUF files: one made here, and those of llama.cpp, which are not part of this
// project. Where the environment variable CLEARHEAD_VOCABULARIES names a folder with them
// (vendor/llama.cpp/models in the source package of llama-cpp-python), their ids are compared with
// what llama.cpp says of awkward texts.
#include "clearhead/models/gguf_tokenizer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing.h"

namespace clearhead {
namespace {

// "…\n__ggml_vocab_test__\n…" and, a line each, the ids.
void expect_ids(const Tokenizer& tokenizer, const std::string& inputs, const std::string& outputs) {
  const std::string between = "\n__ggml_vocab_test__\n";
  std::size_t begin = 0;
  std::istringstream lines(outputs);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = std::min(inputs.find(between, begin), inputs.size());
    const std::string text = inputs.substr(begin, end - begin);
    begin = end + between.size();
    std::istringstream numbers(line);
    std::vector<std::int64_t> ids;
    for (std::int64_t id; numbers >> id;) ids.push_back(id);
    EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false}), ids) << text;
  }
}

template <typename T>
std::string raw(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof(T)};
}

std::string text(const std::string& characters) {
  return raw<std::uint64_t>(characters.size()) + characters;
}

// A setting of a vocabulary; types are numbered as the file has them.
std::string setting(const std::string& name, std::uint32_t type, const std::string& value) {
  return text("tokenizer.ggml." + name) + raw(type) + value;
}
constexpr std::uint32_t kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kText = 8, kArray = 9;

std::string array(std::uint32_t type, const std::vector<std::string>& values) {
  std::string bytes = raw(type) + raw<std::uint64_t>(values.size());
  for (const std::string& value : values) bytes += value;
  return bytes;
}

GgufFile file_of(const std::vector<std::string>& settings) {
  std::string bytes =
      "GGUF" + raw<std::uint32_t>(3) + raw<std::uint64_t>(0) + raw<std::uint64_t>(settings.size());
  for (const std::string& one : settings) bytes += one;
  bytes.resize((bytes.size() + 31) / 32 * 32);
  const auto kept = std::make_shared<const std::string>(std::move(bytes));
  return open_gguf(as_bytes(*kept), "x.gguf", kept);
}

TEST(GgufTokenizer, IsMadeOfSettings) {
  const std::vector<std::string> settings{
      setting("model", kText, text("t5")),
      setting("tokens", kArray, array(kText, {text("</s>"), text("<unk>"), text("▁"), text("a")})),
      setting("scores", kArray, array(kF32, {raw(0.f), raw(0.f), raw(-2.f), raw(-3.f)})),
      setting("token_type", kArray, array(kI32, {raw(3), raw(2), raw(1), raw(1)})),
      setting("eos_token_id", kU32, raw(0)),
      setting("unknown_token_id", kU32, raw(1)),
      setting("add_eos_token", kBool, raw(true)),
      setting("remove_extra_whitespaces", kBool, raw(true))};
  const auto tokenizer = gguf_tokenizer(file_of(settings), "x.gguf");
  EXPECT_EQ(tokenizer->encode(" a  x"), (std::vector<std::int64_t>{2, 3, 2, 1, 0}));
  expect_error([] { gguf_tokenizer(file_of({}), "x.gguf"); }, "tokenizer.ggml.model");
  expect_error(
      [&] {
        gguf_tokenizer(file_of({settings[0], settings[1]}), "x.gguf");
      },
      "x.gguf: tokenizer.ggml.scores: expected one a token, got none");
  expect_error([] { gguf_tokenizer(file_of({setting("model", kU32, raw(1))}), "x.gguf"); },
               "tokenizer.ggml.model");
}

TEST(GgufTokenizer, GivesTheIdsOfLlamaCpp) {
  const char* const folder = std::getenv("CLEARHEAD_VOCABULARIES");
  if (folder == nullptr) GTEST_SKIP() << "CLEARHEAD_VOCABULARIES is not set";
  for (const char* name :
       {"llama-spm", "phi-3", "starcoder", "gpt-2", "llama-bpe", "qwen2", "bert-bge", "qwen35",
        "falcon", "mpt", "refact", "command-r", "deepseek-coder"}) {
    SCOPED_TRACE(name);
    const std::string path = fmt::format("{}/ggml-vocab-{}.gguf", folder, name);
    expect_ids(*gguf_tokenizer(open_gguf(path), path), content(path + ".inp"),
               content(path + ".out"));
  }
}

}  // namespace
}  // namespace clearhead
