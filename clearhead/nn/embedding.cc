// The scores of tokens.
#include "clearhead/nn/embedding.h"

#include "clearhead/ops/linear.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"

namespace clearhead {
namespace {

constexpr double kMostKeptBytes = 1 << 28;

double bytes_of_scores(const Var& x, std::int64_t tokens) {
  const std::int64_t rows = element_count(x.shape()) / x.size(-1);
  return static_cast<double>(rows) * static_cast<double>(tokens) *
         static_cast<double>(dtype_size(x.dtype()));
}

}  // namespace

Var Unembed::forward(const Var& all, const Pass& pass) const {
  Var x = pass.place ? slice(all, 1, *pass.place, *pass.place + 1) : all;
  if (config_.scale != 1) x = scale(x, config_.scale).named("unembed.scaled");
  const Var W = stored_on(x.tape(), W_), b = on(x.tape(), b_);
  if (config_.cap != 0)
    return softcap(linear(x, W, b, pass.precision), config_.cap).named("logits");
  const bool is_view =
      x.tape().keep() == Keep::everything && bytes_of_scores(x, W.size(0)) > kMostKeptBytes;
  return (is_view ? linear_view : linear)(x, W, b, pass.precision).named("logits");
}

}  // namespace clearhead
