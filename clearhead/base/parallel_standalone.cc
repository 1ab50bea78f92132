// parallel_for of the standalone build: one piece after the other, on the only thread.
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"

namespace clearhead {

int thread_count() { return 1; }

void set_thread_count(int threads) {
  if (threads != 0 && threads != 1) {
    throw Error("thread count: expected 1, the only number of this build, got " +
                std::to_string(threads));
  }
}

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

}  // namespace clearhead
