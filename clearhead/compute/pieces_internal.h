// How attention is spread over threads: in pieces of work that borrow memory while they run.
#ifndef CLEARHEAD_COMPUTE_PIECES_INTERNAL_H_
#define CLEARHEAD_COMPUTE_PIECES_INTERNAL_H_

#include <algorithm>
#include <cstdint>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"

namespace clearhead::compute {

/// Calls f(i, memory) for every i < count on all threads; memory has room for `numbers` f32. A call
/// takes about `multiply_adds` multiply-adds. One thread makes several short calls in a row, about
/// 10 microseconds of work, all about the same: with less, starting a thread and taking memory,
/// for which threads wait for each other, would take longer than the work.
template <typename F>
void for_each_with_memory(std::int64_t numbers, std::int64_t count, std::int64_t multiply_adds,
                          const F& f) {
  constexpr std::int64_t kEnough = std::int64_t{1} << 20;
  const std::int64_t most =
      std::max<std::int64_t>(kEnough / std::max<std::int64_t>(multiply_adds, 1), 1);
  const std::int64_t pieces = std::max<std::int64_t>(ceil_div(count, most), 1);
  const std::int64_t in_a_row = std::max<std::int64_t>(ceil_div(count, pieces), 1);
  parallel_for(ceil_div(count, in_a_row), [&](std::int64_t piece) {
    const Workspace<float> memory(numbers);
    const std::int64_t end = std::min((piece + 1) * in_a_row, count);
    for (std::int64_t i = piece * in_a_row; i < end; ++i) f(i, memory.get());
  });
}

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_PIECES_INTERNAL_H_
