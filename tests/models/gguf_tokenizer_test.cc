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

#include "tests/gguf_bytes.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using namespace gguf_bytes;

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

// A setting of a vocabulary.
std::string ggml(const std::string& name, std::uint32_t type, const std::string& value) {
  return gguf_bytes::setting("tokenizer.ggml." + name, type, value);
}

GgufFile file_of(const std::vector<std::string>& settings) { return parse(gguf(settings, {})); }

TEST(GgufTokenizer, IsMadeOfSettings) {
  const std::vector<std::string> settings{
      ggml("model", kText, text("t5")),
      ggml("tokens", kArray, array(kText, {text("</s>"), text("<unk>"), text("▁"), text("a")})),
      ggml("scores", kArray, array(kF32, {raw(0.f), raw(0.f), raw(-2.f), raw(-3.f)})),
      ggml("token_type", kArray, array(kI32, {raw(3), raw(2), raw(1), raw(1)})),
      ggml("eos_token_id", kU32, raw(0)),
      ggml("unknown_token_id", kU32, raw(1)),
      ggml("add_eos_token", kBool, raw(true)),
      ggml("remove_extra_whitespaces", kBool, raw(true))};
  const auto tokenizer = gguf_tokenizer(file_of(settings), "x.gguf");
  EXPECT_EQ(tokenizer->encode(" a  x"), (std::vector<std::int64_t>{2, 3, 2, 1, 0}));
  expect_error([] { gguf_tokenizer(file_of({}), "x.gguf"); }, "tokenizer.ggml.model");
  expect_error(
      [&] {
        gguf_tokenizer(file_of({settings[0], settings[1]}), "x.gguf");
      },
      "x.gguf: tokenizer.ggml.scores: expected one a token, got none");
  expect_error([] { gguf_tokenizer(file_of({ggml("model", kU32, raw(1))}), "x.gguf"); },
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
