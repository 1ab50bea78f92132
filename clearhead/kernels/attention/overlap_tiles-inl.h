// Forward attention on AMX: the softmax of some keys between the products of others. Part of
// forward_tiles.cc.
#ifndef CLEARHEAD_KERNELS_ATTENTION_OVERLAP_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_OVERLAP_TILES_INL_H_

#include "clearhead/kernels/attention/scores_tiles-inl.h"
#include "clearhead/kernels/attention/softmax_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// As `walk`, for 32 rows of one part: three links of 64 keys are under way at a time. While scores
// of the next link and sums of the last are calculated on tiles, the link between them turns scores
// into weights on vectors, a row after each product or two. Both take about as long.
//
// So the weights of a row are calculated before its largest score is known. If that passes the
// limit of the reference, which is rare, the row is weighed again, from scores calculated again.
class OverlappedWalk {
 public:
  OverlappedWalk(const Rows& rows, const Walk& w) : rows_(rows), w_(w) {}

  // The keys of `range`. Returns a bit for each row that is not to be trusted.
  std::uint32_t go(Range range) {
    const std::int64_t first = keys_.some.begin / kKeyStep * kKeyStep;
    const std::int64_t end = range.end < keys_.some.end ? range.end : keys_.some.end;
    const std::int64_t begin = range.begin > first ? range.begin : first;
    if (begin >= end) return 0;
    BringNear bring_near(rows_, begin == first ? ceil_div(end - first, kKeys) : 0);
    Weighing weighing = {nullptr,
                         w_.maximum,
                         w_.total,
                         w_.moment,
                         w_.offset,
                         w_.limit,
                         _mm512_set1_ps(w_.factor),
                         _mm512_load_si512(kTooMuch),
                         _mm512_set1_epi16(0x3f80)};
    Link last = {begin, 0, nullptr};
    Link now = link_at(begin, end, 0);
    multiply_keys<Amx, 2, 1>(with_scores(now.scores), keys_at(rows_, w_, now.s), now.steps);
    finish(now);
    for (std::int64_t turn = 1; now.steps > 0; ++turn) {
      if (!has_references(w_)) set_references(with_scores(now.scores), now.steps);
      const Link next = link_at(now.s + now.steps * kKeyStep, end, turn % 3);
      weighing.scores = now.scores;
      if (advance(last, now, next, weighing, bring_near, first)) {
        weigh_again(now, weighing, now.s > first);
      }
      float* const before = weighing.total;
      weighing.total = weighing.next_total;
      weighing.next_total = before;
      last = now;
      now = next;
    }
    memory_barrier();
    sum(last, last.s == first, NothingBetween());
    for (std::int64_t r = 0; weighing.total != w_.total && r < kRows; ++r) {
      _mm512_store_ps(w_.total + r * 16, _mm512_load_ps(weighing.total + r * 16));
    }
    return bad_;
  }

 private:
  static constexpr std::int64_t kKeys = 64;
  static constexpr std::int64_t kLinkFloats = kRows * kKeys;
  static_assert(kScratchBytes >= 4 * kLinkFloats * 4);  // three links, and one weighed again

  // Up to kKeys keys: as many steps as there are, of which all but the last link have two.
  struct Link {
    std::int64_t s, steps;
    float* scores;
  };

  // What weighing needs, each kept in a register: see SoftmaxState.
  struct Weighing {
    float* scores;
    float* maximum;
    float* total;       // of the keys before
    float* next_total;  // and with these: at first where pooling would have its moment
    const float* offset;
    const float* limit;
    __m512 factor;
    __m512i table, ones;
  };

  Link link_at(std::int64_t s, std::int64_t end, std::int64_t place) const {
    const std::int64_t left = end - s < kKeys ? end - s : kKeys;
    return {s, left > 0 ? ceil_div(left, kKeyStep) : 0, w_.scores + place * kLinkFloats};
  }

  Walk with_scores(float* scores) const {
    Walk w = w_;
    w.scores = scores;
    return w;
  }

  // The scores of `next`, the weights of `now` and the sums of `last`. Returns whether some row has
  // passed its limit.
  CLEARHEAD_ALWAYS_INLINE bool advance(const Link& last, const Link& now, const Link& next,
                                       const Weighing weighing, BringNear& bring_near,
                                       std::int64_t first) {
    __mmask16 passed = 0;
    std::int64_t row = now.steps == 2 ? 0 : kRows;
    const auto weigh_some = [&](std::int64_t count) __attribute__((always_inline)) {
      for (std::int64_t i = 0; i < count && row < kRows; ++i, ++row) {
        bring_near.some();
        passed |= weigh<2>(weighing, row);
      }
    };
    if (next.steps > 0) {
      score(next, weigh_some);
      finish(next);
    }
    memory_barrier();
    if (last.steps > 0) sum(last, last.s == first, weigh_some);
    weigh_some(kRows);
    for (std::int64_t r = 0; now.steps == 1 && r < kRows; ++r) passed |= weigh<1>(weighing, r);
    return passed != 0;
  }

  // Half of the rows are weighed between the products of the scores.
  template <typename Weigh>
  CLEARHEAD_ALWAYS_INLINE void score(const Link& link, const Weigh& weigh_some) const {
    const char* const keys = keys_at(rows_, w_, link.s);
    if (w_.k_tiles == 2) {
      constexpr std::int64_t kSome = kRows / 2 / (4 * kKeys / 16);
      multiply_by_kept(
          {w_.queries, 2 * kTileBytes, 0, kTileBytes}, keys, kTileBytes, 2 * kTileBytes,
          2 * link.steps, link.scores,
          true, [&](std::int64_t) __attribute__((always_inline)) { weigh_some(kSome); });
    } else {
      const std::int64_t some = ceil_div(kRows / 2, kKeys / 32 * w_.k_tiles);
      multiply_keys<Amx, 2, 1>(
          with_scores(link.scores), keys,
          link.steps, [&](std::int64_t) __attribute__((always_inline)) { weigh_some(some); });
    }
  }

  // The rest of them between those of the sums.
  template <typename Weigh>
  CLEARHEAD_ALWAYS_INLINE void sum(const Link& link, bool from_zero,
                                   const Weigh& weigh_some) const {
    const char* const values = values_at(rows_, w_, link.s);
    if (link.steps == 2) {
      const std::int64_t some = ceil_div(kRows / 2, 4 * w_.v_tiles);
      multiply_by_kept(
          {reinterpret_cast<const char*>(link.scores), kTileBytes, 0, 4 * kTileBytes}, values,
          w_.v_tiles * kTileBytes, kTileBytes, w_.v_tiles, w_.sums,
          from_zero, [&](std::int64_t) __attribute__((always_inline)) { weigh_some(some); });
    } else {
      multiply_values<Amx, 2, 1>(with_scores(link.scores), values, link.steps, from_zero);
    }
  }

  // Masks and what belongs to them.
  void finish(const Link& link) {
    const Walk w = with_scores(link.scores);
    if (rows_.has_mask || rows_.softcap != 0) {
      for (std::int64_t r = 0; r < rows_.count; ++r) {
        if (!finish_scores(rows_, w, r, link.s, link.steps)) bad_ |= 1U << r;
      }
    } else if (link.s < keys_.all.begin || link.s + link.steps * kKeyStep > keys_.all.end) {
      hide_outside(rows_, w, keys_.all, link.s, link.steps);
    }
  }

  // The weights of row r in place of its scores, relative to the reference that it has. Returns
  // where it should have moved.
  template <int Steps>
  static CLEARHEAD_ALWAYS_INLINE __mmask16 weigh(const Weighing& of, std::int64_t r) {
    float* const at = of.scores + r / 16 * kTileFloats + r % 16 * 16;
    __m512 top = _mm512_load_ps(of.maximum + r * 16);
    __m512 sum = _mm512_load_ps(of.total + r * 16);
    const __m512 offset = _mm512_set1_ps(of.offset[r]);
    for (int p = 0; p < Steps; ++p) {
      const __m512 a = _mm512_load_ps(at + p * 4 * kTileFloats);
      const __m512 b = _mm512_load_ps(at + (p * 4 + 2) * kTileFloats);
      top = _mm512_max_ps(top, _mm512_max_ps(a, b));
      const __m512i x = _mm512_cvtps_epi32(_mm512_fmadd_ps(a, of.factor, offset));
      const __m512i y = _mm512_cvtps_epi32(_mm512_fmadd_ps(b, of.factor, offset));
      const __m512i weights = weights_of(x, y, of.table);
      sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(weights),
                             reinterpret_cast<__m512bh>(of.ones));
      _mm512_store_si512(at + p * 4 * kTileFloats, weights);
    }
    _mm512_store_ps(of.maximum + r * 16, top);
    _mm512_store_ps(of.next_total + r * 16, sum);
    return _mm512_cmp_ps_mask(top, _mm512_set1_ps(of.limit[r]), _CMP_GT_OQ);
  }

  // Moves the references of the rows whose scores have passed the limit, and weighs those again.
  __attribute__((noinline)) void weigh_again(const Link& link, Weighing weighing, bool has_sums) {
    float* const scores = w_.scores + 3 * kLinkFloats;
    multiply_keys<Amx, 2, 1>(with_scores(scores), keys_at(rows_, w_, link.s), link.steps);
    finish({link.s, link.steps, scores});
    Walk w = w_;
    w.total = weighing.total;
    weighing.scores = scores;
    for (std::int64_t r = 0; r < kRows; ++r) {
      const __m512 top = _mm512_load_ps(w.maximum + r * 16);
      if (_mm512_cmp_ps_mask(top, _mm512_set1_ps(w.limit[r]), _CMP_GT_OQ) == 0) continue;
      move_reference(w, r, has_sums);
      link.steps == 2 ? weigh<2>(weighing, r) : weigh<1>(weighing, r);
      for (std::int64_t p = 0; p < link.steps; ++p) {
        const std::int64_t at = (p * 4 + r / 16) * kTileFloats + r % 16 * 16;
        _mm512_store_ps(link.scores + at, _mm512_load_ps(scores + at));
      }
    }
  }

  const Rows& rows_;
  const Walk& w_;
  const SeenKeys keys_ = keys_of(rows_);
  std::uint32_t bad_ = 0;
};

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_OVERLAP_TILES_INL_H_
