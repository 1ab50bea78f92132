// The catalogue itself, in the order in which the steps are calculated.
#include "clearhead/ops/attention_steps.h"

#include <algorithm>

namespace clearhead {

std::span<const AttentionStep> attention_steps() {
  using enum StepAxis;
  static const std::vector<AttentionStep> all = {
      {"x", "the tokens", {batch, head, token, component}},
      {"x_q", "the tokens that queries are made of", {batch, head, query, component}},
      {"x_k", "the tokens that keys are made of", {batch, head, key, component}},
      {"x_v", "the tokens that values are made of", {batch, head, key, component}},
      {"W_Q", "weights that make queries of tokens", {head, StepAxis::in, out}},
      {"W_K", "weights that make keys of tokens", {kv_head, StepAxis::in, out}},
      {"W_V", "weights that make values of tokens", {kv_head, StepAxis::in, out}},
      {"hook_q", "what each token looks for", {batch, head, query, component}},
      {"hook_rot_q", "what each token looks for", {batch, head, query, component}},
      {"past_key", "keys of the cache", {batch, kv_head, past, component}},
      {"new_key", "keys that continue the cache", {batch, kv_head, token, component}},
      {"hook_k", "what each token can be found by", {batch, kv_head, key, component}},
      {"hook_rot_k", "what each token can be found by", {batch, kv_head, key, component}},
      {"past_value", "values of the cache", {batch, kv_head, past, component}},
      {"new_value", "values that continue the cache", {batch, kv_head, token, component}},
      {"hook_v", "what each token has to say", {batch, kv_head, key, component}},
      {"hook_raw_scores", "how well each key fits each query", {batch, head, query, key}},
      {"hook_scaled_scores", "the same, kept small by the scale", {batch, head, query, key}},
      {"hook_capped_scores", "squeezed into ±softcap", {batch, head, query, key}},
      {"attn_mask", "the mask that was given", {batch, head, query, key}},
      {"hook_mask", "−∞ where a query does not see a key", {batch, head, query, key}},
      {"hook_attn_scores", "the scores that count, after the mask", {batch, head, query, key}},
      {"hook_row_max", "the largest score of each query", {batch, head, query, one}},
      {"hook_row_sum", "what makes the weights of a query sum to 1", {batch, head, query, one}},
      {"hook_pattern",
       "how much a query looks at each key; rows sum to 1",
       {batch, head, query, key}},
      {"hook_z",
       "the mean of the values under each query's weights",
       {batch, head, query, component}},
      {"W_O", "weights that make the result of the heads", {head, StepAxis::in, out}},
      {"hook_result", "what each head adds to each token", {batch, head, token, component}},
      {"hook_attn_out", "the sum over the heads", {batch, token, component}},
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

std::vector<StepAxis> AttentionStep::axes_of(const Var& value) const {
  const auto rank = static_cast<std::ptrdiff_t>(value.rank());
  return {axes.end() - std::min(rank, std::ssize(axes)), axes.end()};
}

}  // namespace clearhead
