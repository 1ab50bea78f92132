// Where a calculation leaves a result that others may add to as well, such as a gradient.
#ifndef CLEARHEAD_COMPUTE_INTO_H_
#define CLEARHEAD_COMPUTE_INTO_H_

namespace clearhead::compute {

/// Nowhere if data is nullptr: the result is not wanted. Otherwise it is added to what lies there,
/// or written over it.
template <typename T>
struct Into {
  T* data = nullptr;
  bool add = false;

  explicit operator bool() const { return data != nullptr; }
};

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_INTO_H_
