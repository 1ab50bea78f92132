// The table of kernels that `clearhead bench` measures, with the work that each does.
#include "bench/cases.h"

#include <algorithm>
#include <memory>

#include "clearhead/base/parallel.h"
#include "clearhead/base/precision.h"
#include "clearhead/base/random.h"
#include "clearhead/kernels/targets/tiles.h"
#include "clearhead/lens/attention_map.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/tanh.h"

namespace clearhead::bench {
namespace {

struct AttentionSize {
  std::int64_t B, H, G, T, S, D;
  bool is_causal;
};

std::vector<Case> matmul_cases(bool quick);
std::vector<Case> attention_cases(bool quick);
std::vector<Case> decode_cases(bool quick);
std::vector<Case> elementwise_cases(bool quick);
std::vector<Case> map_cases(bool quick);

// Standard normal numbers.
Tensor random_tensor(Shape shape, std::uint64_t seed, DType dtype = DType::f32) {
  Tensor tensor(std::move(shape));
  auto* data = tensor.mutable_data<float>();
  for_each_piece(tensor.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
    Random random(seed, static_cast<std::uint64_t>(begin / kPiece));
    for (std::int64_t i = begin; i < end; ++i) data[i] = static_cast<float>(random.normal());
  });
  return tensor.to(dtype);
}

// What a precision would run into on the target in use: f32 multiply-adds, or those of bf16.
Limit limit_of(Precision precision) {
  if (!kernels::tiles_serve(precision)) return Limit::multiply_add;
  return kernels::amx_in_use() ? Limit::tile_product : Limit::pair_product;
}

std::string size_name(const AttentionSize& s) {
  std::string heads = std::to_string(s.H);
  if (s.G != s.H) heads += ":" + std::to_string(s.G);
  std::string name = "B" + std::to_string(s.B) + " H" + heads + " T" + std::to_string(s.T);
  if (s.S != s.T) name += " S" + std::to_string(s.S);
  return name + " D" + std::to_string(s.D) + (s.is_causal ? " causal" : " full");
}

double forward_flop(const AttentionSize& s) {
  const double flop = 4.0 * static_cast<double>(s.B * s.H) * static_cast<double>(s.T * s.S * s.D);
  return s.is_causal ? flop / 2 : flop;
}

// q, k and v on a tape of their own, and attention of them.
struct AttentionCall {
  Tape tape;
  Var q, k, v, y;
  AttentionOptions options;

  AttentionCall(const AttentionSize& s, Precision precision, Keep keep, DType dtype) : tape(keep) {
    q = tape.input("q", random_tensor({s.B, s.H, s.T, s.D}, 1, dtype));
    k = tape.input("k", random_tensor({s.B, s.G, s.S, s.D}, 2, dtype));
    v = tape.input("v", random_tensor({s.B, s.G, s.S, s.D}, 3, dtype));
    options.is_causal = s.is_causal;
    options.way = AttentionWay::fused;
    options.precision = precision;
  }
  void forward() { y = scaled_dot_product_attention(q, k, v, options); }
};

std::function<void()> prepare_forward(const AttentionSize& s, Precision precision, DType dtype) {
  const auto call = std::make_shared<AttentionCall>(s, precision, Keep::nothing, dtype);
  return [call] { call->forward(); };
}

std::function<void()> prepare_backward(const AttentionSize& s, Precision precision) {
  const auto call = std::make_shared<AttentionCall>(s, precision, Keep::for_backward, DType::f32);
  call->forward();
  const Tensor dy = random_tensor(call->y.shape(), 4);
  return [call, dy] { call->tape.backward(call->y, dy); };
}

std::vector<Case> attention_cases(bool quick) {
  std::vector<AttentionSize> sizes = {
      {12, 4, 4, 64, 64, 32, true},      {8, 6, 6, 256, 256, 64, true},
      {1, 12, 12, 512, 512, 64, true},   {1, 12, 12, 2048, 2048, 64, false},
      {1, 12, 12, 2048, 2048, 64, true}, {1, 8, 8, 2048, 2048, 128, false},
      {1, 32, 8, 1000, 1000, 80, true},
  };
  if (quick) sizes = {{1, 2, 2, 128, 128, 64, false}, {1, 2, 2, 128, 128, 64, true}};
  std::vector<Case> cases;
  for (const bool backward : {false, true}) {
    for (const AttentionSize& size : sizes) {
      for (const auto& [word, meaning] : kPrecisions) {
        const Precision precision = meaning;
        if (backward) {
          cases.push_back({"attention_backward", size_name(size), word, limit_of(precision),
                           2.5 * forward_flop(size),
                           [=] { return prepare_backward(size, precision); }});
        } else {
          cases.push_back({"attention_forward", size_name(size), word, limit_of(precision),
                           forward_flop(size),
                           [=] { return prepare_forward(size, precision, DType::f32); }});
        }
      }
    }
  }
  return cases;
}

// One query to a long cache: bound by reading keys and values.
std::vector<Case> decode_cases(bool quick) {
  std::vector<std::int64_t> lengths = {4096, 32768};
  if (quick) lengths = {1024};
  std::vector<Case> cases;
  for (const std::int64_t S : lengths) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      const AttentionSize size{1, 32, 8, 1, S, 128, false};
      const double bytes = 2.0 * static_cast<double>(size.B * size.G * S * size.D) *
                           static_cast<double>(dtype_size(dtype));
      cases.push_back({"decode", size_name(size), std::string(dtype_name(dtype)),
                       Limit::memory_read, bytes,
                       [=] { return prepare_forward(size, Precision::highest, dtype); }});
    }
  }
  return cases;
}

std::vector<Case> matmul_cases(bool quick) {
  struct Size {
    std::int64_t M, N, K;
  };
  std::vector<Size> sizes = {{512, 512, 512},    {1024, 1024, 1024}, {2048, 2048, 2048},
                             {4096, 4096, 4096}, {64, 3072, 768},    {1, 4096, 4096}};
  if (quick) sizes = {{256, 256, 256}};
  std::vector<Case> cases;
  for (const Size& s : sizes) {
    for (const auto& [word, meaning] : kPrecisions) {
      const Precision precision = meaning;
      const std::string name = std::to_string(s.M) + "×" + std::to_string(s.K) + "·" +
                               std::to_string(s.K) + "×" + std::to_string(s.N);
      const bool reads = s.M == 1;  // each number of b is used once: reading it is the limit
      const double numbers = static_cast<double>(s.K * s.N);
      const double work = reads ? 4 * numbers : 2 * static_cast<double>(s.M) * numbers;
      cases.push_back(
          {"matmul", name, word, reads ? Limit::memory_read : limit_of(precision), work, [=] {
             const auto tape = std::make_shared<Tape>(Keep::nothing);
             const Var a = tape->input("a", random_tensor({s.M, s.K}, 1));
             const Var b = tape->input("b", random_tensor({s.K, s.N}, 2));
             MatmulOptions options;
             options.precision = precision;
             return [tape, a, b, options] { matmul(a, b, options); };
           }});
    }
  }
  return cases;
}

// Functions of numbers and rows: bound by reading x and writing as much, but for cross-entropy,
// which writes next to nothing.
std::vector<Case> elementwise_cases(bool quick) {
  const std::int64_t R = quick ? 64 : 16384, C = 1024;
  const double bytes = 4.0 * static_cast<double>(R * C);
  const std::string size = std::to_string(R) + "×" + std::to_string(C);
  // `call` is an operation on x [R, C], w [C] and tokens [R].
  const auto row = [&](const std::string& name, double passes,
                       void (*call)(const Var& x, const Var& w, const Var& tokens)) {
    return Case{name, size, "f32", Limit::memory_read, passes * bytes, [=] {
                  const auto tape = std::make_shared<Tape>(Keep::nothing);
                  const Var x = tape->input("x", random_tensor({R, C}, 1));
                  const Var w = tape->input("w", random_tensor({C}, 2));
                  Tensor numbers({R}, DType::i64);
                  for (std::int64_t i = 0; i < R; ++i) {
                    numbers.mutable_data<std::int64_t>()[i] = i * 31 % std::min(R, C);
                  }
                  const Var tokens = tape->input("tokens", numbers);
                  return [tape, x, w, tokens, call] { call(x, w, tokens); };
                }};
  };
  using V = const Var&;
  return {row("softmax", 2, [](V x, V, V) { softmax(x); }),
          row("gelu", 2, [](V x, V, V) { gelu(x); }),
          row("gelu_tanh", 2, [](V x, V, V) { gelu(x, true); }),
          row("silu", 2, [](V x, V, V) { silu(x); }),
          row("tanh", 2, [](V x, V, V) { tanh(x); }),
          row("layer_norm", 2, [](V x, V w, V) { layer_norm(x, w, w); }),
          row("rms_norm", 2, [](V x, V w, V) { rms_norm(x, w); }),
          row("embedding", 2, [](V x, V, V tokens) { embedding(tokens, x); }),
          row("cross_entropy", 1, [](V x, V, V tokens) { cross_entropy(x, tokens); })};
}

// The overview of a long attention: its scores alone.
std::vector<Case> map_cases(bool quick) {
  const std::int64_t T = quick ? 512 : 65536, D = 64;
  const double flop = 2.0 * static_cast<double>(T) * static_cast<double>(T) * D / 2;
  std::vector<Case> cases;
  for (const auto& [word, meaning] : kPrecisions) {
    const Precision precision = meaning;
    cases.push_back({"attention_map", size_name({1, 1, 1, T, T, D, true}), word,
                     limit_of(precision), flop, [=] {
                       const Tensor q = random_tensor({T, D}, 1);
                       const Tensor k = random_tensor({T, D}, 2);
                       AttentionMapOptions options{.rule = {.is_causal = true},
                                                   .cell = quick ? 64 : 512};
                       options.precision = precision;
                       return [=] { attention_map(q, k, options); };
                     }});
  }
  return cases;
}

}  // namespace

std::vector<Case> all_cases(bool quick) {
  std::vector<Case> all;
  for (const auto& cases : {matmul_cases(quick), attention_cases(quick), decode_cases(quick),
                            elementwise_cases(quick), map_cases(quick)}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const Case& c : all_cases(true)) {
    if (std::find(names.begin(), names.end(), c.kernel) == names.end()) names.push_back(c.kernel);
  }
  return names;
}

}  // namespace clearhead::bench
