// Loops over independent pieces of work on all threads of the machine.
#ifndef CLEARHEAD_BASE_PARALLEL_H_
#define CLEARHEAD_BASE_PARALLEL_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "clearhead/base/ceil_div.h"

namespace clearhead {

/// The most threads that may be set; each takes memory of its own.
inline constexpr int kMaxThreads = 1024;

/// The number of threads that `parallel_for` uses: the machine's, until `set_thread_count` says
/// otherwise.
int thread_count();

/// Uses `threads` threads from now on; 0 means the machine's number again. Throws Error if
/// negative or above kMaxThreads.
void set_thread_count(int threads);

/// Calls `body(i)` for every i in [0, count), in any order and at the same time; returns when all
/// are done. The caller divides the work: results must not depend on the number of pieces if that
/// depends on the number of threads. Calls may nest, and come from several threads: each does
/// pieces of its own loop, and the others help where there is work. They wait awake for the next
/// loop for 50 microseconds, then sleep. An exception thrown by a piece is rethrown here. Throws
/// Error in a process that was forked within the loop: the pieces of its other threads are missing.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body);

/// How many numbers of a simple calculation a thread takes at a time, so that dividing costs
/// little.
inline constexpr std::int64_t kPiece = std::int64_t{1} << 14;

/// Rows of C numbers each that one thread takes at a time.
inline std::int64_t rows_of_a_piece(std::int64_t C) {
  return std::max<std::int64_t>(1, kPiece / std::max<std::int64_t>(1, C));
}

/// Calls f(begin, end) for pieces of [0, count), each `piece` long but for the last, on all
/// threads.
template <typename F>
void for_each_piece(std::int64_t count, std::int64_t piece, F&& f) {
  parallel_for(ceil_div(count, piece),
               [&](std::int64_t i) { f(i * piece, std::min(count, (i + 1) * piece)); });
}

/// The same for pieces of R rows of C numbers each, of about kPiece numbers.
template <typename F>
void for_each_rows(std::int64_t R, std::int64_t C, F&& f) {
  for_each_piece(R, rows_of_a_piece(C), std::forward<F>(f));
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PARALLEL_H_
