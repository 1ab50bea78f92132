// What Precision::high and medium promise of attention, forward and backward: docs/numerics.md.
// Where there are no tiles all precisions are the highest, and all of this holds all the more.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/attention.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

struct Shapes {
  std::int64_t B, H, G, T, D;
  bool is_causal;
};

// The same numbers in either type.
Tensor normal(const Shape& shape, std::uint64_t stream, DType dtype) {
  return random_tensor(shape, stream, DType::f32).to(dtype);
}

// The result and the gradients of q, k, v.
std::vector<Tensor> run(const Shapes& s, Precision precision, DType dtype = DType::f32) {
  Tape tape(Keep::for_backward);
  const Var q = tape.input("q", normal({s.B, s.H, s.T, s.D}, 1, dtype));
  const Var k = tape.input("k", normal({s.B, s.G, s.T, s.D}, 2, dtype));
  const Var v = tape.input("v", normal({s.B, s.G, s.T, s.D}, 3, dtype));
  const Var z = scaled_dot_product_attention(
      q, k, v, {.is_causal = s.is_causal, .way = AttentionWay::fused, .precision = precision});
  tape.backward(z, normal(z.shape(), 4, dtype));
  return {z.value().contiguous(), q.grad(), k.grad(), v.grad()};
}

TEST(AttentionPrecision, ErrorsAreAsDocumented) {
  const char* const names[] = {"z", "dq", "dk", "dv"};
  for (const Shapes& s : {Shapes{1, 2, 2, 512, 64, false}, Shapes{1, 2, 2, 512, 64, true},
                          Shapes{1, 2, 1, 300, 128, true}, Shapes{2, 2, 2, 64, 32, true}}) {
    const std::vector<Tensor> exact = run(s, Precision::highest, DType::f64);
    for (const auto& [precision, error] : {std::pair{Precision::highest, 1e-6},
                                           {Precision::high, 2e-5},
                                           {Precision::medium, 8e-3}}) {
      const std::vector<Tensor> actual = run(s, precision);
      for (std::size_t i = 0; i < exact.size(); ++i) {
        EXPECT_LT(relative_error(actual[i], exact[i]), error)
            << names[i] << ", T " << s.T << " D " << s.D << " causal " << s.is_causal;
      }
    }
  }
}

TEST(AttentionPrecision, SameBytesForAnyNumberOfThreads) {
  for (const Shapes& s : {Shapes{1, 2, 1, 1100, 20, true}, Shapes{3, 2, 2, 70, 16, false}}) {
    for (const Precision precision : {Precision::high, Precision::medium}) {
      set_thread_count(1);
      const std::vector<Tensor> expected = run(s, precision);
      for (const int threads : {2, 5}) {
        set_thread_count(threads);
        const std::vector<Tensor> actual = run(s, precision);
        for (std::size_t i = 0; i < actual.size(); ++i) {
          EXPECT_EQ(std::memcmp(actual[i].data<float>(), expected[i].data<float>(),
                                static_cast<std::size_t>(actual[i].count()) * sizeof(float)),
                    0)
              << threads << " threads, tensor " << i;
        }
      }
    }
  }
  set_thread_count(0);
}

}  // namespace
}  // namespace clearhead
