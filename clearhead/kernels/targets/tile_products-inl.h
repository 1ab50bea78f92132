// Products of tiles of bf16, for the files *_tiles.cc (see tiles-inl.h): on AMX, and on the vectors
// of AVX-512 with the instruction VDPBF16PS.
//
// A tile of a or b is 1 KiB, 16 rows of 64 bytes. c [16, 16] f32 += a [16, 32] bf16 · b [32, 16]
// bf16, where a lies by rows, and b as 16 rows of pairs: row p holds b[2p, j] and b[2p + 1, j] side
// by side for each column j. All tiles in memory are stored one after the other, so that a load
// runs through 16 neighbouring cache lines. Both units take this form.
//
// A group of c is 2 × 2 tiles, or 1 × 2. A unit is used like this:
//
//     Products<parts, near> products;
//     products.multiply(a, b, steps, to, from, between);   // for each group
//     products.finish();                                   // now all results lie in memory
//
// What was measured on the processors that have AMX (Sapphire Rapids), and is used below:
// - A product of tiles takes 16 cycles. A load takes 8 from the first-level cache, 22 from the
//   second. Four products for every four loads, two of them from the second level, run at full
//   speed; so c is 2 × 2 tiles.
// - A store takes 16 cycles, which four stores in a row add to the products, but each between two
//   products hides. So the results of one group are stored while the next is begun.
// - Whatever streams through (packed keys and values) is loaded with the hint T1, which keeps it
//   out of the first-level cache: 20 % faster, since scores and sums stay there.
// - For about 200 cycles after any tile instruction only one of the two units that multiply takes
//   512-bit vectors. So tiles and vectors take turns, in phases of a thousand cycles or more.
#ifndef CLEARHEAD_KERNELS_TARGETS_TILE_PRODUCTS_INL_H_
#define CLEARHEAD_KERNELS_TARGETS_TILE_PRODUCTS_INL_H_

#include <type_traits>

#include "clearhead/kernels/targets/tiles-inl.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels::tiles {
namespace {

// A factor of a group: two tiles, `other` bytes apart, whose parts (x ≈ high + low) are `part`
// bytes apart; from one step of the sum to the next `step` bytes.
struct Factor {
  const char* at;
  std::int64_t other, part, step;
};

// Where the tiles of a group lie: (rows 0, columns 0), (0, 1), (1, 0), (1, 1), with rows `stride`
// numbers apart.
struct Group {
  float* c[4];
  std::int64_t stride = 16;
};

CLEARHEAD_ALWAYS_INLINE std::int64_t bytes_a_row(const Group& group) {
  return group.stride * static_cast<std::int64_t>(sizeof(float));
}

// The factor that stays in the first-level cache while the other streams by: all of it, or as many
// steps of b as fit, while later ones stream, too.
enum class Near { a, b, start_of_b, both, neither };

// What happens between the steps of a group, where nothing does.
struct NothingBetween {
  void operator()(std::int64_t) const {}
};

// On AMX: its sums stay in the tiles 0 to 3 until the next group begins.

#define CLEARHEAD_TILE_LOAD(tile, address) _tile_loadd(tile, address, 64)
#define CLEARHEAD_TILE_STREAM(tile, address) _tile_stream_loadd(tile, address, 64)
#define CLEARHEAD_TILE_LOAD_OF(kept, factor, tile, address)   \
  if constexpr (kept == Near::factor || kept == Near::both) { \
    CLEARHEAD_TILE_LOAD(tile, address);                       \
  } else {                                                    \
    CLEARHEAD_TILE_STREAM(tile, address);                     \
  }

template <int Parts, Near near, int RowTiles>
class AmxProducts {
 public:
  // to = a·b, or from + a·b, summed over `steps`. between(i) runs after step i.
  template <typename Between = NothingBetween>
  CLEARHEAD_ALWAYS_INLINE void multiply(const Factor& a, const Factor& b, std::int64_t steps,
                                        const Group& to, const Group* from,
                                        const Between& between = {}) {
    begin(a, b, from);
    if constexpr (Parts == 2) add_low_parts(a, b, a.at, b.at);
    memory_barrier();  // what `between` reads was stored
    between(0);
    const std::int64_t until = near == Near::start_of_b && steps > kStepsNear ? kStepsNear : steps;
    multiply_steps<kKept>(a, b, 1, until, between);
    if constexpr (near == Near::start_of_b) {
      multiply_steps<Near::neither>(a, b, until, steps, between);
    }
    before_ = to;
    any_ = true;
  }

  CLEARHEAD_ALWAYS_INLINE void finish() {
    if (any_) {
      _tile_stored(0, before_.c[0], bytes_a_row(before_));
      _tile_stored(1, before_.c[1], bytes_a_row(before_));
      if constexpr (RowTiles == 2) {
        _tile_stored(2, before_.c[2], bytes_a_row(before_));
        _tile_stored(3, before_.c[3], bytes_a_row(before_));
      }
    }
    any_ = false;
    memory_barrier();
  }

 private:
  // 40 KiB of b in one part, of a first-level cache of 48 KiB: 22 steps are slower.
  static constexpr std::int64_t kStepsNear = 20 / Parts;
  static constexpr Near kKept = near == Near::start_of_b ? Near::b : near;

  // The first step, and between its products the results of the group before.
  CLEARHEAD_ALWAYS_INLINE void begin(const Factor& a, const Factor& b, const Group* from) {
    CLEARHEAD_TILE_LOAD_OF(kKept, a, 4, a.at)
    CLEARHEAD_TILE_LOAD_OF(kKept, b, 6, b.at)
    CLEARHEAD_TILE_LOAD_OF(kKept, b, 7, b.at + b.other)
    if constexpr (RowTiles == 2) {
      CLEARHEAD_TILE_LOAD_OF(kKept, a, 5, a.at + a.other)
    }
#define CLEARHEAD_FIRST(tile, x, y)                                    \
  if (any_) _tile_stored(tile, before_.c[tile], bytes_a_row(before_)); \
  if (from == nullptr) {                                               \
    _tile_zero(tile);                                                  \
  } else if constexpr (near == Near::a) {                              \
    _tile_loadd(tile, from->c[tile], bytes_a_row(*from));              \
  } else {                                                             \
    _tile_stream_loadd(tile, from->c[tile], bytes_a_row(*from));       \
  }                                                                    \
  _tile_dpbf16ps(tile, x, y);
    CLEARHEAD_FIRST(0, 4, 6)
    CLEARHEAD_FIRST(1, 4, 7)
    if constexpr (RowTiles == 2) {
      CLEARHEAD_FIRST(2, 5, 6)
      CLEARHEAD_FIRST(3, 5, 7)
    }
#undef CLEARHEAD_FIRST
  }

  // The steps from `begin` to `end`.
  template <Near kept, typename Between>
  static CLEARHEAD_ALWAYS_INLINE void multiply_steps(const Factor& a, const Factor& b,
                                                     std::int64_t begin, std::int64_t end,
                                                     const Between& between) {
    for (std::int64_t i = begin; i < end; ++i) {
      const char *const x = a.at + i * a.step, *const y = b.at + i * b.step;
      multiply_tiles<kept>(x, x + a.other, y, y + b.other);
      if constexpr (Parts == 2) add_low_parts(a, b, x, y);
      between(i);
    }
  }

  template <Near kept>
  static CLEARHEAD_ALWAYS_INLINE void multiply_tiles(const char* a0, const char* a1, const char* b0,
                                                     const char* b1) {
    CLEARHEAD_TILE_LOAD_OF(kept, a, 4, a0)
    CLEARHEAD_TILE_LOAD_OF(kept, b, 6, b0)
    _tile_dpbf16ps(0, 4, 6);
    CLEARHEAD_TILE_LOAD_OF(kept, b, 7, b1)
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (RowTiles == 2) {
      CLEARHEAD_TILE_LOAD_OF(kept, a, 5, a1)
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }

  // high·low, with a's tiles still there, then low·high.
  static CLEARHEAD_ALWAYS_INLINE void add_low_parts(const Factor& a, const Factor& b, const char* x,
                                                    const char* y) {
    const char* const y_low = y + b.part;
    CLEARHEAD_TILE_LOAD_OF(kKept, b, 6, y_low)
    _tile_dpbf16ps(0, 4, 6);
    CLEARHEAD_TILE_LOAD_OF(kKept, b, 7, y_low + b.other)
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (RowTiles == 2) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    multiply_tiles<kKept>(x + a.part, x + a.part + a.other, y, y + b.other);
  }

  Group before_ = {};
  bool any_ = false;
};
#undef CLEARHEAD_TILE_LOAD
#undef CLEARHEAD_TILE_STREAM
#undef CLEARHEAD_TILE_LOAD_OF

// All eight tiles have 16 rows of 64 bytes: palette 1, at 16 the bytes of a row, at 48 the rows. (A
// constant, because in GCC 12 _tile_loadconfig says that it reads 8 bytes of the 64.)
alignas(64) constexpr std::uint8_t kAllTiles[64] = {
    1,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0,  0, 0,  0, 0,  0,  //
    64, 0,  64, 0,  64, 0,  64, 0,  64, 0, 64, 0, 64, 0, 64, 0,  //
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0,  0, 0,  0, 0,  0,  //
    16, 16, 16, 16, 16, 16, 16, 16,
};

// Sets up the tiles while it lives. The tile registers belong to the thread; whoever else uses them
// in this process sets them up for itself, too.
class TileScope {
 public:
  TileScope() { _tile_loadconfig(kAllTiles); }
  ~TileScope() { _tile_release(); }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;
};

// c = a·b or c += a·b, where a is 2 × 2 tiles, which stay in the tiles 4 to 7, and b, 2 × `columns`
// tiles, streams by: from one column to the next `column` bytes. c comes as columns of two tiles.
// This loads half as many tiles as groups of 2 × 2 do. between(i) runs after each product of
// column i.
template <typename Between = NothingBetween>
CLEARHEAD_ALWAYS_INLINE void multiply_by_kept(const Factor& a, const char* b, std::int64_t b_step,
                                              std::int64_t column, std::int64_t columns, float* c,
                                              bool from_zero, const Between& between = {}) {
  _tile_loadd(4, a.at, 64);
  _tile_loadd(5, a.at + a.other, 64);
  _tile_loadd(6, a.at + a.step, 64);
  _tile_loadd(7, a.at + a.other + a.step, 64);
  for (std::int64_t j = 0; j < columns; ++j, b += column, c += 2 * kTileFloats) {
    _tile_stream_loadd(2, b, 64);
    if (j > 0) _tile_stored(0, c - 2 * kTileFloats, 64);
    if (from_zero) {
      _tile_zero(0);
    } else {
      _tile_loadd(0, c, 64);
    }
    _tile_dpbf16ps(0, 4, 2);
    between(j);
    if (j > 0) _tile_stored(1, c - kTileFloats, 64);
    if (from_zero) {
      _tile_zero(1);
    } else {
      _tile_loadd(1, c + kTileFloats, 64);
    }
    _tile_dpbf16ps(1, 5, 2);
    between(j);
    _tile_stream_loadd(3, b + b_step, 64);
    _tile_dpbf16ps(0, 6, 3);
    between(j);
    _tile_dpbf16ps(1, 7, 3);
    between(j);
  }
  _tile_stored(0, c - 2 * kTileFloats, 64);
  _tile_stored(1, c - kTileFloats, 64);
  memory_barrier();
}

struct Amx {
  template <int Parts, Near near, int RowTiles = 2>
  using Products = AmxProducts<Parts, near, RowTiles>;
};

// On vectors, of one part: 8 rows of c, 32 columns wide, stay in 16 registers over all steps. For
// each pair of steps of K two vectors of b and a pair of each row of a are loaded, for 16 products.

template <int RowTiles>
class VectorProducts {
 public:
  template <typename Between = NothingBetween>
  void multiply(const Factor& a, const Factor& b, std::int64_t steps, const Group& to,
                const Group* from, const Between& between = {}) {
    for (std::int64_t row = 0; row < RowTiles * 16; row += kRows) {
      const Factor rows = {a.at + row / 16 * a.other + row % 16 * 64, 0, a.part, a.step};
      Sums sums;
      for (int half = 0; half < 2; ++half) {
        for (int i = 0; i < kRows; ++i) {
          sums.of[i][half] =
              from == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(place(*from, row + i, half));
        }
      }
      for (std::int64_t i = 0; i < steps; ++i) {
        const char *const x = rows.at + i * a.step, *const y = b.at + i * b.step;
        add_step(x, y, y + b.other, sums);
        if (row == 0) between(i);  // before a result is stored where it may read the last one
      }
      for (int half = 0; half < 2; ++half) {
        for (int i = 0; i < kRows; ++i) {
          _mm512_storeu_ps(place(to, row + i, half), sums.of[i][half]);
        }
      }
    }
  }

  void finish() {}

 private:
  static constexpr std::int64_t kRows = 8;
  struct Sums {
    __m512 of[kRows][2];
  };

  static CLEARHEAD_ALWAYS_INLINE float* place(const Group& group, std::int64_t row, int half) {
    return group.c[row / 16 * 2 + half] + row % 16 * group.stride;
  }

  static CLEARHEAD_ALWAYS_INLINE void add_step(const char* a, const char* b0, const char* b1,
                                               Sums& sums) {
    for (std::int64_t pair = 0; pair < 16; ++pair) {
      const auto left = reinterpret_cast<__m512bh>(_mm512_load_si512(b0 + pair * 64));
      const auto right = reinterpret_cast<__m512bh>(_mm512_load_si512(b1 + pair * 64));
      for (int i = 0; i < kRows; ++i) {
        int both;
        __builtin_memcpy(&both, a + i * 64 + pair * 4, sizeof both);
        const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
        sums.of[i][0] = _mm512_dpbf16_ps(sums.of[i][0], x, left);
        sums.of[i][1] = _mm512_dpbf16_ps(sums.of[i][1], x, right);
      }
    }
  }
};

struct Vectors {
  template <int Parts, Near, int RowTiles = 2>
  using Products = std::enable_if_t<Parts == 1, VectorProducts<RowTiles>>;
};

// Calls f(Amx{}) or f(Vectors{}), after the target in use. What has two parts is always on AMX.
template <typename F>
CLEARHEAD_ALWAYS_INLINE auto on_unit_in_use(const F& f) {
  if (!amx_in_use()) return f(Vectors{});
  const TileScope scope;
  return f(Amx{});
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_TARGETS_TILE_PRODUCTS_INL_H_
