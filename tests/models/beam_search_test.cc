// Beam search: against what is known by hand, against trying everything, and that what is searched
// side by side does not mix.
#include "clearhead/models/beam_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Tokens = std::vector<std::int64_t>;

constexpr std::int64_t kStart = 0, kEnd = 1;

// A model whose probabilities are a function of the source and of all that is written: what it
// remembers of both goes through memory and state, as in a network, so that rows that mix are found
// out.
class Written : public TranslationModel {
 public:
  /// The logits of V tokens after `target`, which begins with kStart; `source` has its end.
  using Logits = std::function<std::vector<double>(const Tokens& source, const Tokens& target)>;

  Written(std::int64_t V, std::int64_t context, Logits logits)
      : TranslationModel(V, context, {}, DType::f64), logits_(std::move(logits)) {}

  Memory encode(const Var& tokens, const Tensor& lengths, const Pass&) const override {
    const Tensor states = tokens.value().to(DType::f64);
    return {tokens.tape().input("states", states.reshape({tokens.size(0), tokens.size(1), 1})),
            lengths,
            {}};
  }

  Var decode(const Memory& memory, const Var& tokens, const Pass&,
             DecodingState* state) const override {
    const std::int64_t B = tokens.size(0), V = vocabulary();
    EXPECT_EQ(tokens.size(1), 1);
    EXPECT_EQ(memory.states.size(0), B);
    EXPECT_EQ(memory.lengths.shape(), Shape{B});
    if (state->length == 0) state->recurrent.h = {tokens.tape().input("none", Tensor({B, 1}))};
    state->length += 1;
    Tensor history = Tensor::empty({B, 1}, DType::f64);  // the tokens as digits
    Tensor logits = Tensor::empty({B, 1, V}, DType::f64);
    const Tensor before = state->recurrent.h[0].value().to(DType::f64), latest = tokens.value();
    for (std::int64_t b = 0; b < B; ++b) {
      history.mutable_data<double>()[b] =
          before.at({b, 0}) * static_cast<double>(V) + latest.at({b, 0});
      const auto number = static_cast<std::int64_t>(history.at({b, 0}));
      Tokens target(static_cast<std::size_t>(state->length));
      std::int64_t rest = number;
      for (auto at = target.rbegin(); at != target.rend(); ++at, rest /= V) *at = rest % V;
      Tokens source;
      for (std::int64_t s = 0; s < static_cast<std::int64_t>(memory.lengths.at({b})); ++s) {
        source.push_back(static_cast<std::int64_t>(memory.states.value().at({b, s, 0})));
      }
      const std::vector<double> x = logits_(source, target);
      std::copy(x.begin(), x.end(), logits.mutable_data<double>() + b * V);
    }
    state->recurrent.h = {tokens.tape().input("history", history)};
    return tokens.tape().input("logits", logits);
  }

 private:
  Logits logits_;
};

std::vector<double> logs(std::vector<double> probabilities) {
  for (double& p : probabilities) p = std::log(p);
  return probabilities;
}

BeamSearchOptions options(std::int64_t beam, double length_penalty = 0, std::int64_t n_best = 1) {
  return {.start = kStart,
          .end = kEnd,
          .beam = beam,
          .length_penalty = length_penalty,
          .n_best = n_best};
}

// Tokens: <s>, </s>, 2, 3. 2 is likelier at first, but 3 leads to the likeliest target:
//   2 </s>: 0.6·0.3 = 0.18     2 2 </s>, 2 3 </s>: 0.6·0.35·1 = 0.21     3 </s>: 0.4·0.9 = 0.36
std::vector<double> misleading(const Tokens&, const Tokens& target) {
  if (target.size() == 1) return logs({0, 0, 0.6, 0.4});
  if (target.size() > 2) return logs({0, 1, 0, 0});
  return target.back() == 2 ? logs({0, 0.3, 0.35, 0.35}) : logs({0, 0.9, 0.05, 0.05});
}

TEST(BeamSearch, FindsWhatGreedyMisses) {
  const Written model(4, 0, misleading);
  const std::vector<Tokens> sources = {{2}};
  const auto greedy = translate(model, sources, options(1))[0];
  ASSERT_EQ(greedy.size(), 1u);
  EXPECT_THAT(greedy[0].tokens, ElementsAre(2, 2));
  EXPECT_NEAR(greedy[0].score, std::log(0.21), 1e-6);  // logits are read as f32

  const auto found = translate(model, sources, options(4, 0, 4))[0];
  ASSERT_EQ(found.size(), 4u);
  EXPECT_THAT(found[0].tokens, ElementsAre(3));
  EXPECT_NEAR(found[0].score, std::log(0.36), 1e-6);
  EXPECT_THAT(found[1].tokens, ElementsAre(2, 2));
  EXPECT_THAT(found[2].tokens, ElementsAre(2, 3));
  EXPECT_THAT(found[3].tokens, ElementsAre(2));
  EXPECT_NEAR(found[3].score, std::log(0.18), 1e-6);
}

TEST(BeamSearch, TheLengthPenaltyPrefersLongerOnes) {
  const Written model(4, 0, misleading);
  const std::vector<Tokens> sources = {{2}};
  // 3 </s> has length 2, 2 2 </s> length 3: log 0.36 / (7/6)^α = log 0.21 / (8/6)^α at α = 3.17
  EXPECT_THAT(translate(model, sources, options(4, 3.1))[0][0].tokens, ElementsAre(3));
  const Translation longer = translate(model, sources, options(4, 3.3))[0][0];
  EXPECT_THAT(longer.tokens, ElementsAre(2, 2));
  EXPECT_NEAR(longer.score, std::log(0.21) / std::pow(8.0 / 6, 3.3), 1e-6);
}

TEST(BeamSearch, WhatEndsLeavesItsPlaceToAnother) {
  // Of two hypotheses 2 is far ahead of 3; once 2 </s> has ended, 2 2 and 2 3 live on.
  const auto logits = [](const Tokens&, const Tokens& target) {
    if (target.size() == 1) return logs({0, 0, 0.9, 0.1});
    if (target.back() == 3) return logs({0, 1, 0, 0});
    return logs({0, 0.4, 0.31, 0.29});
  };
  const Translation best = translate(Written(4, 0, logits), std::vector<Tokens>{{2}},
                                     options(2, /*length_penalty=*/3))[0][0];
  EXPECT_THAT(best.tokens, ElementsAre(2, 3));
  EXPECT_NEAR(best.score, std::log(0.9 * 0.29) / std::pow(8.0 / 6, 3), 1e-6);
}

TEST(BeamSearch, TakesTheEndOfASourceOnce) {
  const Written model(4, 0, misleading);
  const std::vector<Tokens> sources = {{2}, {2, kEnd}};
  const auto found = translate(model, sources, options(2, 0));
  EXPECT_EQ(found[0][0].tokens, found[1][0].tokens);
  EXPECT_EQ(found[0][0].score, found[1][0].score);
}

TEST(BeamSearch, WritesFirstWhatItMust) {
  const auto logits = [](const Tokens&, const Tokens& target) {
    if (target.size() == 1) return logs({0, 0.1, 0.9, 0});
    return target.back() == 3 ? logs({0, 0.2, 0.8, 0}) : logs({0, 0.7, 0.3, 0});
  };
  BeamSearchOptions search = options(2, 0);
  search.first = 3;
  const Translation best = translate(Written(4, 0, logits), std::vector<Tokens>{{2}}, search)[0][0];
  EXPECT_THAT(best.tokens, ElementsAre(3, 2));
  EXPECT_NEAR(best.score, std::log(0.8 * 0.7), 1e-6);  // what must be costs nothing
}

TEST(BeamSearch, NeverWritesWhatItMustNot) {
  const Written model(4, 0, misleading);
  const std::vector<Tokens> sources = {{2}};
  BeamSearchOptions search = options(4, 0);
  search.n_best = 2;
  search.never = {2};
  const auto found = translate(model, sources, search);
  for (const Translation& translation : found[0]) {
    EXPECT_THAT(translation.tokens, testing::Not(testing::Contains(2)));
  }
  search.never = {3, 2, 1, 0};
  EXPECT_THAT(error_of([&] { translate(model, sources, search); }), HasSubstr("never written"));
}

TEST(BeamSearch, NeverWritesTokensThatStandForNothing) {
  Written model(4, 0, [](const Tokens&, const Tokens&) { return logs({0, 0.1, 0.2, 0.7}); });
  model.set_tokens(3);
  const Translation best = translate(model, std::vector<Tokens>{{2}}, options(1, 0))[0][0];
  EXPECT_THAT(best.tokens, testing::Each(2));
}

TEST(BeamSearch, EndsAtTheLimit) {
  const auto never_ends = [](const Tokens&, const Tokens&) { return logs({0, 1e-9, 0.6, 0.4}); };
  const std::vector<Tokens> sources = {{2, 2}, {}};
  for (const std::int64_t beam : {1, 3}) {
    const auto found = translate(Written(4, 0, never_ends), sources, options(beam));
    EXPECT_EQ(found[0][0].tokens, Tokens(14, 2));
    EXPECT_EQ(found[1][0].tokens, Tokens(10, 2));
    EXPECT_EQ(translate(Written(4, 5, never_ends), sources, options(beam))[0][0].tokens,
              Tokens(5, 2));
  }
}

// Logits drawn for a source and what is written.
std::vector<double> drawn(const Tokens& source, const Tokens& target) {
  std::uint64_t stream = 1;
  for (const std::int64_t token : source) stream = stream * 31 + static_cast<std::uint64_t>(token);
  for (const std::int64_t token : target) stream = stream * 37 + static_cast<std::uint64_t>(token);
  Random random(1, stream);
  std::vector<double> logits(4);
  for (double& x : logits) x = 2 * random.normal();
  return logits;
}

double log_probability(const std::vector<double>& logits, std::int64_t token) {
  double sum = 0;
  for (const double x : logits) sum += std::exp(x);
  return logits[static_cast<std::size_t>(token)] - std::log(sum);
}

// Every target of at most `limit` tokens with its score, best first.
std::vector<Translation> every_target(const Tokens& source, std::size_t limit, double alpha) {
  std::vector<Translation> all;
  const std::function<void(const Tokens&, double)> grow = [&](const Tokens& target, double log_p) {
    const std::vector<double> logits = drawn(source, target);
    for (std::int64_t token = 0; token < 4; ++token) {
      const double p = log_p + log_probability(logits, token);
      Tokens longer = target;
      if (token != kEnd) longer.push_back(token);
      if (token != kEnd && target.size() < limit) {
        grow(longer, p);
        continue;
      }
      const double length = static_cast<double>(target.size());
      all.push_back(
          {Tokens(longer.begin() + 1, longer.end()), p / std::pow((5 + length) / 6, alpha)});
    }
  };
  grow({kStart}, 0);
  std::sort(all.begin(), all.end(),
            [](const Translation& a, const Translation& b) { return a.score > b.score; });
  return all;
}

TEST(BeamSearch, AWideBeamFindsTheBestOfAll) {
  constexpr std::int64_t kLimit = 5;
  const Written model(4, kLimit, drawn);
  const std::vector<Tokens> sources = {{2, 3, 3}, {3}, {}, {2, 2}};
  for (const double alpha : {0.0, 0.6, 2.0}) {
    const auto found = translate(model, sources, options(1024, alpha, 5));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      Tokens source = sources[i];
      source.push_back(kEnd);
      const std::vector<Translation> all = every_target(source, kLimit, alpha);
      ASSERT_EQ(found[i].size(), 5u);
      for (std::size_t n = 0; n < 5; ++n) {
        EXPECT_EQ(found[i][n].tokens, all[n].tokens) << i << ", " << n;
        EXPECT_NEAR(found[i][n].score, all[n].score, 1e-5);  // logits are read as f32
      }
    }
  }
}

TEST(BeamSearch, BeamOneIsGreedy) {
  const Written model(4, 12, drawn);
  const std::vector<Tokens> sources = {{2}, {3}, {2, 3}, {3, 2}, {2, 2, 2}};
  const auto found = translate(model, sources, options(1));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Tokens source = sources[i];
    source.push_back(kEnd);
    Tokens target = {kStart};
    while (target.size() <= 12) {
      const std::vector<double> logits = drawn(source, target);
      target.push_back(std::max_element(logits.begin(), logits.end()) - logits.begin());
      if (target.back() == kEnd) break;
    }
    if (target.back() == kEnd) target.pop_back();
    EXPECT_EQ(found[i][0].tokens, Tokens(target.begin() + 1, target.end())) << i;
  }
}

TEST(BeamSearch, SourcesDoNotMix) {
  const Written model(4, 12, drawn);
  std::vector<Tokens> sources;
  for (std::int64_t i = 0; i < 200; ++i) {  // several batches
    sources.push_back(Tokens(static_cast<std::size_t>(i * 7 % 9), 2 + i % 2));
  }
  std::vector<std::int64_t> done;
  const auto together =
      translate(model, sources, options(5, 0.6, 2), [&](std::int64_t n) { done.push_back(n); });
  EXPECT_GT(done.size(), 2u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), 200);
  for (const std::size_t i : {0u, 1u, 17u, 199u}) {
    const auto alone = translate(model, std::span(sources).subspan(i, 1), options(5, 0.6, 2))[0];
    ASSERT_EQ(together[i].size(), alone.size());
    for (std::size_t n = 0; n < alone.size(); ++n) {
      EXPECT_EQ(together[i][n].tokens, alone[n].tokens);
      EXPECT_EQ(together[i][n].score, alone[n].score);
    }
  }
}

TEST(BeamSearch, SaysWhatIsWrong) {
  const auto says = [](const Written& model, const std::vector<Tokens>& sources,
                       const BeamSearchOptions& wrong) -> std::string {
    try {
      translate(model, sources, wrong);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  const Written model(4, 6, drawn);
  EXPECT_THAT(says(model, {{2}}, options(0)), HasSubstr("a beam of 1 to 4096"));
  EXPECT_THAT(says(model, {{2}}, options(4097)), HasSubstr("a beam of 1 to 4096"));
  EXPECT_THAT(says(model, {{2}}, options(2, -1)), HasSubstr("got 2, -1"));
  EXPECT_THAT(says(model, {{2}}, options(2, 0, 3)), HasSubstr("n_best"));
  EXPECT_THAT(says(model, {{2}, Tokens(6, 2)}, options(2)), HasSubstr("source 1 has 6 tokens"));
  const auto broken = [](const Tokens&, const Tokens&) { return std::vector<double>(4, NAN); };
  EXPECT_THAT(says(Written(4, 6, broken), {{2}}, options(2)), HasSubstr("NaN"));
}

}  // namespace
}  // namespace clearhead
