// Draws shapes, masks and options at random, and calculates attention number by number.
#include "attention_cases.h"

#include <algorithm>
#include <cmath>

#include "tests/testing.h"

namespace clearhead::testing {
namespace {

bool chance(Random& random, double probability) { return random.uniform() < probability; }

// A mask that broadcasts to [B, H, T, S] in one of all possible ways.
Tensor random_mask(Random& random, const AttentionCase& c, DType dtype) {
  Shape shape = {c.B, c.H, c.T, c.S()};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (chance(random, 0.4)) shape[axis] = 1;
  }
  if (chance(random, 0.2)) shape[3] = 1 + random.below(c.S());  // shorter: the rest is not seen
  shape.erase(shape.begin(), shape.begin() + random.below(4));
  if (chance(random, 0.5)) {
    Tensor mask(shape, DType::boolean);
    for (std::int64_t i = 0; i < mask.count(); ++i)
      mask.mutable_data<bool>()[i] = chance(random, 0.7);
    return mask;
  }
  Tensor mask = random_normal(random, shape, DType::f64);
  for (std::int64_t i = 0; i < mask.count(); ++i) {
    if (chance(random, 0.2)) mask.mutable_data<double>()[i] = -kInfinity;
  }
  return mask.to(dtype);
}

// attn_mask's contribution to a score: −inf, or what is added.
double mask_value(const AttentionCase& c, std::int64_t b, std::int64_t h, std::int64_t t,
                  std::int64_t s) {
  if (!c.attn_mask.defined()) return 0;
  const Shape& shape = c.attn_mask.shape();
  if (s >= shape.back()) return -kInfinity;
  const Index whole = {b, h, t, s};
  Index index(whole.end() - static_cast<std::ptrdiff_t>(shape.size()), whole.end());
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) index[i] = shape[i] == 1 ? 0 : index[i];
  const double value = c.attn_mask.at(index);
  return c.attn_mask.dtype() == DType::boolean ? (value != 0 ? 0 : -kInfinity) : value;
}

bool seen_by_position(const AttentionCase& c, std::int64_t b, std::int64_t t, std::int64_t s) {
  std::int64_t offset = c.past;
  if (c.nonpad_kv_seqlen.defined()) {
    const auto nonpad = static_cast<std::int64_t>(c.nonpad_kv_seqlen.at({b}));
    if (s >= nonpad) return false;
    offset = nonpad - c.T;
  }
  const std::int64_t distance = s - (t + offset);  // > 0: the key comes after the query
  if (c.options.is_causal && distance > 0) return false;
  if (c.options.left_window_size >= 0 && -distance > c.options.left_window_size) return false;
  return c.options.right_window_size < 0 || distance <= c.options.right_window_size;
}

// Element (b, head, position, i) of a tensor [B, heads, length, size] or [B, length, heads·size].
double element(const Tensor& x, std::int64_t heads, std::int64_t b, std::int64_t head,
               std::int64_t position, std::int64_t i) {
  if (x.rank() == 4) return x.at({b, head, position, i});
  return x.at({b, position, head * (x.size(2) / heads) + i});
}

}  // namespace

std::string AttentionCase::describe() const {
  std::string text = "B " + std::to_string(B) + " H " + std::to_string(H) + " G " +
                     std::to_string(G) + " T " + std::to_string(T) + " S " + std::to_string(S()) +
                     " past " + std::to_string(past) + " D " + std::to_string(D) + " Dv " +
                     std::to_string(Dv) + (three_d ? " 3-D" : "");
  if (options.is_causal) text += " causal";
  if (options.softcap != 0) text += " softcap " + std::to_string(options.softcap);
  if (options.left_window_size >= 0) text += " left " + std::to_string(options.left_window_size);
  if (options.right_window_size >= 0) text += " right " + std::to_string(options.right_window_size);
  if (options.softmax_precision) {
    text += " precision " + std::string(dtype_name(*options.softmax_precision));
  }
  if (attn_mask.defined()) {
    text += " mask " + std::string(dtype_name(attn_mask.dtype())) + to_string(attn_mask.shape());
  }
  if (nonpad_kv_seqlen.defined()) text += " nonpad";
  return text;
}

AttentionCase random_case(Random& random, DType dtype, const CaseLimits& limits) {
  AttentionCase c;
  c.B = limits.empty_batches && chance(random, 0.03) ? 0 : 1 + random.below(2);
  c.G = 1 + random.below(3);
  c.H = c.G * (1 + random.below(3));
  c.T = chance(random, 0.15) ? 1 : 1 + random.below(limits.length);
  c.new_keys = chance(random, 0.4) ? c.T : 1 + random.below(limits.length);
  c.D = 1 + random.below(limits.head_size);
  c.Dv = chance(random, 0.5) ? c.D : 1 + random.below(limits.head_size);
  c.three_d = chance(random, 0.3);

  AttentionOptions& o = c.options;
  o.is_causal = chance(random, 0.4);
  if (chance(random, 0.2)) o.scale = random.normal();
  if (chance(random, 0.25)) o.softcap = 0.3 + 3 * random.uniform();
  if (chance(random, 0.25)) o.left_window_size = random.below(limits.length / 2 + 1);
  if (chance(random, 0.25)) o.right_window_size = random.below(limits.length / 2 + 1);
  if (limits.rounded_softmax && chance(random, 0.2)) {
    const DType types[] = {DType::f16, DType::bf16, DType::f32, DType::f64};
    o.softmax_precision = types[random.below(4)];
  }
  if (chance(random, 0.3)) {
    c.past = 1 + random.below(limits.length / 2 + 1);
    c.past_key = random_normal(random, {c.B, c.G, c.past, c.D}, dtype);
    c.past_value = random_normal(random, {c.B, c.G, c.past, c.Dv}, dtype);
  } else if (chance(random, 0.3)) {
    c.nonpad_kv_seqlen = Tensor({c.B}, DType::i64);
    for (std::int64_t b = 0; b < c.B; ++b) {
      c.nonpad_kv_seqlen.mutable_data<std::int64_t>()[b] = random.below(c.S() + 1);
    }
  }
  if (chance(random, 0.5)) c.attn_mask = random_mask(random, c, dtype);
  if (c.three_d) {
    o.q_num_heads = c.H;
    o.kv_num_heads = c.G;
    c.q = random_normal(random, {c.B, c.T, c.H * c.D}, dtype);
    c.k = random_normal(random, {c.B, c.new_keys, c.G * c.D}, dtype);
    c.v = random_normal(random, {c.B, c.new_keys, c.G * c.Dv}, dtype);
  } else {
    c.q = random_normal(random, {c.B, c.H, c.T, c.D}, dtype);
    c.k = random_normal(random, {c.B, c.G, c.new_keys, c.D}, dtype);
    c.v = random_normal(random, {c.B, c.G, c.new_keys, c.Dv}, dtype);
  }
  return c;
}

std::vector<Var> AttentionCall::floating_operands() const {
  std::vector<Var> operands;
  for (const Var& var : {q, k, v, attn_mask, past_key, past_value}) {
    if (var.defined() && is_floating(var.dtype())) operands.push_back(var);
  }
  return operands;
}

AttentionCall call(Tape& tape, const AttentionCase& c, AttentionWay way) {
  const auto input = [&](const char* name, const Tensor& tensor) {
    return tensor.defined() ? tape.input(name, tensor) : Var();
  };
  AttentionCall result;
  result.q = input("q", c.q);
  result.k = input("k", c.k);
  result.v = input("v", c.v);
  result.attn_mask = input("attn_mask", c.attn_mask);
  result.past_key = input("past_key", c.past_key);
  result.past_value = input("past_value", c.past_value);
  AttentionOptions options = c.options;
  options.attn_mask = result.attn_mask;
  options.past_key = result.past_key;
  options.past_value = result.past_value;
  options.nonpad_kv_seqlen = c.nonpad_kv_seqlen;
  options.way = way;
  result.output = attention(result.q, result.k, result.v, options);
  return result;
}

Tensor expected_y(const AttentionCase& c) {
  Tensor y({c.B, c.H, c.T, c.Dv}, DType::f64);
  const double scale = c.options.scale.value_or(1 / std::sqrt(static_cast<double>(c.D)));
  const auto key = [&](const Tensor& past, const Tensor& now, std::int64_t b, std::int64_t g,
                       std::int64_t s, std::int64_t i) {
    return s < c.past ? past.at({b, g, s, i}) : element(now, c.G, b, g, s - c.past, i);
  };
  double* out = y.mutable_data<double>();
  for (std::int64_t b = 0; b < c.B; ++b) {
    for (std::int64_t h = 0; h < c.H; ++h) {
      const std::int64_t g = h * c.G / c.H;
      for (std::int64_t t = 0; t < c.T; ++t, out += c.Dv) {
        std::vector<double> scores(static_cast<std::size_t>(c.S()), -kInfinity);
        double largest = -kInfinity;
        for (std::int64_t s = 0; s < c.S(); ++s) {
          const double bias = mask_value(c, b, h, t, s);
          if (!seen_by_position(c, b, t, s) || bias == -kInfinity) continue;
          double score = 0;
          for (std::int64_t d = 0; d < c.D; ++d) {
            score += element(c.q, c.H, b, h, t, d) * key(c.past_key, c.k, b, g, s, d);
          }
          score *= scale;
          const double cap = c.options.softcap;
          if (cap != 0) score = cap * std::tanh(score / cap);
          scores[static_cast<std::size_t>(s)] = score + bias;
          largest = std::max(largest, score + bias);
        }
        double sum = 0;
        for (const double score : scores)
          sum += largest == -kInfinity ? 0 : std::exp(score - largest);
        for (std::int64_t s = 0; s < c.S(); ++s) {
          const double score = scores[static_cast<std::size_t>(s)];
          if (score == -kInfinity) continue;
          for (std::int64_t e = 0; e < c.Dv; ++e) {
            out[e] += std::exp(score - largest) / sum * key(c.past_value, c.v, b, g, s, e);
          }
        }
      }
    }
  }
  return y;
}

Tensor random_normal(Random& random, const Shape& shape, DType dtype) {
  Tensor tensor(shape, DType::f64);
  for (std::int64_t i = 0; i < tensor.count(); ++i)
    tensor.mutable_data<double>()[i] = random.normal();
  return tensor.to(dtype);
}

}  // namespace clearhead::testing
