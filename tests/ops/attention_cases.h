// Random calls of attention with every option, and what attention must give for them, written out
// from the definition.
#ifndef CLEARHEAD_TESTS_OPS_ATTENTION_CASES_H_
#define CLEARHEAD_TESTS_OPS_ATTENTION_CASES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/ops/attention.h"

namespace clearhead::testing {

inline constexpr AttentionWay kWays[] = {AttentionWay::by_hand, AttentionWay::fused};

/// Operands and options of one call. Undefined tensors are left out.
struct AttentionCase {
  std::int64_t B = 1, H = 1, G = 1, T = 1, new_keys = 1, past = 0, D = 1, Dv = 1;
  bool three_d = false;
  Tensor q, k, v, attn_mask, past_key, past_value, nonpad_kv_seqlen;
  AttentionOptions options;  // without the Vars

  std::int64_t S() const { return past + new_keys; }
  std::string describe() const;
};

/// How large random cases are.
struct CaseLimits {
  std::int64_t length = 70;  // beyond one tile of queries and of keys
  std::int64_t head_size = 20;
  bool empty_batches = true;
  bool rounded_softmax = true;
};

AttentionCase random_case(Random& random, DType dtype, const CaseLimits& limits);

/// The operands of a case on a tape, and the call.
struct AttentionCall {
  Var q, k, v, attn_mask, past_key, past_value;
  AttentionOutput output;

  /// Those that are defined and floating, in the order above.
  std::vector<Var> floating_operands() const;
};
AttentionCall call(Tape& tape, const AttentionCase& c, AttentionWay way);

/// y [B, H, T, Dv] in f64, from the definition: for each query the scores of the keys that it sees,
/// their softmax, the mean of the values.
Tensor expected_y(const AttentionCase& c);

/// A tensor of normal random numbers.
Tensor random_normal(Random& random, const Shape& shape, DType dtype);

}  // namespace clearhead::testing

#endif  // CLEARHEAD_TESTS_OPS_ATTENTION_CASES_H_
