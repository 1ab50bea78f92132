// One head of attention, in the form that the functions of attention_map.h take. Not for users.
#ifndef CLEARHEAD_LENS_HEAD_CALL_INTERNAL_H_
#define CLEARHEAD_LENS_HEAD_CALL_INTERNAL_H_

#include <cstdint>
#include <limits>

#include "clearhead/compute/attention.h"
#include "clearhead/lens/attention_map.h"

namespace clearhead {

/// The weight that stands where a query does not see a key.
inline constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// Queries q [T, D], keys k [S, D] and, unless undefined, values v [S, Dv] as a call of attention.
/// Throws Error on shapes, types and options that do not fit.
compute::Attention head_of(const Tensor& q, const Tensor& k, const Tensor& v,
                           const AttentionMapOptions& options);

/// Queries [t, t_end) of it, which keep their positions, with the highest precision.
compute::Attention queries_of(const compute::Attention& head, std::int64_t t, std::int64_t t_end);

/// Queries and keys exchanged: key j looks at the queries that see it, and bias[i] (f32) is added
/// to the scores of query i.
compute::Attention exchanged(const compute::Attention& head, const Tensor& bias);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_HEAD_CALL_INTERNAL_H_
