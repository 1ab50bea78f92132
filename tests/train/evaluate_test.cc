// How well models predict: those whose predictions are known by hand.
#include "clearhead/train/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/text/characters.h"

namespace clearhead {
namespace {

constexpr std::int64_t kV = 5;

// Logits [B, T, 5]: 9 of 10 for the token that `likely` says of row b and place t (−1: all alike).
template <typename F>
Var logits_of(const Var& tokens, const F& likely) {
  const std::int64_t B = tokens.size(0), T = tokens.size(1);
  Tensor logits({B, T, kV});
  for (std::int64_t i = 0; i < B * T; ++i) {
    const std::int64_t token = likely(i / T, i % T);
    if (token >= 0) logits.mutable_data<float>()[i * kV + token] = std::log(36.0F);  // 36 : 4
  }
  return tokens.tape().input("logits", logits);
}

const double kLikely = -std::log(0.9), kUnlikely = -std::log(0.025), kAlike = std::log(5.0);
constexpr double kRounding = 1e-6;  // of f32

// Knows the token after each, but not at the beginning of a window.
class Counter : public LanguageModel {
 public:
  Counter() : LanguageModel(kV, 0, {}, DType::f32) {}
  Var forward(const Var& tokens, const Pass&, DecodingState*) const override {
    const Tensor ids = tokens.value();
    return logits_of(tokens, [&](std::int64_t b, std::int64_t t) {
      return t == 0 ? -1 : (static_cast<std::int64_t>(ids.at({b, t})) + 1) % kV;
    });
  }
};

TEST(Evaluate, TextInWindows) {
  // Targets 1 2 3 4 | 0 3 4 0 | 1 with T = 4: three begin a window, one (3 after 0) is a surprise.
  const std::vector<std::int64_t> tokens = {0, 1, 2, 3, 4, 0, 3, 4, 0, 1};
  const PredictionScore score = evaluate_text(Counter(), tokens, 4, Precision::highest);
  EXPECT_EQ(score.targets, 9);
  EXPECT_NEAR(score.loss, (3 * kAlike + kUnlikely + 5 * kLikely) / 9, kRounding);
  // Of tokens that are all alike the first is taken for the likeliest, which is the second
  // window's.
  EXPECT_NEAR(score.accuracy, 6.0 / 9, kRounding);

  const PredictionScore whole = evaluate_text(Counter(), tokens, 100, Precision::highest);
  EXPECT_NEAR(whole.loss, (kAlike + kUnlikely + 7 * kLikely) / 9, kRounding);
  EXPECT_THROW(evaluate_text(Counter(), std::span(tokens).first(1), 4, Precision::highest), Error);
}

TEST(Evaluate, ManyWindowsAreCountedOnce) {
  std::vector<std::int64_t> tokens;
  for (std::int64_t i = 0; i < 20000; ++i) tokens.push_back(i % kV);  // several batches
  const PredictionScore score = evaluate_text(Counter(), tokens, 7, Precision::highest);
  EXPECT_EQ(score.targets, 19999);
  EXPECT_NEAR(score.loss, (2857 * kAlike + 17142 * kLikely) / 19999, kRounding);
}

// <pad> <s> </s> <mask> a
Tokenizer tokenizer() {
  return learn_characters("a", {std::string(kPadToken), std::string(kStartToken),
                                std::string(kEndToken), std::string(kMaskToken)});
}

constexpr std::int64_t kEnd = 2, kA = 4;

// Guesses that every word is "a".
class Guesser : public MaskedModel {
 public:
  Guesser() : MaskedModel(kV, 64, {}, DType::f32) {}
  Var forward(const Var& tokens, const Tensor&, const Pass&, const Tensor&) const override {
    return logits_of(tokens, [](std::int64_t, std::int64_t) { return kA; });
  }
};

TEST(Evaluate, HiddenWords) {
  const std::vector<Sequence> lines = {Sequence(20, kA), Sequence(3, kA), Sequence(7, kA)};
  const PredictionScore score = evaluate_masks(Guesser(), lines, tokenizer(), Precision::highest);
  EXPECT_EQ(score.targets, 3 + 1 + 1);  // 15 %, rounded, at least one
  EXPECT_NEAR(score.loss, kLikely, kRounding);
  EXPECT_EQ(score.accuracy, 1);
  EXPECT_THROW(evaluate_masks(Guesser(), {}, tokenizer(), Precision::highest), Error);
}

// Finds "a" likely as long as the source is.
class Copier : public TranslationModel {
 public:
  Copier() : TranslationModel(kV, 64, {}, DType::f32) {}
  Memory encode(const Var& tokens, const Tensor& lengths, const Pass&) const override {
    return {tokens, lengths, {}};
  }
  Var decode(const Memory& memory, const Var& tokens, const Pass&, DecodingState*) const override {
    return logits_of(tokens, [&](std::int64_t b, std::int64_t t) {
      return t + 1 < static_cast<std::int64_t>(memory.lengths.at({b})) ? kA : kEnd;
    });
  }
};

TEST(Evaluate, Translations) {
  const std::vector<Sequence> sources = {Sequence(4, kA), Sequence(2, kA)};
  const std::vector<Sequence> targets = {Sequence(4, kA), Sequence(3, kA)};
  const PredictionScore score =
      evaluate_pairs(Copier(), sources, targets, {.start = kA, .end = kEnd}, Precision::highest);
  EXPECT_EQ(score.targets, 5 + 4);                                    // with their ends
  EXPECT_NEAR(score.loss, (8 * kLikely + kUnlikely) / 9, kRounding);  // the third a of the second
  EXPECT_NEAR(score.accuracy, 8.0 / 9, kRounding);
}

}  // namespace
}  // namespace clearhead
