// Texts that go on and gaps that are filled: what is chosen, what is read, and that the cache
// changes nothing.
#include "clearhead/models/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/models/decoder.h"

namespace clearhead {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Tokens = std::vector<std::int64_t>;

// Logits whose softmax has these probabilities.
Tensor logits_of(std::initializer_list<double> probabilities) {
  Tensor logits = Tensor::empty({std::ssize(probabilities)}, DType::f64);
  double* x = logits.mutable_data<double>();
  for (const double p : probabilities) *x++ = std::log(p);
  return logits;
}

// How often each token is chosen of 10,000 times, as parts of all.
std::vector<double> shares(const Tensor& logits, const Sampling& sampling) {
  constexpr int kDraws = 10000;
  std::vector<double> parts(static_cast<std::size_t>(logits.count()));
  Random random(1);
  for (int i = 0; i < kDraws; ++i) {
    parts[static_cast<std::size_t>(choose_token(logits, sampling, random))] += 1.0 / kDraws;
  }
  return parts;
}

// Each share lies within five standard deviations, √(p(1−p)/10,000) ≤ 0.005, of what it must be.
void expect_shares(const std::vector<double>& parts, const std::vector<double>& expected) {
  ASSERT_EQ(parts.size(), expected.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i] == 0 || expected[i] == 1) {
      EXPECT_NEAR(parts[i], expected[i], 1e-9) << i;  // sums of 1e-4
    } else {
      EXPECT_NEAR(parts[i], expected[i], 0.025) << i;
    }
  }
}

TEST(ChooseToken, FollowsTheProbabilities) {
  const Tensor logits = logits_of({0.2, 0.5, 0.0, 0.3});
  expect_shares(shares(logits, {}), {0.2, 0.5, 0, 0.3});
  // p^(1/T) / Σ p^(1/T) with T = 1/2: 0.04, 0.25, 0.09 of 0.38
  expect_shares(shares(logits, {.temperature = 0.5}), {0.04 / 0.38, 0.25 / 0.38, 0, 0.09 / 0.38});
}

TEST(ChooseToken, OnlyAmongTheLikeliest) {
  const Tensor logits = logits_of({0.2, 0.5, 0.01, 0.29});
  expect_shares(shares(logits, {.top_k = 2}), {0, 0.5 / 0.79, 0, 0.29 / 0.79});
  expect_shares(shares(logits, {.top_k = 9}), {0.2, 0.5, 0.01, 0.29});
  expect_shares(shares(logits, {.top_p = 0.45}), {0, 1, 0, 0});
  expect_shares(shares(logits, {.top_p = 0.75}), {0, 0.5 / 0.79, 0, 0.29 / 0.79});
  // 0.5 of the three that top_k leaves is 0.505: more than 0.5
  expect_shares(shares(logits, {.top_k = 3, .top_p = 0.5}), {0, 1, 0, 0});
  expect_shares(shares(logits, {.top_k = 3, .top_p = 0.51}), {0, 0.5 / 0.79, 0, 0.29 / 0.79});
}

TEST(ChooseToken, GreedyTakesTheLikeliest) {
  Random random(1);
  EXPECT_EQ(choose_token(logits_of({0.2, 0.5, 0.3}), {.temperature = 0}, random), 1);
  EXPECT_EQ(choose_token(logits_of({0.2, 0.4, 0.4}), {.temperature = 0}, random), 1);
  // exp((x − largest)/T) underflows to 0 for all but one
  EXPECT_EQ(choose_token(logits_of({0.2, 0.5, 0.3}), {.temperature = 1e-300}, random), 1);
}

TEST(LikelyTokens, AreThoseThatMayBeChosen) {
  const Tensor logits = logits_of({0.2, 0.5, 0.01, 0.29});
  const auto of = [&](const Sampling& sampling) {
    std::vector<std::int64_t> tokens;
    double last = 1;
    for (const auto& [token, probability] : likely_tokens(logits, sampling)) {
      tokens.push_back(token);
      EXPECT_LE(probability, last) << "likeliest first";
      last = probability;
    }
    return tokens;
  };
  EXPECT_THAT(of({}), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(of({.top_k = 2}), ElementsAre(1, 3));
  EXPECT_THAT(of({.top_p = 0.9}), ElementsAre(1, 3, 0));
  EXPECT_THAT(of({.temperature = 0}), ElementsAre(1));
  EXPECT_THAT(of({.temperature = 0, .top_p = 0.5}), ElementsAre(1));
  EXPECT_EQ(likely_tokens(logits, {.temperature = 0})[0].probability, 1);
  // Of all tokens, also where some are left out.
  EXPECT_NEAR(likely_tokens(logits, {.top_k = 1})[0].probability, 0.5, 1e-15);
  EXPECT_NEAR(likely_tokens(logits, {.temperature = 0.5, .top_k = 1})[0].probability,
              0.25 / (0.04 + 0.25 + 0.0001 + 0.0841), 1e-15);
  EXPECT_THROW(likely_tokens(logits, {.temperature = -1}), Error);
}

TEST(ChooseToken, SaysWhatIsWrong) {
  Random random(1);
  const Tensor fine = logits_of({0.5, 0.5});
  EXPECT_THROW(choose_token(fine, {.temperature = -1}, random), Error);
  EXPECT_THROW(choose_token(fine, {.temperature = NAN}, random), Error);
  EXPECT_THROW(choose_token(fine, {.top_k = -1}, random), Error);
  EXPECT_THROW(choose_token(fine, {.top_p = 0}, random), Error);
  EXPECT_THROW(choose_token(fine, {.top_p = 1.5}, random), Error);
  EXPECT_THROW(choose_token(Tensor::of<float>({2}, {NAN, 1}), {}, random), Error);
  EXPECT_THROW(choose_token(logits_of({0, 0}), {}, random), Error);
}

// Finds the token after the last one likeliest, and notes what it reads.
class Counter : public LanguageModel {
 public:
  explicit Counter(std::int64_t context) : LanguageModel(10, context, {}, DType::f32) {}

  Var forward(const Var& tokens, const Pass&, DecodingState* state) const override {
    const std::int64_t T = tokens.size(1);
    EXPECT_LE(state->length + T, context() == 0 ? 1000 : context());
    state->length += T;
    const Tensor ids = tokens.value();
    reads.emplace_back(ids.data<std::int64_t>(), ids.data<std::int64_t>() + T);
    Tensor logits({1, T, 10});
    for (std::int64_t t = 0; t < T; ++t) {
      logits.mutable_data<float>()[t * 10 + (reads.back()[static_cast<std::size_t>(t)] + 1) % 10] =
          1;
    }
    return tokens.tape().input("logits", logits);
  }

  mutable std::vector<Tokens> reads;
};

constexpr Sampling kGreedy{.temperature = 0};

TEST(Generate, ReadsEachTokenOnce) {
  const Counter counter(0);
  const Tokens prompt = {3, 4};
  EXPECT_THAT(generate(counter, prompt, {.tokens = 4, .sampling = kGreedy}),
              ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(counter.reads,
              ElementsAre(ElementsAre(3, 4), ElementsAre(5), ElementsAre(6), ElementsAre(7)));
}

TEST(Generate, PastTheContextTheLatestHalfIsReadAnew) {
  const Counter counter(4);
  const Tokens prompt = {1, 2, 3};
  EXPECT_THAT(generate(counter, prompt, {.tokens = 6, .sampling = kGreedy}),
              ElementsAre(4, 5, 6, 7, 8, 9));
  EXPECT_THAT(counter.reads, ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4), ElementsAre(4, 5),
                                         ElementsAre(6), ElementsAre(7), ElementsAre(7, 8)));
  const Counter short_context(1);
  EXPECT_THAT(generate(short_context, prompt, {.tokens = 2, .sampling = kGreedy}),
              ElementsAre(4, 5));
  EXPECT_THAT(short_context.reads, ElementsAre(ElementsAre(3), ElementsAre(4)));
}

TEST(Generate, ChecksItsOptionsFirst) {
  const Counter counter(4);
  const Tokens prompt = {1};
  EXPECT_THROW(generate(counter, prompt, {.tokens = 0, .sampling = {.top_p = 0}}), Error);
  EXPECT_THROW(generate(counter, {}, {.tokens = 0}), Error);
  EXPECT_THROW(generate(counter, prompt, {.tokens = -1, .sampling = kGreedy}), Error);
}

TEST(Generate, EndsWhereItIsTold) {
  const Counter counter(0);
  const Tokens prompt = {1};
  EXPECT_THAT(generate(counter, prompt, {.tokens = 0, .sampling = kGreedy}), ElementsAre());
  Tokens seen;
  const auto take = [&seen](std::int64_t token) {
    seen.push_back(token);
    return token != 3;
  };
  EXPECT_THAT(generate(counter, prompt, {.sampling = kGreedy}, take), ElementsAre(2, 3));
  EXPECT_THAT(seen, ElementsAre(2, 3));
  EXPECT_THROW(generate(counter, {}, {}), Error);
}

TransformerConfig small(TransformerPositions positions) {
  return {.vocabulary = 11,
          .context = 16,
          .layers = 2,
          .heads = 2,
          .channels = 8,
          .positions = positions,
          .init_std = 0.5};  // large, so that the choice of a token depends on all before
}

// The likeliest token after `text`, of which the model reads all at once.
std::int64_t likeliest(const LanguageModel& model, const Tokens& text) {
  Tape tape(Keep::nothing);
  const std::int64_t T = std::ssize(text);
  const Tensor ids = Tensor::of({1, T}, std::span<const std::int64_t>(text));
  const Tensor logits = model.forward(tape.input("tokens", ids), {}).value();
  Random random(0);
  return choose_token(logits.slice(1, T - 1, T).reshape({-1}), kGreedy, random);
}

TEST(Generate, WithTheCacheAsWithout) {
  for (const auto positions :
       {TransformerPositions::learned, TransformerPositions::rotary, TransformerPositions::alibi}) {
    const Decoder model(small(positions), 7);
    Tokens text = {1, 2, 3};
    const Tokens written = generate(model, text, {.tokens = 13, .sampling = kGreedy});
    for (const std::int64_t token : written) {
      EXPECT_EQ(token, likeliest(model, text)) << text.size();
      text.push_back(token);
    }
    EXPECT_EQ(text.size(), 16u);
  }
}

TEST(Generate, TheSeedSaysWhatIsWritten) {
  const Decoder model(small(TransformerPositions::learned), 7);
  const Tokens prompt = {1};
  const auto written = [&](std::uint64_t seed) {
    return generate(model, prompt, {.tokens = 40, .seed = seed});
  };
  EXPECT_EQ(written(1), written(1));
  EXPECT_NE(written(1), written(2));
}

// Finds tokens as likely as a table says, whatever it reads.
class Guesser : public MaskedModel {
 public:
  Guesser() : MaskedModel(4, 8, {}, DType::f64) {}

  Var forward(const Var& tokens, const Tensor&, const Pass&, const Tensor&) const override {
    Tensor logits = Tensor::empty({1, tokens.size(1), 4}, DType::f64);
    for (std::int64_t t = 0; t < tokens.size(1); ++t) {
      const double p[] = {0.1, 0.2, t == 1 ? 0.3 : 0.4, t == 1 ? 0.4 : 0.3};
      for (int v = 0; v < 4; ++v) logits.mutable_data<double>()[t * 4 + v] = std::log(p[v]) + 5;
    }
    return tokens.tape().input("logits", logits);
  }
};

TEST(FillMasks, GivesTheLikeliestForEach) {
  const Tokens tokens = {2, 0, 1, 0};
  const auto likely = fill_masks(Guesser(), tokens, /*mask=*/0, 2);
  ASSERT_EQ(likely.size(), 2u);
  const auto expect = [](const LikelyToken& got, std::int64_t token, double probability) {
    EXPECT_EQ(got.token, token);
    EXPECT_NEAR(got.probability, probability, 1e-12);  // a few roundings of f64
  };
  ASSERT_EQ(likely[0].size(), 2u);
  expect(likely[0][0], 3, 0.4);
  expect(likely[0][1], 2, 0.3);
  expect(likely[1][0], 2, 0.4);
  expect(likely[1][1], 3, 0.3);
  EXPECT_EQ(fill_masks(Guesser(), tokens, 0, 9)[0].size(), 4u);
}

TEST(FillMasks, NeedsAMask) {
  const Tokens tokens = {2, 1};
  try {
    fill_masks(Guesser(), tokens, 0, 2);
    FAIL() << "nothing was said";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no mask"));
  }
}

}  // namespace
}  // namespace clearhead
