// T5's relative positions: a learned number for each head and bucket of distances.
#ifndef CLEARHEAD_OPS_RELATIVE_BIAS_H_
#define CLEARHEAD_OPS_RELATIVE_BIAS_H_

#include <cstdint>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// How distances fall into buckets.
struct RelativeBiasOptions {
  /// Whether half of the buckets are for keys after the query; else these share the bucket of
  /// distance 0.
  bool bidirectional = true;
  /// Distances from here on share the last bucket.
  std::int64_t max_distance = 128;
};

/// Which of `buckets` buckets key − query falls into. Near distances have the first half of the
/// buckets, one each; the others have ranges that grow evenly in the logarithm (Raffel et al. 2020,
/// section 2.1, and their code).
std::int64_t relative_bucket(std::int64_t key_minus_query, std::int64_t buckets,
                             const RelativeBiasOptions& options);

/// [1, H, T, S]: table[bucket(s − p), h] for query positions p = `first` … `first` + T − 1 and keys
/// s = 0 … S − 1, to be added to scores (AttentionOptions::attn_mask). table [buckets, H], f32 or
/// f64, takes a gradient. Throws Error if the table has no buckets or too few for both directions.
Var relative_bias(const Var& table, std::int64_t first, std::int64_t T, std::int64_t S,
                  const RelativeBiasOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RELATIVE_BIAS_H_
