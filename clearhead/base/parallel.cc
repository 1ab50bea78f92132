// parallel_for: whoever calls it does pieces himself; threads that stay awake for a moment after a
// loop join him. No locks: a loop lies in a slot while others may enter.
#include "clearhead/base/parallel.h"

#include <hwy/cache_control.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <thread>

#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"

namespace clearhead {
namespace {

// A call of parallel_for. Its pieces are divided into parts, one for each thread but at most 16, so
// that threads do not get in each other's way and meet in one loop what they met in the last. Who
// has done one part helps with the next. A caller who has nothing left to do waits for those who
// help him, and meanwhile helps nobody.
class Loop {
 public:
  Loop(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body)
      : body_(body),
        parts_(std::min<std::int64_t>({count, threads, kMostParts})),
        places_(static_cast<int>(std::min<std::int64_t>(count, threads)) - 1) {
    for (std::int64_t i = 0; i < parts_; ++i) {
      part_[i].next = count * i / parts_;
      part_[i].end = count * (i + 1) / parts_;
    }
  }

  // How many more threads may join.
  int places() const { return places_; }
  bool take_place() { return places_ > 0 && places_.fetch_sub(1) > 0; }

  // Does pieces, those of part `first` at first, until none is left.
  void run(std::int64_t first) {
    try {
      for (std::int64_t i = 0; i < parts_; ++i) run_part(part_[(first + i) % parts_]);
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
      for (std::int64_t i = 0; i < parts_; ++i) part_[i].next = part_[i].end;
    }
  }

  // To be called when all have left.
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  static constexpr std::int64_t kMostParts = 16;
  struct alignas(64) Part {  // a cache line
    std::atomic<std::int64_t> next;
    std::int64_t end;
  };

  void run_part(Part& part) {
    if (part.next >= part.end) return;
    for (std::int64_t i = part.next++; i < part.end; i = part.next++) {
      check_interrupt();
      body_(i);
    }
  }

  const std::function<void(std::int64_t)>& body_;
  const std::int64_t parts_;
  Part part_[kMostParts];
  std::atomic<int> places_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr error_;
};

// Where a running loop lies. A thread first counts itself as inside, then looks whether a loop is
// there; the loop's caller first takes it away, then waits until nobody is inside. In the one order
// of these four steps that all threads see, the thread finds no loop or the caller finds the
// thread: nobody uses a loop that has ended.
struct alignas(64) Slot {
  std::atomic<bool> taken = false;
  std::atomic<Loop*> loop = nullptr;
  std::atomic<int> inside = 0;
};

// Loops at the same time, those inside pieces included; what does not fit runs in its caller alone.
Slot slots[64];
alignas(64) std::atomic<int> begun = 0;    // loops so far: what idle threads watch
alignas(64) std::atomic<int> waiting = 0;  // idle threads that are awake
std::atomic<int> helpers = 0;              // threads that there are beside the callers
std::atomic<int> wanted = 0;               // as set_thread_count was told
std::atomic<int> forks = 0;                // how often this process is the child of a fork

// Waking a thread takes 5 to 50 microseconds, as long as many loops: so it waits for the next one
// awake, at first without giving way to others, for as long as a caller takes between two loops.
constexpr std::chrono::microseconds kBusy{20}, kAwake{50};

// The processors of the process, whichever the calling thread may use.
bool get_processors(cpu_set_t& set) {
  return ::sched_getaffinity(::getpid(), sizeof set, &set) == 0;
}

int machine_threads() {
  cpu_set_t set;
  if (get_processors(set)) return CPU_COUNT(&set);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int default_threads() {
  static const int threads = machine_threads();
  return threads;
}

// Waits until `f` holds, but not for long. Returns whether it does.
template <typename F>
bool comes_soon(const F& f) {
  const bool each_has_a_core = thread_count() <= default_threads();
  const auto begin = std::chrono::steady_clock::now();
  for (auto waited = begin - begin; each_has_a_core && waited < kAwake;
       waited = std::chrono::steady_clock::now() - begin) {
    for (int i = 0; i < 8; ++i) {
      if (f()) return true;
      hwy::Pause();
    }
    if (waited >= kBusy) std::this_thread::yield();
  }
  return f();
}

// Wakes up to two threads; each of them wakes up to two when it has joined.
void wake_for(const Loop& loop) {
  for (int i = 0; i < 2; ++i) {
    if (waiting + i < loop.places()) begun.notify_one();
  }
}

// Joins loops that have room. Returns whether there was one.
bool help(int me) {
  bool helped = false;
  for (Slot& slot : slots) {
    if (slot.loop.load() == nullptr) continue;
    ++slot.inside;
    if (Loop* const loop = slot.loop; loop != nullptr && loop->take_place()) {
      wake_for(*loop);
      loop->run(me);
      helped = true;
    }
    --slot.inside;
    slot.inside.notify_one();
  }
  return helped;
}

// Whether the calling thread is one more than are wanted: then it must end.
bool is_one_too_many() {
  int count = helpers;
  while (count >= thread_count()) {
    if (helpers.compare_exchange_weak(count, count - 1)) return true;
  }
  return false;
}

void help_forever(int me) {
  cpu_set_t set;  // not those of the thread that made this one
  if (get_processors(set)) ::sched_setaffinity(0, sizeof set, &set);
  for (;;) {
    const int seen = begun;
    if (help(me)) continue;
    if (is_one_too_many()) return;
    ++waiting;
    const bool soon = comes_soon([&] { return begun != seen; });
    --waiting;
    if (!soon) begun.wait(seen);
  }
}

// A process that was forked has none of the threads, nor do they stand in its loops.
void begin_anew() {
  ++forks;
  helpers = 0;
  waiting = 0;
  for (Slot& slot : slots) {
    slot.taken = false;
    slot.loop = nullptr;
    slot.inside = 0;
  }
}

void have_helpers(int count) {
  static const int told = ::pthread_atfork(nullptr, nullptr, begin_anew);
  static_cast<void>(told);
  int have = helpers;
  while (have < count) {
    if (!helpers.compare_exchange_weak(have, have + 1)) continue;
    try {
      std::thread(help_forever, ++have).detach();  // what it uses is never destroyed
    } catch (const std::exception&) {              // the system gives no more: it goes without
      --helpers;
      return;
    }
  }
}

}  // namespace

int thread_count() {
  const int threads = wanted;
  return threads == 0 ? default_threads() : threads;
}

void set_thread_count(int threads) {
  if (threads < 0 || threads > kMaxThreads) {
    throw Error("thread count: expected 1 to " + std::to_string(kMaxThreads) +
                ", or 0 for the machine's number, got " + std::to_string(threads));
  }
  wanted = threads;
  ++begun;
  begun.notify_all();  // for those that are now too many to end
}

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  const int threads = thread_count();
  Slot* const end = std::end(slots);
  Slot* const slot = count <= 1 || threads == 1 ? end : std::find_if(slots, end, [](Slot& s) {
    return !s.taken.exchange(true);
  });
  if (slot == end) {
    for (std::int64_t i = 0; i < count; ++i) {
      check_interrupt();
      body(i);
    }
    return;
  }
  have_helpers(static_cast<int>(std::min<std::int64_t>(count, threads)) - 1);
  const int forks_before = forks;
  Loop loop(count, threads, body);
  slot->loop = &loop;
  ++begun;
  wake_for(loop);
  loop.run(0);
  if (forks != forks_before) {
    throw Error(
        "this process was forked within a calculation, whose other threads it does not have");
  }
  slot->loop = nullptr;
  if (!comes_soon([&] { return slot->inside == 0; })) {
    for (int inside = slot->inside; inside != 0; inside = slot->inside) slot->inside.wait(inside);
  }
  slot->taken = false;
  loop.rethrow();
}

}  // namespace clearhead
