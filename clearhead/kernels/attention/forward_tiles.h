// The loops of attention on tiles of bf16. forward_bf16.cc calls them: it knows what masks and
// windows mean, and passes rows and ranges of keys. To be called only if tiles_serve(precision).
//
// S = Q·Kᵀ with queries as rows and keys as columns, then Z += P·V. As factors of tiles, Q can stay
// as it is, V needs its rows in pairs, and only K must be transposed. All three are rounded to
// bf16, or divided into two bf16 (`parts` = 2: x ≈ high + low, and x·y ≈ high·high + high·low +
// low·high).
//
// Keys and values are packed once for all queries; queries are packed in each call.
#ifndef CLEARHEAD_KERNELS_ATTENTION_FORWARD_TILES_H_
#define CLEARHEAD_KERNELS_ATTENTION_FORWARD_TILES_H_

#include <cstdint>

#include "clearhead/base/ceil_div.h"

namespace clearhead::kernels::tiles {

/// The queries of a call, and the keys of a chunk, whose scores are held at the same time: 32 × 128
/// in f32 take 16 KiB of a first-level cache of 48, beside 4 KiB of queries and 8 KiB of sums at D
/// = 64. (OverlappedWalk holds three times 64 keys.)
inline constexpr std::int64_t kRows = 32;
inline constexpr std::int64_t kChunk = 128;

/// Keys and values are packed in steps of this many.
inline constexpr std::int64_t kKeyStep = 32;

/// Tiles across the head size: 32 numbers wide in K and Q; 16 wide in V and Z, an even number.
static constexpr std::int64_t k_tiles(std::int64_t D) { return ceil_div(D, 32); }
static constexpr std::int64_t v_tiles(std::int64_t Dv) { return ceil_div(Dv, 32) * 2; }

/// The bytes of `keys` packed keys and of their packed values.
std::int64_t packed_keys_bytes(std::int64_t keys, std::int64_t D, int parts);
std::int64_t packed_values_bytes(std::int64_t keys, std::int64_t Dv, int parts);

/// Packs n rows of k, `stride` numbers apart, as the keys from 0 on at `packed`, up to a multiple
/// of kKeyStep with zeros. Returns the bits of the largest |k|: at least those of infinity if any
/// is not finite.
std::uint32_t pack_keys(const float* k, std::int64_t stride, std::int64_t n, std::int64_t D,
                        int parts, char* packed);

/// The same for values, or anything else that is summed over rows: rows are stored in pairs, side
/// by side. Each 32 rows keep their order, or take the order in which weights of one part lie.
enum class PairOrder { natural, of_weights };
std::uint32_t pack_values(const float* v, std::int64_t stride, std::int64_t n, std::int64_t Dv,
                          int parts, PairOrder order, char* packed);

/// n rows by rows: [n / 16, k_tiles(D), parts] tiles, up to a multiple of kKeyStep with zeros.
std::uint32_t pack_rows(const float* x, std::int64_t stride, std::int64_t n, std::int64_t D,
                        int parts, char* packed);

/// The same by columns, from rows packed: tiles of 16 columns, each of 32 rows' numbers:
/// [n / 32, 2·k_tiles(D), parts].
void pack_columns(const char* rows, std::int64_t n, std::int64_t D, int parts, char* packed);

/// kRows rows in memory that are needed soon: `bytes` of each, `stride` bytes apart. Asking for
/// what is not there does no harm.
struct SoonNeeded {
  const void* at;
  std::int64_t stride, bytes;
};

inline constexpr int kMostSoon = 2;

/// Up to kRows queries with the same keys.
struct Rows {
  std::int64_t count;
  const float* q[kRows];       // [D]
  std::int64_t begin[kRows];   // keys that the row sees by position
  std::int64_t end[kRows];     //
  const bool* visible[kRows];  // its mask at key 0, if there is a mask; at most one of the two
  const float* bias[kRows];    //
  std::int64_t mask_stride;    // from key to key
  bool has_mask;               //
  std::int64_t D, Dv;
  int parts;
  float scale, softcap;
  const char* keys;  // packed
  const char* values;
  float largest_key;               // the largest |k| among them
  SoonNeeded soon[kMostSoon + 1];  // brought near while these rows meet their keys; null ends them
};

/// The bytes that queries keep from one call to the next, and those that they need within a call;
/// both are aligned to 64 bytes.
std::int64_t state_bytes(std::int64_t D, std::int64_t Dv, int parts);
inline constexpr std::int64_t kScratchBytes = kRows * 2 * kChunk * 4;

/// Forward, in parts: it begins, takes ranges of keys [begin, end) in ascending order, divided at
/// multiples of kChunk, and ends with z [count, Dv], row_max and row_sum [count], as scalar.h has
/// them. So several blocks of queries can read the same keys while these are in a near cache. A row
/// is not to be trusted, because numbers were too large or not finite, if any of the calls returned
/// its bit.
std::uint32_t forward_begin(const Rows& rows, char* scratch, char* state);
std::uint32_t forward_keys(const Rows& rows, std::int64_t begin, std::int64_t end, char* scratch,
                           char* state);
std::uint32_t forward_end(const Rows& rows, float* z, float* row_max, float* row_sum, char* scratch,
                          char* state);

/// What pooling keeps of these queries (pool.h): [count, stride] numbers for cells of `size` keys,
/// a multiple of kKeyStep. Cells [begin, end) are written.
struct Cells {
  std::int64_t size, stride;
  std::int64_t begin, end;
  float* max;
  float* sum;
};

/// The same with pooling; ranges are divided at multiples of kKeyStep. It ends with the mean score
/// of each row, too.
std::uint32_t pool_begin(const Rows& rows, const Cells& cells, char* scratch, char* state);
std::uint32_t pool_keys(const Rows& rows, const Cells& cells, std::int64_t begin, std::int64_t end,
                        char* scratch, char* state);
std::uint32_t pool_end(const Rows& rows, const Cells& cells, float* z, float* row_max,
                       float* row_sum, float* mean_score, char* scratch, char* state);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_FORWARD_TILES_H_
