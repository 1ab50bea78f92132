// What stands between C and C++, and what all of the C interface has in common: version, errors,
// threads, arrays.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"

namespace clearhead::c {
namespace {

constexpr std::int32_t kMostAxes = 8;

constexpr std::pair<clearhead_dtype, DType> kTypes[] = {
    {CLEARHEAD_F32, DType::f32},   {CLEARHEAD_F64, DType::f64}, {CLEARHEAD_F16, DType::f16},
    {CLEARHEAD_BF16, DType::bf16}, {CLEARHEAD_I64, DType::i64}, {CLEARHEAD_BOOL, DType::boolean}};

thread_local std::string last_error;

clearhead_status remember(std::string_view message, clearhead_status status) noexcept {
  try {
    last_error = message;
  } catch (...) {  // there is no memory for it
    last_error.clear();
  }
  return status;
}

// The memory of arrays is the caller's, who keeps it.
const std::shared_ptr<const void>& caller() {
  static const std::shared_ptr<const void> owner = std::make_shared<char>();
  return owner;
}

[[noreturn]] void refuse(const char* name, const std::string& what) {
  throw Error(std::string(name) + ": " + what);
}

// Shape and strides, checked.
std::pair<Shape, std::vector<std::int64_t>> layout_of(const clearhead_array& array,
                                                      const char* name) {
  if (array.rank < 0 || array.rank > kMostAxes) {
    refuse(name, "expected 0 to " + std::to_string(kMostAxes) + " axes, got " +
                     std::to_string(array.rank));
  }
  if (array.rank > 0 && array.shape == nullptr) refuse(name, "its shape is NULL");
  Shape shape;
  if (array.rank > 0) shape.assign(array.shape, array.shape + array.rank);
  if (std::ranges::any_of(shape, [](std::int64_t size) { return size < 0; })) {
    refuse(name, "sizes must not be negative, got " + to_string(shape));
  }
  std::vector<std::int64_t> strides = row_major_strides(shape);
  if (array.strides != nullptr) strides.assign(array.strides, array.strides + array.rank);
  return {std::move(shape), std::move(strides)};
}

}  // namespace

clearhead_status failed(std::exception_ptr error) noexcept {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Error& wrong) {
    return remember(wrong.what(), CLEARHEAD_INVALID);
  } catch (const std::bad_alloc&) {
    return remember("there is not enough memory", CLEARHEAD_INVALID);
  } catch (const std::exception& fault) {
    return remember(fault.what(), CLEARHEAD_INTERNAL);
  } catch (...) {
    return remember("an unknown fault", CLEARHEAD_INTERNAL);
  }
}

void refuse_null(const char* name) { refuse(name, "it is needed, got NULL"); }

void take_members(void* into, std::size_t known, const void* given, const char* name) {
  std::size_t size;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size) {
    refuse(name, "its member `size` must be sizeof of the struct, got " + std::to_string(size));
  }
  // As the Linux kernel takes structs that grow: what it does not know must say nothing.
  const char* const bytes = static_cast<const char*>(given);
  if (size > known && std::any_of(bytes + known, bytes + size, [](char c) { return c != 0; })) {
    refuse(name, "it sets members that this library, clearhead " + std::string(CLEARHEAD_VERSION) +
                     ", does not know; use a newer one");
  }
  std::memcpy(into, given, std::min(size, known));
}

clearhead_dtype dtype_of(DType dtype) {
  return std::ranges::find(kTypes, dtype, &std::pair<clearhead_dtype, DType>::second)->first;
}

DType dtype_of(clearhead_dtype dtype, const char* name) {
  const auto* const type =
      std::ranges::find(kTypes, dtype, &std::pair<clearhead_dtype, DType>::first);
  if (type == std::end(kTypes)) {
    refuse(name, "there is no type " + std::to_string(dtype) +
                     "; expected CLEARHEAD_F32 to CLEARHEAD_BOOL");
  }
  return type->second;
}

Precision precision_of(clearhead_precision precision) {
  if (precision < 0 || precision >= std::ssize(kPrecisions)) {
    refuse("precision", "expected CLEARHEAD_HIGHEST, CLEARHEAD_HIGH or CLEARHEAD_MEDIUM, got " +
                            std::to_string(precision));
  }
  return kPrecisions[precision].second;
}

Tensor writable_view_of(const clearhead_array* given, const char* name) {
  const clearhead_array& array = required(given, name);
  const DType dtype = dtype_of(array.dtype, name);
  auto [shape, strides] = layout_of(array, name);
  const std::int64_t count = element_count(shape);
  if (count > 0 && array.data == nullptr) refuse(name, "its data is NULL");
  if (reinterpret_cast<std::uintptr_t>(array.data) % dtype_size(dtype) != 0) {
    refuse(name, "its data must be aligned to the " + std::to_string(dtype_size(dtype)) +
                     " bytes of " + std::string(dtype_name(dtype)));
  }
  return Tensor::writable_view_of(array.data, std::move(shape), std::move(strides), dtype,
                                  caller());
}

Tensor view_of(const clearhead_array* array, const char* name) {
  const Tensor view = writable_view_of(array, name);
  return Tensor::view_of(view.address(), view.shape(), view.strides(), view.dtype(), caller());
}

void give(const Tensor& value, const clearhead_array* array, const char* name) {
  if (array == nullptr) return;
  Tensor to = writable_view_of(array, name);
  if (to.shape() != value.shape() || to.dtype() != value.dtype()) {
    refuse(name, "expected " + std::string(dtype_name(value.dtype())) + " of shape " +
                     to_string(value.shape()) + ", got " + std::string(dtype_name(to.dtype())) +
                     " of " + to_string(to.shape()));
  }
  if (to.address() != value.address()) to.assign(value);
}

clearhead_tensor* new_tensor(const Tensor& value) {
  return new clearhead_tensor{value.contiguous(), dtype_of(value.dtype())};
}

}  // namespace clearhead::c

using namespace clearhead::c;

int32_t clearhead_abi(void) { return CLEARHEAD_ABI; }

const char* clearhead_version(void) { return CLEARHEAD_VERSION; }

const char* clearhead_error(void) { return last_error.c_str(); }

clearhead_status clearhead_set_threads(int32_t threads) {
  return guarded([&] { clearhead::set_thread_count(threads); });
}

int32_t clearhead_threads(void) { return clearhead::thread_count(); }

void clearhead_tensor_array(const clearhead_tensor* tensor, clearhead_array* array) {
  *array = {const_cast<void*>(tensor->value.address()), tensor->dtype,
            static_cast<int32_t>(tensor->value.rank()), tensor->value.shape().data(), nullptr};
}

void clearhead_tensor_free(clearhead_tensor* tensor) { delete tensor; }
