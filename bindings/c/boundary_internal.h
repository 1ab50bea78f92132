// What stands between C and C++: exceptions become codes, structs of C become values of C++.
#ifndef CLEARHEAD_BINDINGS_C_BOUNDARY_INTERNAL_H_
#define CLEARHEAD_BINDINGS_C_BOUNDARY_INTERNAL_H_

#include <cstddef>
#include <exception>
#include <initializer_list>
#include <string>

#include "bindings/c/clearhead.h"
#include "clearhead/base/precision.h"
#include "clearhead/tensor/tensor.h"

/// A tensor that was handed to the caller.
struct clearhead_tensor {
  clearhead::Tensor value;  // row-major
  clearhead_dtype dtype;    // of it
};

namespace clearhead::c {

/// Remembers what went wrong for this thread; returns its code.
clearhead_status failed(std::exception_ptr error) noexcept;

/// Runs `f`; what it throws becomes a code.
template <typename F>
clearhead_status guarded(F&& f) noexcept {
  try {
    f();
    return CLEARHEAD_OK;
  } catch (...) {
    return failed(std::current_exception());
  }
}

/// `pointer`, which the caller calls `name`. Throws Error if it is NULL.
template <typename T>
T& required(T* pointer, const char* name);

/// Throws Error: "name: what is wrong".
[[noreturn]] void refuse(const char* name, const std::string& what);
/// Throws Error: `name` is NULL.
[[noreturn]] void refuse_null(const char* name);
/// Overlays `known` bytes of a struct with `given` of the caller's, of which the first is its size.
/// Throws Error if the caller's says something that this library does not know.
void take_members(void* into, std::size_t known, const void* given, const char* name);

/// A struct that begins with its size, as the caller gave it: members that the caller does not know
/// are those of `defaults`; all are, if there is none.
template <typename T>
T members_of(const T* given, const T& defaults, const char* name) {
  T members = defaults;
  if (given != nullptr) take_members(&members, sizeof(T), given, name);
  return members;
}

template <typename T>
T& required(T* pointer, const char* name) {
  if (pointer == nullptr) refuse_null(name);
  return *pointer;
}

/// The numbers of an array where they lie. Throws Error, which calls it `name`, if it is NULL or
/// not as clearhead.h says.
Tensor view_of(const clearhead_array* array, const char* name);
/// The same to be written to.
Tensor writable_view_of(const clearhead_array* array, const char* name);
/// An array of a call and its name there; or none.
struct NamedArray {
  const char* name;
  const clearhead_array* array;
};
/// Throws Error if an array that is written begins where another of the call does.
void keep_apart(std::initializer_list<NamedArray> written, std::initializer_list<NamedArray> read);
/// Writes `value` into an array of its shape and type, if there is one.
void give(const Tensor& value, const clearhead_array* array, const char* name);

clearhead_dtype dtype_of(DType dtype);
/// Throws Error unless it is a type.
DType dtype_of(clearhead_dtype dtype, const char* name);
/// Throws Error unless it is a precision.
Precision precision_of(clearhead_precision precision);

/// A tensor for the caller.
clearhead_tensor* new_tensor(const Tensor& value);

}  // namespace clearhead::c

#endif  // CLEARHEAD_BINDINGS_C_BOUNDARY_INTERNAL_H_
