// The catalogue itself, in the order in which the steps are calculated.
#include "clearhead/ops/attention_steps.h"

#include <algorithm>

namespace clearhead {

std::span<const AttentionStep> attention_steps() {
  using enum StepAxis;
  using namespace steps;
  static const std::vector<AttentionStep> all = {
      {kX, "the tokens", {batch, head, token, component}},
      {kXQ, "the tokens that queries are made of", {batch, head, query, component}},
      {kXK, "the tokens that keys are made of", {batch, head, key, component}},
      {kXV, "the tokens that values are made of", {batch, head, key, component}},
      {kWQ, "weights that make queries of tokens", {head, StepAxis::in, out}},
      {kWK, "weights that make keys of tokens", {kv_head, StepAxis::in, out}},
      {kWV, "weights that make values of tokens", {kv_head, StepAxis::in, out}},
      {kQ, "what each token looks for", {batch, head, query, component}},
      {kRotQ, "what each token looks for", {batch, head, query, component}},
      {kPastKey, "keys of the cache", {batch, kv_head, past, component}},
      {kNewKey, "keys that continue the cache", {batch, kv_head, token, component}},
      {kK, "what each token can be found by", {batch, kv_head, key, component}},
      {kRotK, "what each token can be found by", {batch, kv_head, key, component}},
      {kPastValue, "values of the cache", {batch, kv_head, past, component}},
      {kNewValue, "values that continue the cache", {batch, kv_head, token, component}},
      {kV, "what each token has to say", {batch, kv_head, key, component}},
      {kRawScores, "how well each key fits each query", {batch, head, query, key}},
      {kScaledScores, "the same, kept small by the scale", {batch, head, query, key}},
      {kCappedScores, "squeezed into ±softcap", {batch, head, query, key}},
      {kAttnMask, "the mask that was given", {batch, head, query, key}},
      {kMask, "−∞ where a query does not see a key", {batch, head, query, key}},
      {kAttnScores, "the scores that count, after the mask", {batch, head, query, key}},
      {kRowMax, "the largest score of each query", {batch, head, query, one}},
      {kRowSum, "what makes the weights of a query sum to 1", {batch, head, query, one}},
      {kPattern, "how much a query looks at each key; rows sum to 1", {batch, head, query, key}},
      {kZ, "the mean of the values under each query's weights", {batch, head, query, component}},
      {kWO, "weights that make the result of the heads", {head, StepAxis::in, out}},
      {kResult, "what each head adds to each token", {batch, head, token, component}},
      {kAttnOut, "the sum over the heads", {batch, token, component}},
  };
  return all;
}

const AttentionStep* find_attention_step(std::string_view name) {
  name.remove_prefix(name.rfind('.') + 1);
  for (const std::string_view suffix : {"_grad", "_before"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  const std::span<const AttentionStep> all = attention_steps();
  const auto step =
      std::find_if(all.begin(), all.end(), [&](const AttentionStep& s) { return s.name == name; });
  return step == all.end() ? nullptr : &*step;
}

AxisWords axis_words(StepAxis axis) {
  switch (axis) {
    case StepAxis::batch:
      return {"batch", "batches"};
    case StepAxis::head:
      return {"head", "heads"};
    case StepAxis::kv_head:
      return {"kv head", "kv heads"};
    case StepAxis::query:
      return {"query", "queries"};
    case StepAxis::key:
      return {"key", "keys"};
    case StepAxis::token:
      return {"token", "tokens"};
    case StepAxis::past:
      return {"past key", "past keys"};
    case StepAxis::component:
      return {"dim", "dims"};
    case StepAxis::in:
      return {"in", "in"};
    case StepAxis::out:
      return {"out", "out"};
    case StepAxis::one:
      break;
  }
  return {"", ""};
}

std::vector<StepAxis> AttentionStep::axes_of(const Var& value) const {
  const auto rank = static_cast<std::ptrdiff_t>(value.rank());
  return {axes.end() - std::min(rank, std::ssize(axes)), axes.end()};
}

}  // namespace clearhead
