// Included before every file that Emscripten compiles: what C++20 has and the C++ library of
// Debian's Emscripten (libc++ 13) does not.
#include <cstddef>
#include <memory>
#include <type_traits>

namespace std {

template <typename To, typename From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From) && is_trivially_copyable_v<To> &&
                is_trivially_copyable_v<From>);
  return __builtin_bit_cast(To, from);
}

template <typename Array>
unique_ptr<Array> make_unique_for_overwrite(size_t count) {
  return unique_ptr<Array>(new remove_extent_t<Array>[count]);
}

template <typename Array>
shared_ptr<Array> make_shared_for_overwrite(size_t count) {
  return shared_ptr<Array>(new remove_extent_t<Array>[count]);
}

}  // namespace std
