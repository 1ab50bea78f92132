// Times attention.
#include "clearhead/train/attention_time.h"

#include <cstdint>

#include "clearhead/base/progress.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/attention.h"

namespace clearhead {
namespace {

Tensor random_normal(const Shape& shape, std::uint64_t stream) {
  Random random(0, stream);
  Tensor x = Tensor::empty(shape, DType::f32);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.mutable_data<float>()[i] = static_cast<float>(random.normal());
  }
  return x;
}

}  // namespace

double attention_seconds(const Shape& shape) {
  Tape tape(Keep::for_backward);
  const Var q = tape.input("q", random_normal(shape, 0));
  const Var k = tape.input("k", random_normal(shape, 1));
  const Var v = tape.input("v", random_normal(shape, 2));
  const Tensor d_z = random_normal(shape, 3);
  const double begin = seconds_now();
  const Var z =
      scaled_dot_product_attention(q, k, v, {.is_causal = true, .way = AttentionWay::fused});
  tape.backward(z, d_z);
  return seconds_now() - begin;
}

}  // namespace clearhead
