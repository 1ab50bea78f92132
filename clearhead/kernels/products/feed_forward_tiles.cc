// The loops of a feed-forward part on tiles.
#include "clearhead/kernels/products/feed_forward_tiles.h"

#include "clearhead/kernels/products/panels_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// 32 numbers in registers, one for each segment.
struct Numbers {
  __m512 low, high;
};

// A cubic for each segment.
class Cubics {
 public:
  explicit Cubics(const float (&coefficients)[4][ActivationTable::kSegments]) {
    for (int k = 0; k < 4; ++k) {
      numbers_[k] = {_mm512_load_ps(coefficients[k]), _mm512_load_ps(coefficients[k] + 16)};
    }
  }
  // The permutation looks at the lowest 5 bits of the segment.
  CLEARHEAD_ALWAYS_INLINE __m512 at(__m512i segment, __m512 v) const {
    __m512 p = of(3, segment);
    for (int k = 2; k >= 0; --k) p = _mm512_fmadd_ps(p, v, of(k, segment));
    return p;
  }

 private:
  CLEARHEAD_ALWAYS_INLINE __m512 of(int k, __m512i segment) const {
    return _mm512_permutex2var_ps(numbers_[k].low, segment, numbers_[k].high);
  }
  Numbers numbers_[4];
};

// f and f' of 16 numbers.
struct Gated {
  explicit Gated(const ActivationTable* table)
      : gate(table->gate), slope(table->slope), steps(_mm512_set1_ps(table->steps)) {}

  struct Place {
    __m512 t;  // |x|
    __m512i segment;
    __m512 v;
  };
  CLEARHEAD_ALWAYS_INLINE Place place(__m512 x) const {
    const __m512 magic = _mm512_set1_ps(12582912.0F);  // 1.5·2²³: what is added to it is rounded
    const __m512 last = _mm512_set1_ps(ActivationTable::kSegments - 1);
    const __m512 t = _mm512_abs_ps(x);
    const __m512 u = _mm512_min_ps(last, _mm512_mul_ps(t, steps));  // NaN stays
    const __m512 shifted = _mm512_add_ps(u, magic);
    return {t, _mm512_castps_si512(shifted), _mm512_sub_ps(u, _mm512_sub_ps(shifted, magic))};
  }
  CLEARHEAD_ALWAYS_INLINE __m512 value(__m512 x, const Place& at) const {
    const __m512 half = _mm512_mul_ps(x, _mm512_set1_ps(0.5F));
    return _mm512_fmadd_ps(at.t, gate.at(at.segment, at.v), half);
  }
  CLEARHEAD_ALWAYS_INLINE __m512 slope_of(__m512 x, const Place& at) const {
    const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0F));
    return _mm512_add_ps(_mm512_set1_ps(0.5F), _mm512_xor_ps(slope.at(at.segment, at.v), sign));
  }

  Cubics gate, slope;
  __m512 steps;
};

struct Relu {
  explicit Relu(const ActivationTable*) {}

  struct Place {};
  static CLEARHEAD_ALWAYS_INLINE Place place(__m512) { return {}; }
  static CLEARHEAD_ALWAYS_INLINE __m512 value(__m512 x, Place) {
    return _mm512_max_ps(_mm512_setzero_ps(), x);  // NaN stays
  }
  static CLEARHEAD_ALWAYS_INLINE __m512 slope_of(__m512 x, Place) {
    const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
    return _mm512_maskz_mov_ps(positive, _mm512_set1_ps(1.0F));
  }
};

// Columns of a panel: bias and lanes of either half.
struct Columns {
  Columns(const FeedForwardStrip& strip, std::int64_t panel) {
    for (int half = 0; half < 2; ++half) {
      const std::int64_t column = panel * 32 + half * 16;
      lanes[half] = first_lanes(strip.columns - column);
      bias[half] = strip.bias == nullptr ? _mm512_setzero_ps()
                                         : _mm512_maskz_loadu_ps(lanes[half], strip.bias + column);
    }
  }
  __mmask16 lanes[2];
  __m512 bias[2];
};

// Panel j of the weights.
CLEARHEAD_ALWAYS_INLINE const char* panel(const PackedWeights& weights, std::int64_t j) {
  return weights.panels + j * weights.steps * 2 * kTileBytes;
}

// sums = hidden·weights, or sums += …, column after column.
template <typename Unit>
void multiply_hidden(const FeedForwardStrip& strip, const PackedWeights& weights, float* sums,
                     bool add) {
  for (std::int64_t j = 0; j < weights.count; ++j) {
    const char* const next = j + 1 < weights.count ? panel(weights, j + 1) : strip.next;
    multiply_column<Unit>(strip.hidden, strip.groups, panel(weights, j), weights.steps,
                          {sums + j * strip.groups * kGroupFloats}, add, next);
  }
}

// hidden = f(h + bias), step `panel` of each packed panel of rows.
template <typename Function>
void activate(const FeedForwardStrip& strip, std::int64_t steps, std::int64_t panel) {
  const Function f(strip.table);
  const Columns columns(strip, panel);
  for (std::int64_t g = 0; g < strip.groups; ++g) {
    const float* const h = strip.h + g * kGroupFloats;
    char* const to = strip.hidden + (g * steps + panel) * 2 * kTileBytes;
    for (std::int64_t i = 0; i < 32; ++i) {
      __m512 y[2];
      for (int half = 0; half < 2; ++half) {
        const __m512 x = _mm512_add_ps(_mm512_load_ps(h + half_row(i, half)), columns.bias[half]);
        y[half] = f.value(x, f.place(x));
      }
      _mm512_store_si512(to + i * 64, to_bf16(y[0], y[1]));
    }
  }
}

// Packs 32 × 32 numbers, rows of a group, as a step of a panel: right factors as pairs of rows,
// left ones transposed.
CLEARHEAD_ALWAYS_INLINE void pack_group(const float* group, bool transpose, bool past_caches,
                                        char* to) {
  const __m512i pairs = pair_order();
  for (int half = 0; half < 2; ++half) {
    __m512i rows[16];
    for (std::int64_t p = 0; p < 16; ++p) {
      rows[p] = _mm512_permutexvar_epi16(
          pairs, to_bf16(_mm512_load_ps(group + half_row(2 * p, half)),
                         _mm512_load_ps(group + half_row(2 * p + 1, half))));
    }
    store_tile(rows, transpose, past_caches, to + half * kTileBytes);
  }
}

// h = f(h + bias) and d = d·f'(h + bias), and what is made of them.
template <typename Function>
void differentiate(const FeedForwardStrip& strip, const FeedForwardStripBackward& backward,
                   std::int64_t steps, std::int64_t panel) {
  const Function f(strip.table);
  const Columns columns(strip, panel);
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  for (std::int64_t g = 0; g < strip.groups; ++g) {
    float *const h = strip.h + g * kGroupFloats, *const d = backward.d + g * kGroupFloats;
    char* const to = strip.hidden + (g * steps + panel) * 2 * kTileBytes;
    for (std::int64_t i = 0; i < 32; ++i) {
      __m512 d_x[2];
      for (int half = 0; half < 2; ++half) {
        float* const at_h = h + half_row(i, half);
        float* const at_d = d + half_row(i, half);
        const __m512 x = _mm512_add_ps(_mm512_load_ps(at_h), columns.bias[half]);
        const auto place = f.place(x);
        d_x[half] = _mm512_mul_ps(_mm512_load_ps(at_d), f.slope_of(x, place));
        _mm512_store_ps(at_h, f.value(x, place));
        _mm512_store_ps(at_d, d_x[half]);
        sums[half] = _mm512_add_ps(sums[half], d_x[half]);
      }
      _mm512_store_si512(to + i * 64, to_bf16(d_x[0], d_x[1]));
    }
    if (backward.left == nullptr) continue;
    const std::int64_t step = panel * backward.bytes + g * 2 * kTileBytes;
    pack_group(d, /*transpose=*/true, backward.past_caches, backward.left + step);
    pack_group(h, /*transpose=*/false, backward.past_caches, backward.right + step);
  }
  for (int half = 0; backward.d_bias != nullptr && half < 2; ++half) {
    _mm512_mask_storeu_ps(backward.d_bias + panel * 32 + half * 16, columns.lanes[half],
                          sums[half]);
  }
}

template <typename Unit>
void forward(const FeedForwardStrip& strip, const PackedWeights& out, float* sums, bool add) {
  const PackedWeights& in = strip.in;
  for (std::int64_t j = 0; j < in.count; ++j) {
    const char* const next = j + 1 < in.count ? panel(in, j + 1) : out.panels;
    multiply_column<Unit>(strip.x, strip.groups, panel(in, j), in.steps, {strip.h}, false, next);
    strip.table == nullptr ? activate<Relu>(strip, out.steps, j)
                           : activate<Gated>(strip, out.steps, j);
    memory_barrier();
  }
  multiply_hidden<Unit>(strip, out, sums, add);
}

template <typename Unit>
void backward(const FeedForwardStrip& strip, const FeedForwardStripBackward& part) {
  const PackedWeights &in = strip.in, &dh = part.dh, &dx = part.dx;
  for (std::int64_t j = 0; j < in.count; ++j) {
    const char* const next = j + 1 < in.count ? panel(in, j + 1) : dx.panels;
    multiply_column<Unit>(strip.x, strip.groups, panel(in, j), in.steps, {strip.h}, false,
                          panel(dh, j));
    multiply_column<Unit>(part.dy, strip.groups, panel(dh, j), dh.steps, {part.d}, false, next);
    strip.table == nullptr ? differentiate<Relu>(strip, part, dx.steps, j)
                           : differentiate<Gated>(strip, part, dx.steps, j);
    memory_barrier();
  }
  if (part.sums != nullptr) multiply_hidden<Unit>(strip, dx, part.sums, part.add);
  _mm_sfence();  // what went past the caches is seen by whoever learns that this is done
}

}  // namespace

void forward_strip(const FeedForwardStrip& strip, const PackedWeights& out, float* sums, bool add) {
  on_unit_in_use([&](auto unit) { forward<decltype(unit)>(strip, out, sums, add); });
}

void backward_strip(const FeedForwardStrip& strip, const FeedForwardStripBackward& part) {
  on_unit_in_use([&](auto unit) { backward<decltype(unit)>(strip, part); });
}

}  // namespace clearhead::kernels::tiles
