// How much memory of tensors a calculation takes at once.
#ifndef CLEARHEAD_BASE_PEAK_MEMORY_H_
#define CLEARHEAD_BASE_PEAK_MEMORY_H_

#include <cstddef>

namespace clearhead {

/// Watches how much memory a calculation takes. There may be one at a time.
class PeakMemory {
 public:
  /// Begins to watch.
  PeakMemory();
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;

  /// The most bytes that were in use at once since this was made, beyond those in use before. Of
  /// blocks of 32 KiB or more: what kernels and small tensors take besides is not counted.
  std::size_t bytes() const;

 private:
  std::size_t before_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PEAK_MEMORY_H_
