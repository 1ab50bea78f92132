// The linear layer: y = x·Wᵀ + b.
#ifndef CLEARHEAD_NN_LINEAR_H_
#define CLEARHEAD_NN_LINEAR_H_

#include <cstdint>
#include <string_view>

#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/ops/linear.h"

namespace clearhead {

/// x·Wᵀ + b.
class Linear {
 public:
  /// Adds to the parameters the matrix `weight` [out, in], whose first numbers are multiplied by
  /// `init_scale`, and the vector `bias` [out] unless its name is empty.
  Linear(Parameters& parameters, std::int64_t in, std::int64_t out, std::string_view weight = "W",
         std::string_view bias = "b", double init_scale = 1)
      : W_(parameters.matrix(weight, out, in, init_scale)),
        b_(bias.empty() ? nullptr : parameters.zeros(bias, {out})) {}

  /// x [..., in] → [..., out]
  Var forward(const Var& x, const Pass& pass) const {
    const LinearWeights weights = on_tape(x.tape());
    return linear(x, weights.weight, weights.bias, pass.precision);
  }

  /// W and b as values of this tape, for operations that take several.
  LinearWeights on_tape(const Tape& tape) const { return {stored_on(tape, W_), on(tape, b_)}; }

 private:
  const Parameter* W_;
  const Parameter* b_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_LINEAR_H_
