// The loops of backward attention on tiles of bf16. backward_bf16.cc calls them: it knows what
// masks and windows mean. To be called only if tiles_serve(precision). backward_scalar.cc has the
// formulas.
//
// A stretch of keys is packed, and then takes one chunk of queries after the other. The gradients
// of the stretch are summed in tiles and written once, at its end; those of a chunk at the end of
// the chunk.
#ifndef CLEARHEAD_KERNELS_ATTENTION_BACKWARD_TILES_H_
#define CLEARHEAD_KERNELS_ATTENTION_BACKWARD_TILES_H_

#include <cstdint>

namespace clearhead::kernels::tiles {

/// Queries of a chunk.
inline constexpr std::int64_t kBackwardQueries = 128;

/// The numbers from which all sizes follow. `keys`: the most in a stretch.
struct BackwardSizes {
  std::int64_t D, Dv, keys;
  int parts;  // 1 for Precision::medium, 2 for high
};

/// The keys of a stretch, a multiple of 256. With all that belongs to them they take about half of
/// a second-level cache of 2 MiB, where they stay while all chunks of queries are read.
std::int64_t backward_stretch(std::int64_t D, std::int64_t Dv, int parts);

/// Bytes of workspace for the functions below, which is aligned to 64 bytes.
std::int64_t backward_workspace_bytes(const BackwardSizes& sizes);

/// Begins a stretch: packs n rows of k and v, `stride` numbers apart.
void backward_load_keys(const BackwardSizes& sizes, const float* k, std::int64_t k_stride,
                        const float* v, std::int64_t v_stride, std::int64_t n, char* workspace);

/// A chunk: up to kBackwardQueries neighbouring queries of one head.
struct BackwardQueries {
  std::int64_t count;
  const float* q;  // [D], `q_stride` numbers apart
  std::int64_t q_stride;
  const float* dz;  // [Dv], `dz_stride` numbers apart
  std::int64_t dz_stride;
  const float* row_max;
  const float* row_sum;
  const float* delta;
  // The keys that each query sees by position, counted from the first of the stretch; end ≤ begin
  // if it sees none.
  std::int32_t begin[kBackwardQueries];
  std::int32_t end[kBackwardQueries];
  // The mask at query 0 and the first key of the stretch; at most one of the two.
  const bool* visible;
  const float* bias;
  std::int64_t mask_stride_t, mask_stride_s;
  float scale, softcap;
};

/// Where gradients of rows go, `stride` numbers apart; null if they are not wanted.
struct RowsInto {
  enum class How { add, write, stream };  // to what is there; over it; over it past the caches

  float* rows;
  std::int64_t stride;
  How how;
};

/// Adds the gradients of the pairs of a chunk and the stretch to the stretch's own, and puts those
/// of the chunk into dq [count, D]. If a number is not finite, or so large that a product might not
/// be, it returns false and leaves dq and them as they were.
bool backward_chunk(const BackwardSizes& sizes, const BackwardQueries& queries, const RowsInto& dq,
                    char* workspace);

/// Ends a stretch of n keys: puts its gradients into dk [n, D] and dv [n, Dv].
void backward_end_keys(const BackwardSizes& sizes, float scale, std::int64_t n, const RowsInto& dk,
                       const RowsInto& dv, char* workspace);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_BACKWARD_TILES_H_
