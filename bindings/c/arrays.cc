// Arrays of the caller, tensors for the caller, and the threads that calculate.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/parallel.h"

namespace clearhead::c {
namespace {

constexpr std::int32_t kMostAxes = 8;

constexpr std::pair<clearhead_dtype, DType> kTypes[] = {
    {CLEARHEAD_F32, DType::f32},   {CLEARHEAD_F64, DType::f64}, {CLEARHEAD_F16, DType::f16},
    {CLEARHEAD_BF16, DType::bf16}, {CLEARHEAD_I64, DType::i64}, {CLEARHEAD_BOOL, DType::boolean}};

// The memory of arrays is the caller's, who keeps it.
const std::shared_ptr<const void>& caller() {
  static const std::shared_ptr<const void> owner = std::make_shared<char>();
  return owner;
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

// Of what may not be written to, too.
Tensor any_view_of(const clearhead_array* given, const char* name) {
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

}  // namespace

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

Tensor writable_view_of(const clearhead_array* array, const char* name) {
  Tensor view = any_view_of(array, name);
  for (std::int64_t axis = 0; axis < view.rank(); ++axis) {
    if (view.size(axis) > 1 && view.strides()[static_cast<std::size_t>(axis)] == 0) {
      refuse(name,
             "it is written to, so the stride of axis " + std::to_string(axis) + " must not be 0");
    }
  }
  return view;
}

void keep_apart(std::initializer_list<NamedArray> written, std::initializer_list<NamedArray> read) {
  const auto begins = [](const NamedArray& named) {
    return named.array == nullptr ? nullptr : named.array->data;
  };
  for (const NamedArray& to : written) {
    if (begins(to) == nullptr) continue;
    for (const auto& others : {written, read}) {
      for (const NamedArray& other : others) {
        if (&other == &to || begins(other) != begins(to)) continue;
        refuse(to.name,
               std::string("it is written to, so it must not lie where ") + other.name + " lies");
      }
    }
  }
}

Tensor view_of(const clearhead_array* array, const char* name) {
  const Tensor view = any_view_of(array, name);
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

clearhead_status clearhead_set_threads(int32_t threads) {
  return guarded([&] { clearhead::set_thread_count(threads); });
}

int32_t clearhead_threads(void) { return clearhead::thread_count(); }

void clearhead_tensor_array(const clearhead_tensor* tensor, clearhead_array* array) {
  *array = {const_cast<void*>(tensor->value.address()), tensor->dtype,
            static_cast<int32_t>(tensor->value.rank()), tensor->value.shape().data(), nullptr};
}

void clearhead_tensor_free(clearhead_tensor* tensor) { delete tensor; }
