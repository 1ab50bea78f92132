#include "clearhead/nn/residual.h"

namespace clearhead {

Var Residual::forward(const Var& x, const std::function<Var(const Var&)>& part,
                      const Pass& pass) const {
  const Var y = part(pre_norm_ ? norm_.forward(x, pass) : x).named(names_.part);
  const Var sum = dropout_.add_to(x, y, pass).named(names_.sum);
  return pre_norm_ ? sum : norm_.forward(sum, pass).named(names_.normalized);
}

}  // namespace clearhead
