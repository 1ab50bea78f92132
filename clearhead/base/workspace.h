// Memory that a piece of work borrows while it runs.
#ifndef CLEARHEAD_BASE_WORKSPACE_H_
#define CLEARHEAD_BASE_WORKSPACE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "clearhead/base/memory.h"

namespace clearhead {

/// `count` uninitialised numbers, aligned to 64 bytes: a cache line, and the widest vector that a
/// processor loads, so that no load of a kernel lies across two lines. A large workspace is
/// allocated like a tensor, in large pages, and used again while a loop repeats itself.
template <typename T>
class Workspace {
 public:
  /// Throws std::bad_alloc if the memory cannot be had.
  explicit Workspace(std::int64_t count)
      : memory_(allocate(static_cast<std::size_t>(count) * sizeof(T))) {
    if (memory_ == nullptr) throw std::bad_alloc();
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// The first number.
  T* get() const { return static_cast<T*>(memory_.get()); }

 private:
  std::shared_ptr<void> memory_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_WORKSPACE_H_
