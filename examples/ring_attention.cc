// Attention of a sequence that is divided over processes:
//
//     mpirun -n 4 example-ring-attention TOKENS
//
// calculates causal attention of 8 heads with 2 of keys and values, of 64 numbers each, forward and
// backward, and says how long that took, what each rank sent, and how much memory it needed. Each
// rank makes its own tokens: the whole sequence is nowhere.
#include "clearhead/distributed/ring_attention.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/peak_memory.h"
#include "clearhead/base/random.h"

namespace {

using clearhead::Tensor;
using namespace clearhead::distributed;

constexpr std::int64_t kH = 8, kG = 2, kD = 64;

Tensor random(const Ranks& ranks, std::int64_t heads, std::int64_t T, std::uint64_t stream) {
  const std::int64_t tokens = ring_tokens(T, ranks.rank(), ranks.size());
  Tensor x = Tensor::empty({1, heads, tokens, kD}, clearhead::DType::f32);
  float* const to = x.mutable_data<float>();
  clearhead::parallel_for(heads * tokens, [&](std::int64_t row) {
    const std::int64_t of_rank = ranks.rank() * heads * tokens + row;
    clearhead::Random numbers(stream, static_cast<std::uint64_t>(of_rank));
    for (std::int64_t i = 0; i < kD; ++i) {
      to[row * kD + i] = static_cast<float>(numbers.normal());
    }
  });
  return x;
}

// What one rank has to tell of forward or backward.
struct Figures {
  double seconds, bytes_sent;
};

template <typename F>
Figures measured(Ranks& ranks, F&& calculate) {
  ranks.gather({});  // all begin together
  const std::int64_t before = ranks.bytes_sent();
  const auto start = std::chrono::steady_clock::now();
  calculate();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {seconds.count(), static_cast<double>(ranks.bytes_sent() - before)};
}

void run(Ranks& ranks, std::int64_t T) {
  const clearhead::PeakMemory memory;
  const RingAttention call{.q = random(ranks, kH, T, 1),
                           .k = random(ranks, kG, T, 2),
                           .v = random(ranks, kG, T, 3),
                           .T = T,
                           .rule = {.is_causal = true}};
  const Tensor d_z = random(ranks, kH, T, 4);
  clearhead::compute::AttentionForward result;
  const Figures forward = measured(ranks, [&] { result = ring_attention(ranks, call); });
  const Figures backward =
      measured(ranks, [&] { ring_attention_backward(ranks, call, result, d_z); });

  const std::vector<double> all =
      ranks.gather(std::vector<double>{forward.seconds, forward.bytes_sent, backward.seconds,
                                       backward.bytes_sent, static_cast<double>(memory.bytes())});
  if (ranks.rank() != 0) return;
  std::printf("rank   forward s   sent MB   backward s   sent MB   tensors MB\n");
  for (std::size_t i = 0; i < all.size(); i += 5) {
    std::printf("%4zu %11.2f %9.1f %12.2f %9.1f %12.1f\n", i / 5, all[i], all[i + 1] / 1e6,
                all[i + 2], all[i + 3] / 1e6, all[i + 4] / 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t tokens = argc == 2 ? std::atoll(argv[1]) : 0;
  if (tokens < 1) {
    std::fprintf(stderr, "Use: mpirun -n RANKS %s TOKENS\n", argv[0]);
    return 2;
  }
  return run_ranks([&](Ranks& ranks) { run(ranks, tokens); });
}
