// Times a piece of work many times over.
#include "bench/timing.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>

namespace clearhead::bench {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double time_of(const std::function<void()>& work, std::int64_t calls) {
  const double begin = now();
  for (std::int64_t i = 0; i < calls; ++i) work();
  return (now() - begin) / static_cast<double>(calls);
}

// The value that a fraction of the sorted numbers lies below, between neighbours if need be.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

Timing summarise(std::vector<double> times) {
  assert(!times.empty());
  std::sort(times.begin(), times.end());
  return {times.front(), quantile(times, 0.25), quantile(times, 0.5),
          static_cast<std::int64_t>(times.size())};
}

Timing measure(const std::function<void()>& work, double seconds) {
  constexpr std::size_t kLeastTimes = 3;
  constexpr double kLeastTime = 20e-6;  // a thousand times what reading the clock takes
  work();
  const double once = time_of(work, 1);
  const auto together = static_cast<std::int64_t>(std::ceil(kLeastTime / std::max(once, 1e-9)));
  std::vector<double> times;
  const double end = now() + seconds;
  while (times.size() < kLeastTimes || now() < end) times.push_back(time_of(work, together));
  return summarise(std::move(times));
}

}  // namespace clearhead::bench
