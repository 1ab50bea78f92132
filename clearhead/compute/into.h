// Where a calculation puts a result that may be added to what is there, such as a gradient.
#ifndef CLEARHEAD_COMPUTE_INTO_H_
#define CLEARHEAD_COMPUTE_INTO_H_

namespace clearhead::compute {

/// If data is nullptr the result is not wanted. Else it is added to what is there, or replaces it.
template <typename T>
struct Into {
  T* data = nullptr;  ///< the first number of the place
  bool add = false;   ///< whether what lies there stays and is added to

  /// Whether the result is wanted.
  explicit operator bool() const { return data != nullptr; }
};

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_INTO_H_
