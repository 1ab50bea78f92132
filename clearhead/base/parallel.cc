// parallel_for on oneTBB: nested loops share one pool of threads instead of multiplying them.
#include "clearhead/base/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <memory>
#include <mutex>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"

#ifdef CLEARHEAD_TELL_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* event);
extern "C" void __tsan_release(void* event);
// What oneTBB does in its own memory through memset and the like, the sanitizer does see.
extern "C" const char* __tsan_default_suppressions() { return "called_from_lib:libtbb.so\n"; }
#endif

namespace clearhead {
namespace {

// Debian's oneTBB is not built with the thread sanitizer, which therefore cannot see that a piece
// of a loop comes after what the caller did, and before what the caller does next. For that
// sanitizer this file is compiled without it, and tells it that order and no other.
void happens_before([[maybe_unused]] char& event) {
#ifdef CLEARHEAD_TELL_THREAD_SANITIZER
  __tsan_release(&event);
#endif
}
void happens_after([[maybe_unused]] char& event) {
#ifdef CLEARHEAD_TELL_THREAD_SANITIZER
  __tsan_acquire(&event);
#endif
}

struct LoopOrder {
  char begin = 0;
  char end = 0;
  LoopOrder() { happens_before(begin); }
  ~LoopOrder() { happens_after(end); }
};
struct PieceOrder {
  LoopOrder& loop;
  explicit PieceOrder(LoopOrder& of) : loop(of) { happens_after(loop.begin); }
  ~PieceOrder() { happens_before(loop.end); }
};

std::mutex& arena_mutex() {
  static std::mutex mutex;
  return mutex;
}

// The arena that runs the loops. Held by shared_ptr so that a running loop outlives a change of the
// thread count.
std::shared_ptr<tbb::task_arena>& arena() {
  static std::shared_ptr<tbb::task_arena> current =
      std::make_shared<tbb::task_arena>(tbb::info::default_concurrency());
  return current;
}

}  // namespace

int thread_count() {
  const std::lock_guard lock(arena_mutex());
  return arena()->max_concurrency();
}

void set_thread_count(int threads) {
  if (threads < 0 || threads > kMaxThreads) {
    throw Error("thread count: expected 1 to " + std::to_string(kMaxThreads) +
                ", or 0 for the machine's number, got " + std::to_string(threads));
  }
  const int count = threads == 0 ? tbb::info::default_concurrency() : threads;
  // More threads than the machine has must be allowed explicitly, or oneTBB silently uses fewer.
  static std::unique_ptr<tbb::global_control> limit;
  const std::lock_guard lock(arena_mutex());
  limit = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                static_cast<std::size_t>(count));
  arena() = std::make_shared<tbb::task_arena>(count);
}

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (count <= 1) {
    if (count == 1) {
      check_interrupt();
      body(0);
    }
    return;
  }
  std::shared_ptr<tbb::task_arena> current;
  {
    const std::lock_guard lock(arena_mutex());
    current = arena();
  }
  LoopOrder order;
  current->execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, count, 1),
        [&](const tbb::blocked_range<std::int64_t>& range) {
          const PieceOrder piece(order);
          for (std::int64_t i = range.begin(); i < range.end(); ++i) {
            check_interrupt();
            body(i);
          }
        },
        tbb::simple_partitioner());
  });
}

}  // namespace clearhead
