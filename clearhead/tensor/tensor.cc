// Tensor: its memory, and what can be done with it.
#include "clearhead/tensor/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/base/parallel.h"

namespace clearhead {
namespace {

// x as an f32 whose last bit says whether anything was cut off ("round to odd"), so that rounding
// it again to 16 bits gives what rounding x itself would. Rounding to nearest twice would not: x
// just above the middle of two f16 would first become that middle, then go to the even one.
float round_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  if (nearest == x || x != x) return nearest;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(nearest);
  if (std::fabs(nearest) > std::fabs(x)) --bits;  // towards zero, of either sign
  return std::bit_cast<float>(bits | 1u);
}

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, f16> || std::is_same_v<From, bf16>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, f16> || std::is_same_v<To, bf16>) {
    if constexpr (std::is_same_v<From, float>) return To(value);
    return To(round_to_odd(static_cast<double>(value)));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    // Out of range is undefined in C++; NaN becomes 0 and the rest the nearest end.
    if (value != value) return 0;
    if (value >= From{0x1p63}) return std::numeric_limits<std::int64_t>::max();
    if (value < From{-0x1p63}) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
  } else {
    return static_cast<To>(value);
  }
}

// Copies `from` into `to`, of the same shape, converting the type.
template <typename To, typename From>
void copy_elements(const Tensor& from, Tensor& to) {
  const From* source = from.data<From>();
  To* target = to.mutable_data<To>();
  if (from.rank() == 0) {
    *target = convert<To>(*source);
    return;
  }
  const std::int64_t length = from.shape().back();
  const std::int64_t step = from.strides().back(), to_step = to.strides().back();
  const std::int64_t rows = from.count() / length;
  for_each_rows(rows, length, [&](std::int64_t begin, std::int64_t end) {
    RowWalk walk(from.shape(), begin);
    for (std::int64_t row = begin; row < end; ++row, walk.next()) {
      const From* in = source + walk.offset(from.strides());
      To* out = target + walk.offset(to.strides());
      if (step == 1 && to_step == 1) {
        for (std::int64_t i = 0; i < length; ++i) out[i] = convert<To>(in[i]);
      } else {
        for (std::int64_t i = 0; i < length; ++i) out[i * to_step] = convert<To>(in[i * step]);
      }
    }
  });
}

void copy_into(const Tensor& from, Tensor& to) {
  if (from.count() == 0) return;
  with_dtype(to.dtype(), [&](auto to_zero) {
    using To = decltype(to_zero);
    with_dtype(from.dtype(),
               [&](auto from_zero) { copy_elements<To, decltype(from_zero)>(from, to); });
  });
}

Tensor copy_as(const Tensor& from, DType dtype) {
  Tensor result = Tensor::empty(from.shape(), dtype);
  copy_into(from, result);
  return result;
}

}  // namespace

Tensor::Tensor(Shape shape, DType dtype) {
  *this = empty(std::move(shape), dtype);
  std::memset(data_, 0, static_cast<std::size_t>(count_) * dtype_size(dtype));
}

Tensor Tensor::empty(Shape shape, DType dtype) {
  Tensor tensor;
  tensor.count_ = element_count(shape);
  const auto size = static_cast<std::int64_t>(dtype_size(dtype));
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() - 128;  // room to align
  if (tensor.count_ > limit / size) {
    throw Error("shape " + to_string(shape) + " of " + std::string(dtype_name(dtype)) +
                ": more bytes than can be addressed");
  }
  const std::size_t bytes = static_cast<std::size_t>(tensor.count_ * size);
  const std::shared_ptr<void> memory = allocate(bytes);
  if (memory == nullptr) {
    throw Error("shape " + to_string(shape) + " of " + std::string(dtype_name(dtype)) +
                ": no memory for its " + std::to_string(bytes) + " bytes");
  }
  tensor.data_ = static_cast<std::byte*>(memory.get());
  tensor.owner_ = memory;
  tensor.set_layout(shape, row_major_strides(shape));
  tensor.dtype_ = dtype;
  return tensor;
}

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  const std::int64_t count = element_count(shape);
  if (count != static_cast<std::int64_t>(values.size())) {
    throw Error("shape " + to_string(shape) + " has " + std::to_string(count) + " elements, got " +
                std::to_string(values.size()) + " values");
  }
  Tensor tensor = empty(std::move(shape), dtype_of<T>);
  std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
  return tensor;
}

template Tensor Tensor::of(Shape, std::span<const float>);
template Tensor Tensor::of(Shape, std::span<const double>);
template Tensor Tensor::of(Shape, std::span<const f16>);
template Tensor Tensor::of(Shape, std::span<const bf16>);
template Tensor Tensor::of(Shape, std::span<const std::int64_t>);
template Tensor Tensor::of(Shape, std::span<const bool>);

Tensor Tensor::scalar(double value, DType dtype) { return of<double>({}, {value}).to(dtype); }

Tensor Tensor::view_of(const void* data, Shape shape, DType dtype,
                       std::shared_ptr<const void> owner) {
  std::vector<std::int64_t> strides = row_major_strides(shape);
  return view_of(data, std::move(shape), std::move(strides), dtype, std::move(owner));
}

Tensor Tensor::view_of(const void* data, Shape shape, std::vector<std::int64_t> strides,
                       DType dtype, std::shared_ptr<const void> owner) {
  Tensor tensor = writable_view_of(const_cast<void*>(data), std::move(shape), std::move(strides),
                                   dtype, std::move(owner));
  tensor.read_only_ = true;
  return tensor;
}

Tensor Tensor::writable_view_of(void* data, Shape shape, std::vector<std::int64_t> strides,
                                DType dtype, std::shared_ptr<const void> owner) {
  if (strides.size() != shape.size()) {
    throw Error("a view of shape " + to_string(shape) + " needs as many strides, got " +
                to_string(strides));
  }
  Tensor tensor;
  tensor.count_ = element_count(shape);
  tensor.owner_ = std::move(owner);
  tensor.data_ = static_cast<std::byte*>(data);
  tensor.set_layout(std::move(shape), std::move(strides));
  tensor.dtype_ = dtype;
  return tensor;
}

const Tensor::Layout Tensor::kNoLayout;

void Tensor::set_layout(Shape shape, std::vector<std::int64_t> strides) {
  layout_ = std::make_shared<const Layout>(Layout{std::move(shape), std::move(strides)});
}

std::int64_t Tensor::size(std::int64_t axis) const {
  return shape()[static_cast<std::size_t>(normalize_axis(axis, rank()))];
}

bool Tensor::is_contiguous() const {
  if (count_ == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t i = shape().size(); i-- > 0;) {
    if (shape()[i] != 1 && strides()[i] != expected) return false;
    expected *= shape()[i];
  }
  return true;
}

double Tensor::at(std::span<const std::int64_t> index) const {
  bool fits = index.size() == shape().size();
  std::int64_t offset = 0;
  for (std::size_t i = 0; fits && i < index.size(); ++i) {
    fits = index[i] >= 0 && index[i] < shape()[i];
    if (fits) offset += index[i] * strides()[i];
  }
  if (!fits) {
    throw Error("index " + to_string(index) + " does not lie in a tensor of shape " +
                to_string(shape()));
  }
  return with_dtype(dtype_,
                    [&](auto zero) { return convert<double>(data<decltype(zero)>()[offset]); });
}

double Tensor::item() const {
  if (count_ != 1) {
    throw Error("item: expected a tensor of one element, got shape " + to_string(shape()));
  }
  return at(Index(shape().size(), 0));
}

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::clone() const { return copy_as(*this, dtype_); }

Tensor Tensor::to(DType dtype) const { return dtype == dtype_ ? *this : copy_as(*this, dtype); }

void Tensor::assign(const Tensor& from) {
  require(dtype_, /*to_write=*/true);
  if (from.shape() != shape()) {
    throw Error("a tensor of shape " + to_string(shape()) + " cannot take the numbers of one of " +
                to_string(from.shape()));
  }
  copy_into(from, *this);
}

Tensor Tensor::reshape(Shape shape) const {
  std::int64_t known = 1;
  std::int64_t* derived = nullptr;
  for (std::int64_t& size : shape) {
    if (size == -1 && derived == nullptr) {
      derived = &size;
    } else {
      known = element_count(std::initializer_list<std::int64_t>{known, size});
    }
  }
  if (derived != nullptr && known != 0) *derived = count_ / known;
  if ((derived != nullptr && known == 0) || element_count(shape) != count_) {
    throw Error("reshape: shape " + to_string(this->shape()) + " has " + std::to_string(count_) +
                " elements and cannot become " + to_string(shape));
  }
  Tensor result = contiguous();
  result.set_layout(shape, row_major_strides(shape));
  return result;
}

Tensor Tensor::permute(std::span<const std::int64_t> axes) const {
  std::vector<bool> seen(shape().size(), false);
  bool valid = axes.size() == shape().size();
  for (std::size_t i = 0; valid && i < axes.size(); ++i) {
    const std::size_t axis = static_cast<std::size_t>(axes[i]);
    valid = axes[i] >= 0 && axis < seen.size() && !seen[axis];
    if (valid) seen[axis] = true;
  }
  if (!valid) {
    throw Error("permute: " + to_string(axes) + " does not name each axis of shape " +
                to_string(shape()) + " once");
  }
  Layout permuted = layout();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    permuted.shape[i] = shape()[static_cast<std::size_t>(axes[i])];
    permuted.strides[i] = strides()[static_cast<std::size_t>(axes[i])];
  }
  Tensor result = *this;
  result.set_layout(std::move(permuted.shape), std::move(permuted.strides));
  return result;
}

Tensor Tensor::transpose(std::int64_t a, std::int64_t b) const {
  const auto i = static_cast<std::size_t>(normalize_axis(a, rank()));
  const auto j = static_cast<std::size_t>(normalize_axis(b, rank()));
  Layout exchanged = layout();
  std::swap(exchanged.shape[i], exchanged.shape[j]);
  std::swap(exchanged.strides[i], exchanged.strides[j]);
  Tensor result = *this;
  result.set_layout(std::move(exchanged.shape), std::move(exchanged.strides));
  return result;
}

Tensor Tensor::slice(std::int64_t axis, std::int64_t begin, std::int64_t end) const {
  const auto i = static_cast<std::size_t>(normalize_axis(axis, rank()));
  if (begin < 0 || end < begin || end > shape()[i]) {
    throw Error("slice: positions " + std::to_string(begin) + " to " + std::to_string(end) +
                " do not lie in axis " + std::to_string(i) + " of shape " + to_string(shape()));
  }
  Tensor result = *this;
  Shape sliced = shape();
  sliced[i] = end - begin;
  result.set_layout(std::move(sliced), strides());
  result.count_ = element_count(result.shape());
  if (result.count_ > 0) {
    result.data_ += begin * strides()[i] * static_cast<std::int64_t>(dtype_size(dtype_));
  }
  return result;
}

Tensor Tensor::broadcast_to(const Shape& shape) const {
  if (broadcast_shapes(this->shape(), shape) != shape) {
    throw Error("shape " + to_string(this->shape()) + " does not broadcast to " + to_string(shape));
  }
  Tensor result = *this;
  std::vector<std::int64_t> repeated(shape.size(), 0);
  const std::size_t added = shape.size() - this->shape().size();
  for (std::size_t i = 0; i < this->shape().size(); ++i) {
    if (this->shape()[i] == shape[added + i]) repeated[added + i] = strides()[i];
  }
  result.set_layout(shape, std::move(repeated));
  result.count_ = element_count(shape);
  result.read_only_ = true;
  return result;
}

void Tensor::require(DType wanted, bool to_write) const {
  if (!defined()) throw Error("tensor: there is none (an optional one was left out)");
  if (wanted != dtype_) {
    throw Error("tensor of shape " + to_string(shape()) + ": expected " +
                std::string(dtype_name(wanted)) + ", it holds " + std::string(dtype_name(dtype_)) +
                "; convert it with to()");
  }
  if (to_write && read_only_) {
    throw Error("tensor of shape " + to_string(shape()) +
                ": its memory is read-only (a mapped file or a broadcast view); clone() it first");
  }
}

}  // namespace clearhead
