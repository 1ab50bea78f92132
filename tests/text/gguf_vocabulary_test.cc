// Vocabularies as GGUF has them: the same ids as by hand, and faults named. (Real ones:
// tests/text/tokenizer_golden_test.cc.)
#include "clearhead/text/gguf_vocabulary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/tokenizer_file.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Ids = std::vector<std::int64_t>;

std::shared_ptr<const Tokenizer> make(const GgufVocabulary& vocabulary) {
  const auto tokenizer = make_gguf_tokenizer(vocabulary, "file");
  std::ostringstream written;
  write_tokenizer(written, *tokenizer);
  return parse_tokenizer(written.str(), "written");  // what is written says all
}

// ▁ a b ▁a ▁ab and bytes behind <unk> <s> </s>; "ab" is more probable than "▁a".
GgufVocabulary llama() {
  GgufVocabulary vocabulary{.model = "llama",
                            .tokens = {"<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "▁ab"},
                            .scores = {0, 0, 0, -5, -6, -7, -3, -2, -4},
                            .token_type = {2, 3, 3, 1, 1, 1, 1, 1, 1},
                            .bos_token_id = 1,
                            .eos_token_id = 2,
                            .unk_token_id = 0,
                            .add_bos_token = true,
                            .add_eos_token = false};
  for (int byte = 0; byte < 256; ++byte) {
    std::ostringstream name;
    name << "<0x" << std::uppercase << std::hex << byte / 16 << byte % 16 << ">";
    vocabulary.tokens.push_back(name.str());
    vocabulary.scores.push_back(0);
    vocabulary.token_type.push_back(6);
  }
  return vocabulary;
}

TEST(GgufVocabulary, OfLlamaMergesTheMostProbable) {
  const auto tokenizer = make(llama());
  EXPECT_EQ(tokenizer->encode("ab"), (Ids{1, 8}));  // ▁ ab, which is ▁ab
  EXPECT_EQ(tokenizer->encode("a b"), (Ids{1, 6, 3, 5}));
  EXPECT_EQ(tokenizer->encode("é</s>"), (Ids{1, 3, 9 + 0xc3, 9 + 0xa9, 2}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("ab  é")), "ab  é");
  EXPECT_EQ(tokenizer->encoding("a", "b").ids, (Ids{1, 6, 1, 3, 5}));
  GgufVocabulary other = llama();
  other.add_bos_token = false;
  other.add_eos_token = true;
  other.add_space_prefix = false;
  EXPECT_EQ(make(other)->encode("ab"), (Ids{7, 2}));
}

TEST(GgufVocabulary, OfT5TakesTheMostProbable) {
  const auto tokenizer = make({.model = "t5",
                               .tokens = {"<pad>", "</s>", "<unk>", "▁", "a", "▁a", "aa"},
                               .scores = {0, 0, 0, -2, -3, -4, -6},
                               .token_type = {3, 3, 2, 1, 1, 1, 1},
                               .eos_token_id = 1,
                               .unk_token_id = 2,
                               .remove_extra_whitespaces = true});
  EXPECT_EQ(tokenizer->encode("  aa  x"), (Ids{5, 4, 3, 2, 1}));  // −7; ▁ aa: −8
}

TEST(GgufVocabulary, OfGpt2CutsByThePatternOfAModel) {
  GgufVocabulary vocabulary{.model = "gpt2", .pre = "gpt-2", .merges = {"1 2", "Ġ 12"}};
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace_back(spelling_of_byte(static_cast<unsigned char>(byte)));
  }
  for (const char* token : {"12", "Ġ12", "<|end|>", "word"}) vocabulary.tokens.emplace_back(token);
  vocabulary.eos_token_id = 258;
  EXPECT_EQ(make(vocabulary)->encode("12 12<|end|>"), (Ids{256, 257, 258}));
  vocabulary.pre = "starcoder";
  EXPECT_EQ(make(vocabulary)->encode("12 12"), (Ids{'1', '2', ' ', '1', '2'}));
  EXPECT_EQ(make(vocabulary)->encode("word"), (Ids{'w', 'o', 'r', 'd'}));
  vocabulary.pre = "llama-bpe";
  EXPECT_EQ(make(vocabulary)->encode("word 12"), (Ids{259, ' ', 256}));
  vocabulary.bos_token_id = 258;
  EXPECT_EQ(make(vocabulary)->encode("12"), (Ids{258, 256}));
}

TEST(GgufVocabulary, OfBertMarksTheBeginningsOfWords) {
  GgufVocabulary vocabulary{
      .model = "bert",
      .tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[unused0]", "▁play", "ing", "▁!", "▁é"},
      .token_type = {3, 3, 3, 3, 1, 1, 1, 1, 1},
      .unk_token_id = 1,
      .cls_token_id = 2,
      .sep_token_id = 3};
  const auto lower = make(vocabulary);
  EXPECT_EQ(lower->encode("Playing! ing"), (Ids{2, 5, 6, 7, 1, 3}));
  EXPECT_EQ(lower->encode("é"), (Ids{2, 1, 3}));  // e
  EXPECT_EQ(lower->encoding("play", "play").type_ids, (Ids{0, 0, 0, 1, 1}));
  vocabulary.tokens[5] = "▁Play";
  EXPECT_EQ(make(vocabulary)->encode("Playing playing é"), (Ids{2, 5, 6, 1, 8, 3}));
}

TEST(GgufVocabulary, FaultsAreNamed) {
  const auto fault = [](auto&& change, const std::string& message) {
    GgufVocabulary vocabulary = llama();
    change(vocabulary);
    expect_error([&] { make_gguf_tokenizer(vocabulary, "file"); }, message);
  };
  fault([](auto& v) { v.model = "rwkv"; },
        "file: tokenizer.ggml.model: \"rwkv\" is not supported; there are llama, gpt2, bert, t5");
  fault([](auto& v) { v.tokens.clear(); }, "file: tokenizer.ggml.tokens: expected a list");
  fault([](auto& v) { v.tokens[4] = "\xff"; }, "tokenizer.ggml.tokens: token 4 is no UTF-8");
  fault([](auto& v) { v.tokens[4] = "b"; }, "file: pieces 4 and 5 are both \"b\"");
  fault([](auto& v) { v.scores.pop_back(); },
        "tokenizer.ggml.scores: expected 265, one a token, got 264");
  fault([](auto& v) { v.scores.clear(); }, "tokenizer.ggml.scores: expected one a token, got none");
  fault([](auto& v) { v.scores[0] = std::nanf(""); }, "tokenizer.ggml.scores: expected finite");
  fault([](auto& v) { v.token_type.pop_back(); }, "tokenizer.ggml.token_type: expected 265");
  fault([](auto& v) { v.eos_token_id = 265; },
        "tokenizer.ggml.eos_token_id: expected an id of 0 to 264, got 265");
  fault(
      [](auto& v) {
        v.model = "gpt2";
        v.pre = "x";
      },
      "tokenizer.ggml.pre: x is not supported; there are gpt-2, phi-2");
  fault(
      [](auto& v) {
        v.model = "gpt2";
        v.pre = "gpt-2";
        v.merges = {"a b", "ab"};
      },
      "tokenizer.ggml.merges: 1: expected two tokens, got \"ab\"");
  fault(
      [](auto& v) {
        v.model = "gpt2";
        v.pre = "gpt-2";
        v.merges = {"b a"};
      },
      "tokenizer.ggml.merges: merge 0 (\"b\", \"a\") makes a token that is not there");
  fault([](auto& v) { v.merges = {"a b", "a \xff"}; }, "tokenizer.ggml.merges: 1: it is no UTF-8");
  fault(
      [](auto& v) {
        v.model = "gpt2";
        v.pre = "default";
      },
      "tokenizer.ggml.pre: the file, which older tools made, does not say by which model's "
      "patterns");
  fault([](auto& v) { v.tokens[4] = std::string(513, 'a'); },
        "file: piece 4 has 513 bytes, more than 512");
  fault(
      [](auto& v) {
        v.model = "bert";
        v.eos_token_id.reset();
      },
      "tokenizer.ggml.seperator_token_id: expected an id, got none");
}

}  // namespace
}  // namespace clearhead
