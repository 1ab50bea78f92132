// Tensor: an array of numbers with a shape and a type, which owns its memory or shares that of
// another.
#ifndef CLEARHEAD_TENSOR_TENSOR_H_
#define CLEARHEAD_TENSOR_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "clearhead/tensor/dtype.h"
#include "clearhead/tensor/shape.h"

namespace clearhead {

/// A copy of a Tensor is a handle on the same memory, as in PyTorch and NumPy; `clone` copies the
/// numbers. Views (`transpose`, `slice`, `broadcast_to`, and `reshape` of a contiguous tensor)
/// share memory with their source and keep it alive. Memory that comes from a mapped file is
/// read-only.
class Tensor {
 public:
  /// No tensor: `defined()` is false. Means that an optional argument is left out.
  Tensor() = default;

  /// Zeros. If there is not enough memory, throws Error with the number of bytes.
  explicit Tensor(Shape shape, DType dtype = DType::f32);

  /// Unspecified numbers, for a result that will be wholly written.
  static Tensor empty(Shape shape, DType dtype);
  /// A copy of `values` in row-major order. Throws Error if their number does not fit the shape.
  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);
  /// The same of a list.
  template <typename T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  /// A tensor without axes.
  static Tensor scalar(double value, DType dtype = DType::f32);
  /// A read-only row-major view on memory of `owner`, which it keeps alive. `data` is aligned for
  /// `dtype`.
  static Tensor view_of(const void* data, Shape shape, DType dtype,
                        std::shared_ptr<const void> owner);
  /// The same of any strides, in elements, which may be negative or 0: element [i, j] lies at
  /// data[i·strides[0] + j·strides[1]]. Throws Error unless there is a stride for each axis.
  static Tensor view_of(const void* data, Shape shape, std::vector<std::int64_t> strides,
                        DType dtype, std::shared_ptr<const void> owner);
  /// The same of memory that may be written; no two elements lie at one place.
  static Tensor writable_view_of(void* data, Shape shape, std::vector<std::int64_t> strides,
                                 DType dtype, std::shared_ptr<const void> owner);

  /// Whether there is a tensor.
  bool defined() const { return owner_ != nullptr; }
  /// Its sizes, outermost axis first.
  const Shape& shape() const { return layout().shape; }
  /// From one element to the next along each axis, in elements.
  const std::vector<std::int64_t>& strides() const { return layout().strides; }  // in elements
  /// The type of its numbers.
  DType dtype() const { return dtype_; }
  /// The number of axes.
  std::int64_t rank() const { return static_cast<std::int64_t>(shape().size()); }
  /// The size along an axis, counted from the end if negative. Throws Error if there is no such
  /// axis.
  std::int64_t size(std::int64_t axis) const;
  /// The number of elements.
  std::int64_t count() const { return count_; }
  /// Whether the elements lie in row-major order without gaps.
  bool is_contiguous() const;
  /// Where its memory begins: two tensors with one address share it.
  const void* address() const { return data_; }
  /// Whether its memory may not be written, as that of a mapped file.
  bool is_read_only() const { return read_only_; }
  /// Whether another Tensor holds the same memory.
  bool is_shared() const { return owner_.use_count() > 1; }

  /// The first element. Throws Error unless T is the tensor's type (and, to write, the memory may
  /// be written). Other elements lie at multiples of `strides()`: at i·1 for the i-th only if
  /// `is_contiguous()`.
  template <typename T>
  const T* data() const;
  /// The same to be written to.
  template <typename T>
  T* mutable_data();

  /// One element, converted to f64. Throws Error if the index does not fit the shape.
  double at(std::span<const std::int64_t> index) const;
  /// The same of a list.
  double at(std::initializer_list<std::int64_t> index) const {
    return at(std::span<const std::int64_t>(index.begin(), index.size()));
  }
  /// The only element of a tensor of one element. Throws Error otherwise.
  double item() const;

  /// The same numbers in row-major order: this tensor itself if it is row-major already, else a
  /// copy.
  Tensor contiguous() const;
  /// A row-major copy that nobody shares.
  Tensor clone() const;
  /// The same numbers as another type; this tensor itself if that is its type. Rounds to nearest,
  /// to i64 towards zero.
  Tensor to(DType dtype) const;
  /// Writes the numbers of `from`, which has this shape, into this tensor, converted to its type
  /// as by `to`. Throws Error if the shapes differ or the memory may not be written.
  void assign(const Tensor& from);
  /// The same numbers under another shape; one size may be −1, which is derived. Copies only if not
  /// contiguous.
  Tensor reshape(Shape shape) const;
  /// Axis i of the result is axis `axes[i]` of this tensor.
  Tensor permute(std::span<const std::int64_t> axes) const;
  /// Two axes exchanged.
  Tensor transpose(std::int64_t a, std::int64_t b) const;
  /// Positions [begin, end) along an axis.
  Tensor slice(std::int64_t axis, std::int64_t begin, std::int64_t end) const;
  /// Repeated along axes of size 1, and along new leading axes, by strides of 0. Read-only.
  Tensor broadcast_to(const Shape& shape) const;

 private:
  // Where the elements lie. Copies of a tensor share it, so that they cost no allocation.
  struct Layout {
    Shape shape;
    std::vector<std::int64_t> strides;
  };
  const Layout& layout() const { return layout_ ? *layout_ : kNoLayout; }
  void set_layout(Shape shape, std::vector<std::int64_t> strides);
  void require(DType wanted, bool to_write) const;

  static const Layout kNoLayout;

  std::shared_ptr<const void> owner_;
  std::byte* data_ = nullptr;
  std::shared_ptr<const Layout> layout_;
  std::int64_t count_ = 0;
  DType dtype_ = DType::f32;
  bool read_only_ = false;
};

/// Calls `f(offset)` for every element of a strided tensor, in row-major order.
template <typename F>
void for_each_offset(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides,
                     F&& f);

template <typename T>
const T* Tensor::data() const {
  require(dtype_of<T>, /*to_write=*/false);
  return reinterpret_cast<const T*>(data_);
}

template <typename T>
T* Tensor::mutable_data() {
  require(dtype_of<T>, /*to_write=*/true);
  return reinterpret_cast<T*>(data_);
}

template <typename F>
void for_each_offset(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides,
                     F&& f) {
  const std::size_t rank = shape.size();
  if (rank == 0) {
    f(std::int64_t{0});
    return;
  }
  for (const std::int64_t size : shape) {
    if (size == 0) return;
  }
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t offset = 0;
  while (true) {
    for (std::int64_t i = 0; i < shape[rank - 1]; ++i) f(offset + i * strides[rank - 1]);
    std::size_t axis = rank - 1;  // advance the outer axes like an odometer
    while (true) {
      if (axis == 0) return;
      --axis;
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_TENSOR_H_
