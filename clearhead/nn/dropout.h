// The dropout layer. It acts as the Pass says, and not at all in evaluation.
#ifndef CLEARHEAD_NN_DROPOUT_H_
#define CLEARHEAD_NN_DROPOUT_H_

#include <cstdint>
#include <string_view>

#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/dropout.h"

namespace clearhead {

/// Sets a share of the numbers to 0 while training.
class Dropout {
 public:
  /// Each layer drops other numbers: they depend on its name and the scopes around it.
  Dropout(const Parameters& parameters, std::string_view name) : stream_(parameters.stream(name)) {}

  /// x with dropout; x itself when evaluating.
  Var forward(const Var& x, const Pass& pass) const {
    return pass.dropout == 0 ? x : dropout(x, pass.dropout, random(pass));
  }

  /// a + forward(x)
  Var add_to(const Var& a, const Var& x, const Pass& pass) const {
    return pass.dropout == 0 ? add(a, x) : dropout_add(a, x, pass.dropout, random(pass));
  }

 private:
  RandomStream random(const Pass& pass) const {
    // Streams of different steps lie far apart, so that a layer never gets the stream of another at
    // a later step.
    constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio
    return {pass.seed, stream_ + pass.step * kGolden};
  }

  std::uint64_t stream_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_DROPOUT_H_
