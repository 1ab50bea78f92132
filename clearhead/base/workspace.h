// Memory that a piece of work borrows while it runs.
#ifndef CLEARHEAD_BASE_WORKSPACE_H_
#define CLEARHEAD_BASE_WORKSPACE_H_

#include <cstddef>
#include <cstdint>
#include <new>

namespace clearhead {

/// `count` uninitialised numbers from a multiple of 64 bytes on: a cache line, and the widest vector
/// that a processor loads, so that no load of the kernels lies across two lines.
template <typename T>
class Workspace {
 public:
  explicit Workspace(std::int64_t count)
      : data_(static_cast<T*>(
            ::operator new (static_cast<std::size_t>(count) * sizeof(T), std::align_val_t{64}))) {}
  ~Workspace() { ::operator delete (data_, std::align_val_t{64}); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  T* get() const { return data_; }

 private:
  T* data_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_WORKSPACE_H_
