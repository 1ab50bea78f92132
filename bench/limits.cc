// Measures the limits of the processor and its memory.
#include "bench/limits.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>

#include "bench/limit_loops.h"
#include "bench/machine.h"
#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"

namespace clearhead::bench {
namespace {

// Many more pieces than threads, so that a thread that starts late costs one piece, not half the
// time; each of some 50 microseconds, dozens of times what handing it out takes. Together they take
// about a millisecond, so that of many runs some are disturbed by nothing.
constexpr std::int64_t kPiecesPerThread = 16;

// 12 vectors a step, 2 a cycle: 6 cycles; six tile products of 16 cycles: 96; 24 products of pairs,
// 2 a cycle or one in 2 cycles: 12 to 48.
constexpr std::int64_t kMultiplyAddSteps = 25'000;
constexpr std::int64_t kTileProductSteps = 1'600;
constexpr std::int64_t kPairProductSteps = 6'000;

// What a run reads of a buffer that no cache holds: the next run reads on behind it.
constexpr std::int64_t kBytesOfARun = 32 << 20;

// What the loops return lands here, where the compiler cannot know that nobody looks.
std::atomic<float> ignored;

// Larger than every cache of the machine, and no more than an eighth of its memory.
std::int64_t bytes_that_no_cache_holds() {
  const Machine machine = describe_machine();
  std::int64_t largest = 32 << 20;
  for (const Cache& cache : machine.caches) largest = std::max(largest, cache.bytes);
  std::int64_t bytes = 4 * largest;
  if (machine.memory_bytes > 0) bytes = std::min(bytes, machine.memory_bytes / 8);
  return bytes;
}

// Written, page by page, by the thread that reads that piece, or at least by several. Kept for the
// next loop of this size, since writing it takes longer than all that is measured with it.
std::shared_ptr<float> written_buffer(std::int64_t floats, std::int64_t pieces) {
  static std::shared_ptr<float> kept;
  static std::int64_t kept_floats = 0;
  if (kept_floats == floats) return kept;
  constexpr std::size_t kPage = 4096;
  const std::size_t bytes = round_up(static_cast<std::size_t>(floats) * sizeof(float), kPage);
  auto* data = static_cast<float*>(std::aligned_alloc(kPage, bytes));
  if (data == nullptr) {
    throw Error("measuring memory: " + std::to_string(bytes) +
                " bytes for a buffer cannot be had; close other programs");
  }
  std::shared_ptr<float> buffer(data, std::free);
  parallel_for(pieces, [&](std::int64_t piece) {
    std::fill(data + floats / pieces * piece, data + floats / pieces * (piece + 1), 1.0F);
  });
  kept = buffer, kept_floats = floats;
  return buffer;
}

}  // namespace

std::string limit_name(Limit limit) {
  switch (limit) {
    case Limit::multiply_add:
      return "multiply_add";
    case Limit::tile_product:
      return "tile_product";
    case Limit::pair_product:
      return "pair_product";
    case Limit::memory_read:
      break;
  }
  return "memory_read";
}

bool has_limit(Limit limit) {
  if (limit == Limit::tile_product) return has_tile_products();
  return limit != Limit::pair_product || has_pair_products();
}

std::vector<Limit> limits_of_this_machine() {
  std::vector<Limit> limits;
  for (const Limit limit :
       {Limit::multiply_add, Limit::tile_product, Limit::pair_product, Limit::memory_read}) {
    if (has_limit(limit)) limits.push_back(limit);
  }
  return limits;
}

LimitLoop::LimitLoop(Limit limit, std::int64_t bytes)
    : limit_(limit), pieces_(kPiecesPerThread * thread_count()) {
  if (!has_limit(limit)) throw Error("this machine has no " + limit_name(limit));
  double piece_work = 0;
  switch (limit) {
    case Limit::multiply_add:
      piece_size_ = kMultiplyAddSteps;
      piece_work = static_cast<double>(piece_size_) * multiply_add_step_flop();
      break;
    case Limit::tile_product:
      piece_size_ = kTileProductSteps;
      piece_work = static_cast<double>(piece_size_) * kTileProductStepFlop;
      break;
    case Limit::pair_product:
      piece_size_ = kPairProductSteps;
      piece_work = static_cast<double>(piece_size_) * kPairProductStepFlop;
      break;
    case Limit::memory_read:
      constexpr std::int64_t kStep = 1024;  // floats, what read_loop takes at once
      if (bytes == 0) bytes = bytes_that_no_cache_holds();
      const std::int64_t run_bytes = std::min(bytes, kBytesOfARun);
      piece_size_ = std::max<std::int64_t>(run_bytes / 4 / pieces_ / kStep, 1) * kStep;
      piece_work = static_cast<double>(piece_size_) * sizeof(float);
      runs_of_buffer_ = bytes / run_bytes;
      buffer_ = written_buffer(piece_size_ * pieces_ * runs_of_buffer_, pieces_);
      break;
  }
  work_ = piece_work * static_cast<double>(pieces_);
}

void LimitLoop::run() {
  part_ = (part_ + 1) % runs_of_buffer_;
  parallel_for(pieces_, [this](std::int64_t piece) { run_piece(piece); });
}

void LimitLoop::run_piece(std::int64_t piece) {
  switch (limit_) {
    case Limit::multiply_add:
      ignored = multiply_add_loop(piece_size_);
      break;
    case Limit::tile_product:
      ignored = tile_product_loop(piece_size_);
      break;
    case Limit::pair_product:
      ignored = pair_product_loop(piece_size_);
      break;
    case Limit::memory_read:
      ignored = read_loop(buffer_.get() + (part_ * pieces_ + piece) * piece_size_, piece_size_);
      break;
  }
}

std::vector<MeasuredLimit> measure_limits(int threads, double seconds) {
  const int before = thread_count();
  set_thread_count(threads);
  std::vector<MeasuredLimit> measured;
  for (const Limit limit : limits_of_this_machine()) {
    LimitLoop loop(limit);
    const Timing timing = measure([&] { loop.run(); }, seconds);
    measured.push_back({limit, threads, loop.work(), timing});
  }
  set_thread_count(before);
  return measured;
}

const MeasuredLimit* find_limit(const std::vector<MeasuredLimit>& limits, Limit limit,
                                int threads) {
  const auto found = std::find_if(limits.begin(), limits.end(), [&](const MeasuredLimit& l) {
    return l.limit == limit && l.threads == threads;
  });
  return found == limits.end() ? nullptr : &*found;
}

void keep_best(std::vector<MeasuredLimit>& limits, const std::vector<MeasuredLimit>& more) {
  for (const MeasuredLimit& measured : more) {
    const MeasuredLimit* known = find_limit(limits, measured.limit, measured.threads);
    if (known == nullptr) {
      limits.push_back(measured);
    } else if (measured.per_second() > known->per_second()) {
      limits[static_cast<std::size_t>(known - limits.data())] = measured;
    }
  }
}

}  // namespace clearhead::bench
