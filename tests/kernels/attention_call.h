// What the tests of attention on tiles share: calls with random operands, and the definition of a
// row's scores in f64.
#ifndef CLEARHEAD_TESTS_KERNELS_ATTENTION_CALL_H_
#define CLEARHEAD_TESTS_KERNELS_ATTENTION_CALL_H_

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "clearhead/base/half.h"
#include "clearhead/base/random.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels::testing {

inline constexpr double kInf = std::numeric_limits<double>::infinity();

enum class Mask { none, visible, bias };

// One call, with its operands.
struct Call {
  std::int64_t B = 1, H = 1, G = 1, T = 16, S = 16, D = 16, Dv = 16;
  bool is_causal = false;
  std::int64_t left = -1, right = -1, offset = 0, key_count = -1;
  float scale = 0.25F, softcap = 0;
  Mask mask = Mask::none;
  bool mask_by_columns = false;
  Precision precision = Precision::medium;

  std::vector<float> q, k, v, bias;
  std::vector<char> visible;
  std::vector<std::int64_t> offsets, key_counts;

  void fill(std::uint64_t stream) {
    Random random(11, stream);
    const auto normal = [&](std::vector<float>& x, std::int64_t n) {
      x.resize(static_cast<std::size_t>(n));
      for (float& number : x) number = static_cast<float>(random.normal());
    };
    normal(q, B * H * T * D);
    normal(k, B * G * S * D);
    normal(v, B * G * S * Dv);
    if (mask == Mask::bias) normal(bias, B * H * T * S);
    if (mask == Mask::visible) visible.resize(static_cast<std::size_t>(B * H * T * S));
    for (char& seen : visible) seen = random.normal() > 0;
    offsets.assign(static_cast<std::size_t>(B), offset);
    key_counts.assign(static_cast<std::size_t>(B), key_count < 0 ? S : key_count);
  }

  AttentionProblem<float> problem() const {
    AttentionProblem<float> p = {};
    p.B = B, p.H = H, p.G = G, p.queries = T, p.keys = S, p.D = D, p.Dv = Dv;
    p.q = {q.data(), H * T * D, T * D, D};
    p.k = {k.data(), G * S * D, S * D, D};
    p.v = {v.data(), G * S * Dv, S * Dv, Dv};
    p.mask = {mask == Mask::visible ? reinterpret_cast<const bool*>(visible.data()) : nullptr,
              mask == Mask::bias ? bias.data() : nullptr,
              H * T * S,
              T * S,
              S,
              1};
    if (mask_by_columns) p.mask.stride_t = 1, p.mask.stride_s = T;
    p.rule = {is_causal, static_cast<double>(scale), static_cast<double>(softcap), left, right};
    p.offset = offsets.data(), p.key_count = key_counts.data();
    p.rounding = SoftmaxRounding::none;
    p.precision = precision;
    return p;
  }

  std::string describe() const {
    return "B " + std::to_string(B) + " H " + std::to_string(H) + " G " + std::to_string(G) +
           " T " + std::to_string(T) + " S " + std::to_string(S) + " D " + std::to_string(D) +
           " Dv " + std::to_string(Dv) + " causal " + std::to_string(is_causal) + " window " +
           std::to_string(left) + "," + std::to_string(right) + " offset " +
           std::to_string(offset) + " key_count " + std::to_string(key_count) + " softcap " +
           std::to_string(softcap) + " mask " + std::to_string(static_cast<int>(mask)) + " scale " +
           std::to_string(scale);
  }
};

// An operand as its precision takes it: medium rounds to bf16.
inline double operand(const Call& c, float x) {
  return static_cast<double>(c.precision == Precision::medium ? static_cast<float>(bf16(x)) : x);
}

// The scores of row (b, h, t), −inf where it does not see the key, and the slope of the cap.
struct ScoreRow {
  std::vector<double> scores, slopes;
};
inline ScoreRow score_row(const Call& c, const AttentionProblem<float>& p, std::int64_t b,
                          std::int64_t h, std::int64_t t) {
  const KeyRange range = visible_keys(p, b, t);
  ScoreRow row = {std::vector<double>(static_cast<std::size_t>(c.S), -kInf),
                  std::vector<double>(static_cast<std::size_t>(c.S), 1)};
  for (std::int64_t s = range.begin; s < range.end; ++s) {
    double score = 0;
    for (std::int64_t d = 0; d < c.D; ++d) {
      score += operand(c, p.q.row(b, h, t)[d]) * operand(c, p.k.row(b, p.kv_head(h), s)[d]);
    }
    score *= static_cast<double>(c.scale);
    if (c.softcap != 0) {
      const auto cap = static_cast<double>(c.softcap);
      const double tanh = std::tanh(score / cap);
      score = cap * tanh;
      row.slopes[static_cast<std::size_t>(s)] = 1 - tanh * tanh;
    }
    const std::int64_t at = p.mask.offset(b, h, t, s);
    if (p.mask.visible != nullptr && !p.mask.visible[at]) score = -kInf;
    if (p.mask.bias != nullptr) {
      const auto bias = static_cast<double>(p.mask.bias[at]);
      score = bias == -kInf ? -kInf : score + bias;
    }
    row.scores[static_cast<std::size_t>(s)] = score;
  }
  return row;
}

// Every option at random.
inline Call random_call(std::uint64_t i, Precision precision) {
  Random random(5, i);
  const auto pick = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random.uniform() * static_cast<double>(n));
  };
  Call c;
  c.B = 1 + pick(2), c.G = 1 + pick(2), c.H = c.G * (1 + pick(3));
  c.T = 1 + pick(80), c.S = 1 + pick(300), c.D = 1 + pick(50), c.Dv = 1 + pick(50);
  c.is_causal = pick(2) == 0;
  c.left = pick(2) == 0 ? -1 : pick(100);
  c.right = pick(2) == 0 ? -1 : pick(100);
  c.offset = pick(3) == 0 ? 0 : pick(120) - 40;
  c.key_count = pick(2) == 0 ? -1 : pick(c.S + 1);
  c.softcap = pick(3) == 0 ? 3.0F : 0.0F;
  c.mask = static_cast<Mask>(pick(3));
  c.mask_by_columns = pick(2) == 0;
  c.scale = pick(4) == 0 ? -0.4F : pick(8) == 0 ? 0.0F : 0.3F;
  c.precision = precision;
  c.fill(i);
  if (c.mask == Mask::bias) {
    for (float& x : c.bias) {
      if (pick(3) == 0)
        x = -std::numeric_limits<float>::infinity();
      else if (pick(3) == 0)
        x = std::numeric_limits<float>::lowest();
    }
  }
  return c;
}

}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_ATTENTION_CALL_H_
