// Fused attention of a long sequence takes little memory beyond operands and result. A program of
// its own, so that the peak that the system reports is this test's.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "clearhead/base/random.h"
#include "clearhead/ops/attention.h"
#include "tests/scale.h"

namespace clearhead {
namespace {

// A field of /proc/self/status in KiB, or −1.
std::int64_t status_kib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoll(line.substr(field.size() + 1));
  }
  return -1;
}

TEST(AttentionMemory, FusedNeedsUnder16MiBBeyondOperandsAndResultAt65536Tokens) {
  if (is_small_scale()) GTEST_SKIP() << "too slow with a sanitizer";
  constexpr std::int64_t kTokens = 65536, kD = 64;
  Random random(1);
  Tape tape(Keep::for_backward);
  Tensor tensors[3];
  for (Tensor& tensor : tensors) {
    tensor = Tensor({1, 1, kTokens, kD});
    for (std::int64_t i = 0; i < tensor.count(); ++i) {
      tensor.mutable_data<float>()[i] = static_cast<float>(random.uniform() - 0.5);
    }
  }
  const Var q = tape.input("q", tensors[0]), k = tape.input("k", tensors[1]),
            v = tape.input("v", tensors[2]);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew from what is used now
  const std::int64_t before = status_kib("VmRSS");
  if (before < 0 || status_kib("VmHWM") > before + 4096)
    GTEST_SKIP() << "this system does not tell its peak memory";
  const Var z =
      scaled_dot_product_attention(q, k, v, {.is_causal = true, .way = AttentionWay::fused});
  const std::int64_t peak = status_kib("VmHWM");
  const std::int64_t result = kTokens * kD * 4 / 1024;
  EXPECT_LT(peak - before - result, 16 * 1024);
  RecordProperty("extra_kib", static_cast<int>(peak - before - result));
  std::printf("extra memory: %lld KiB\n", static_cast<long long>(peak - before - result));
  EXPECT_NEAR(z.value().at({0, 0, 0, 5}), tensors[2].at({0, 0, 0, 5}),
              1e-6);  // the first token sees itself only
}

Tensor uniform(const Shape& shape, Random& random) {
  Tensor x(shape);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.mutable_data<float>()[i] = static_cast<float>(random.uniform() - 0.5);
  }
  return x;
}

// The window keeps the test short; memory does not depend on it, since what is packed and what is
// gathered depends on the sizes alone.
TEST(AttentionMemory, ForwardAndBackwardNeedUnder64MiBBeyondTensorsAt131072Tokens) {
  if (is_small_scale()) GTEST_SKIP() << "too slow with a sanitizer";
  constexpr std::int64_t kTokens = 131072, kD = 64;
  const Shape shape = {1, 1, kTokens, kD};
  Random random(2);
  const Tensor q = uniform(shape, random), k = uniform(shape, random), v = uniform(shape, random),
               dz = uniform(shape, random);
  for (const Precision precision : {Precision::highest, Precision::high, Precision::medium}) {
    Tape tape(Keep::for_backward);
    const Var q_var = tape.input("q", q), k_var = tape.input("k", k), v_var = tape.input("v", v);
    std::ofstream("/proc/self/clear_refs") << "5";
    const std::int64_t before = status_kib("VmRSS");
    if (before < 0 || status_kib("VmHWM") > before + 4096)
      GTEST_SKIP() << "this system does not tell its peak memory";
    const Var z = scaled_dot_product_attention(q_var, k_var, v_var,
                                               {.is_causal = true,
                                                .left_window_size = 100,
                                                .way = AttentionWay::fused,
                                                .precision = precision});
    tape.backward(z, dz);
    const std::int64_t tensors = 4 * kTokens * kD * 4 / 1024;  // z and three gradients
    const std::int64_t extra = status_kib("VmHWM") - before - tensors;
    EXPECT_LT(extra, 64 * 1024) << "precision " << static_cast<int>(precision);
    std::printf("extra memory, precision %d: %lld KiB\n", static_cast<int>(precision),
                static_cast<long long>(extra));
  }
}

}  // namespace
}  // namespace clearhead
