// Continues texts with language models, and fills gaps with masked models.
#include "clearhead/models/generate.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"

namespace clearhead {
namespace {

[[noreturn]] void refuse_broken(bool has_nan) {
  throw Error("the model gives " + std::string(has_nan ? "NaN" : "infinite numbers") +
              "; its weights are broken");
}

// The place of the largest of logits [V]; of equal ones the first.
std::int64_t likeliest(const Tensor& logits) {
  const Tensor values = logits.to(DType::f64).contiguous();
  const std::span<const double> x(values.data<double>(), static_cast<std::size_t>(values.count()));
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] <= x[best]) continue;
    if (std::isnan(x[i])) refuse_broken(/*has_nan=*/true);
    best = i;
  }
  if (std::isinf(x[best])) refuse_broken(/*has_nan=*/false);
  return static_cast<std::int64_t>(best);
}

// softmax(logits / temperature) of all tokens, of which the first `count` are in order, likeliest
// first.
std::vector<LikelyToken> ranked(const Tensor& logits, double temperature, std::int64_t count) {
  const Tensor values = logits.to(DType::f64).contiguous();
  const std::span<const double> x(values.data<double>(), static_cast<std::size_t>(values.count()));
  const double largest = *std::max_element(x.begin(), x.end());
  const bool has_nan = std::any_of(x.begin(), x.end(), [](double y) { return std::isnan(y); });
  if (has_nan || std::isinf(largest)) refuse_broken(has_nan);
  std::vector<LikelyToken> tokens;
  double sum = 0;
  for (const double y : x) {
    tokens.push_back({std::ssize(tokens), std::exp((y - largest) / temperature)});
    sum += tokens.back().probability;
  }
  for (LikelyToken& token : tokens) token.probability /= sum;
  const auto before = [x](const LikelyToken& a, const LikelyToken& b) {
    const double x_a = x[static_cast<std::size_t>(a.token)];
    const double x_b = x[static_cast<std::size_t>(b.token)];
    return x_a != x_b ? x_a > x_b : a.token < b.token;
  };
  std::partial_sort(tokens.begin(), tokens.begin() + count, tokens.end(), before);
  return tokens;
}

// What the restrictions leave: likeliest first, if they leave out any or if `in_order`.
std::vector<LikelyToken> left_to_choose(const Tensor& logits, const Sampling& sampling,
                                        bool in_order) {
  sampling.validate();
  if (sampling.temperature == 0) return {{likeliest(logits), 1}};
  const std::int64_t V = logits.count();
  const std::int64_t k = sampling.top_k == 0 ? V : std::min(sampling.top_k, V);
  const bool keeps_all = k == V && sampling.top_p == 1;
  std::vector<LikelyToken> likely =
      ranked(logits, sampling.temperature, keeps_all && !in_order ? 0 : k);
  likely.resize(static_cast<std::size_t>(k));
  if (sampling.top_p == 1) return likely;
  double sum = 0, nucleus = 0;
  for (const LikelyToken& token : likely) sum += token.probability;
  std::size_t count = 0;
  while (count < likely.size() && nucleus < sampling.top_p * sum) {
    nucleus += likely[count++].probability;
  }
  likely.resize(count);
  return likely;
}

// What the model says of the token after `tokens`, which continue those of the state: [V]
Tensor next_logits(const LanguageModel& model, Tape& tape, std::span<const std::int64_t> tokens,
                   const Pass& pass, DecodingState& state) {
  const std::int64_t T = std::ssize(tokens);
  const Var input = tape.input("tokens", Tensor::of({1, T}, tokens));
  const Tensor logits = model.forward_last(input, pass, state).value();  // [1, 1, V]
  return logits.slice(2, 0, model.tokens()).reshape({-1});
}

}  // namespace

void Sampling::validate() const {
  if (!(temperature >= 0) || top_k < 0 || !(top_p > 0 && top_p <= 1)) {
    throw Error(
        "sampling: expected a temperature of at least 0, top_k of at least 0 and top_p above 0 "
        "and at most 1, got " +
        std::to_string(temperature) + ", " + std::to_string(top_k) + " and " +
        std::to_string(top_p));
  }
}

std::vector<LikelyToken> likely_tokens(const Tensor& logits, const Sampling& sampling) {
  return left_to_choose(logits, sampling, /*in_order=*/true);
}

std::int64_t choose_token(const Tensor& logits, const Sampling& sampling, Random& random) {
  const std::vector<LikelyToken> likely = left_to_choose(logits, sampling, /*in_order=*/false);
  if (sampling.temperature == 0) return likely.front().token;
  double sum = 0;
  for (const LikelyToken& token : likely) sum += token.probability;
  double left = random.uniform() * sum;
  std::int64_t chosen = 0;  // the last possible one if rounding leaves something
  for (const LikelyToken& token : likely) {
    if (token.probability == 0) continue;
    chosen = token.token;
    left -= token.probability;
    if (left < 0) break;
  }
  return chosen;
}

std::vector<std::int64_t> generate(const LanguageModel& model, std::span<const std::int64_t> prompt,
                                   const GenerateOptions& options,
                                   const std::function<bool(std::int64_t)>& take) {
  if (prompt.empty()) throw Error("generate: the prompt is empty; give at least one token");
  if (options.tokens < 0) {
    throw Error("tokens: expected 0 or more, got " + std::to_string(options.tokens));
  }
  options.sampling.validate();
  Tape tape(Keep::nothing);
  const Pass pass{.precision = options.precision};
  DecodingState state;
  Random random(options.seed);
  std::vector<std::int64_t> text(prompt.begin(), prompt.end());
  std::int64_t read = 0;  // so many tokens of `text` have been
  for (std::int64_t i = 0; i < options.tokens && !interrupted(); ++i) {
    const std::int64_t length = std::ssize(text);
    if (model.context() > 0 && state.length + length - read > model.context()) {
      state = DecodingState();
      read = length - std::max<std::int64_t>(1, model.context() / 2);
    }
    const auto unread = std::span(text).subspan(static_cast<std::size_t>(read));
    const Tensor logits = next_logits(model, tape, unread, pass, state);
    read = length;
    text.push_back(choose_token(logits, options.sampling, random));
    if (take && !take(text.back())) break;
  }
  text.erase(text.begin(), text.begin() + std::ssize(prompt));
  return text;
}

std::vector<std::vector<LikelyToken>> fill_masks(const MaskedModel& model,
                                                 std::span<const std::int64_t> tokens,
                                                 std::int64_t mask, std::int64_t count,
                                                 Precision precision) {
  if (count < 0) {
    throw Error("fill: expected to name 0 words or more, got " + std::to_string(count));
  }
  std::vector<std::vector<LikelyToken>> likely;
  Tape tape(Keep::nothing);
  const Tensor input = Tensor::of({1, std::ssize(tokens)}, tokens);
  const Tensor logits = model.forward(tape.input("tokens", input), {}, {.precision = precision})
                            .value();  // [1, T, V]
  count = std::min(count, model.tokens());
  for (std::int64_t t = 0; t < std::ssize(tokens); ++t) {
    if (tokens[static_cast<std::size_t>(t)] != mask) continue;
    likely.push_back(ranked(logits.slice(1, t, t + 1).slice(2, 0, model.tokens()), 1, count));
    likely.back().resize(static_cast<std::size_t>(count));
  }
  if (likely.empty())
    throw Error("fill: there is no mask among the tokens; put one where a word is to be guessed");
  return likely;
}

}  // namespace clearhead
