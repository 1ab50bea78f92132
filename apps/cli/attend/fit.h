// Brings users' arrays into the form that attention takes. Its errors name the users' own files and
// shapes.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_FIT_H_
#define CLEARHEAD_APPS_CLI_ATTEND_FIT_H_

#include <cstdint>
#include <optional>

#include "apps/cli/attend/inputs.h"
#include "apps/console/arrays.h"

namespace clearhead::cli {

/// The arrays that queries, keys and values are taken from.
struct Sources {
  console::Array q, k, v;
  console::Array w_q, w_k, w_v, w_o;  ///< undefined without projections
  console::Array past_key, past_value;
};

/// Sets heads, q, k, v, the weights and the cache of `in`, converted to `dtype`, whose layout is
/// set. `heads` and `kv_heads` are the options. Throws Error if shapes do not fit.
void fit_inputs(const Sources& sources, std::optional<std::int64_t> heads,
                std::optional<std::int64_t> kv_heads, DType dtype, AttendInputs& in);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_FIT_H_
