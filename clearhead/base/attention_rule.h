// Which keys a query of attention sees by position, and how it scores them. This one description
// goes from the options of attention down to its kernels.
#ifndef CLEARHEAD_BASE_ATTENTION_RULE_H_
#define CLEARHEAD_BASE_ATTENTION_RULE_H_

#include <algorithm>
#include <cstdint>
#include <optional>

namespace clearhead {

/// The attributes of the ONNX `Attention` operator (opset 25) for both. Query i stands at
/// position i + offset among the keys: the offset is the number of keys before the queries.
struct AttentionRule {
  /// Query i sees key j only if j ≤ i + offset.
  bool is_causal = false;
  /// Factor on q·k, a finite number in the type of calculation; 1/√D if not given.
  std::optional<double> scale = {};
  /// Scores are squeezed into ±softcap by softcap·tanh(score/softcap); 0: they are not.
  double softcap = 0;
  /// Query i sees key j only if i + offset − left ≤ j ≤ i + offset + right; −1 means no bound on
  /// that side.
  std::int64_t left_window_size = -1;
  std::int64_t right_window_size = -1;  ///< the bound on the other side
};

/// Keys [begin, end).
struct KeyRange {
  std::int64_t begin, end;  ///< the first, and the one past the last
};

/// The keys that query `t` may see by position, given causality, windows, and only `key_count`
/// keys.
inline KeyRange visible_keys(const AttentionRule& rule, std::int64_t offset, std::int64_t key_count,
                             std::int64_t t) {
  const std::int64_t position = t + offset;
  std::int64_t begin = 0;
  std::int64_t end = key_count;
  if (rule.is_causal) end = std::min(end, position + 1);
  if (rule.right_window_size >= 0) end = std::min(end, position + rule.right_window_size + 1);
  if (rule.left_window_size >= 0) begin = std::max(begin, position - rule.left_window_size);
  end = std::max<std::int64_t>(end, 0);
  return {std::min(begin, end), end};
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ATTENTION_RULE_H_
