// Arrays of Python as tensors and back, without a copy.
#ifndef CLEARHEAD_BINDINGS_PYTHON_ARRAYS_H_
#define CLEARHEAD_BINDINGS_PYTHON_ARRAYS_H_

#include <nanobind/nanobind.h>

#include <optional>
#include <string_view>

#include "clearhead/tensor/tensor.h"

namespace clearhead::python {

namespace nb = nanobind;

/// Whose arrays results become: those of the library that the first operand came from.
enum class ArrayKind { numpy, torch, jax };

/// An array as the library reads it.
struct Array {
  Tensor tensor;                      ///< a view on its memory, which it keeps alive
  ArrayKind kind = ArrayKind::numpy;  ///< whose it is
};

/// An array of NumPy (f32, f64, f16, ml_dtypes.bfloat16, i64 or bool, of any strides) or whatever
/// exports DLPack in the processor's memory (tensors of PyTorch, arrays of JAX), without a copy;
/// other integers, lists and numbers as NumPy makes an array of them. `what` names it in messages.
/// Throws Error if it is none of these.
Array array_of(nb::handle object, const char* what);
/// The same, but refuses what is not of a floating type.
Array numbers_of(nb::handle object, const char* what);
/// The same, nothing for None.
std::optional<Array> optional_array_of(nb::handle object, const char* what);

/// The tensor as an array, which owns its memory. bf16 becomes ml_dtypes.bfloat16 where that is
/// installed, else float32. `read_only` arrays of NumPy refuse to be written to, tensors of
/// PyTorch are copies.
nb::object to_python(const Tensor& tensor, ArrayKind kind = ArrayKind::numpy,
                     bool read_only = false);

// How stubs call results, and the arrays of callers that decide what results are.
struct NumpyArray : nb::object {
  static constexpr auto Name = nb::detail::const_name("numpy.typing.NDArray[typing.Any]");
};
struct ArrayLikeQuery : nb::object {
  static constexpr auto Name = nb::detail::const_name("clearhead._types.ArrayT");
};
/// What `to_python` gives, if that is an array of NumPy.
using ArrayResult = nb::typed<nb::object, NumpyArray>;
/// An array of the caller, and what is of the same library.
using QueryArray = nb::typed<nb::object, ArrayLikeQuery>;

/// "float32", …, as NumPy calls the type of the array that `to_python` gives.
std::string_view numpy_name(DType dtype);

/// A shape as a tuple.
nb::tuple shape_tuple(const Shape& shape);

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_ARRAYS_H_
