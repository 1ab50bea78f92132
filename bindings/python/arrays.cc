// NumPy's arrays come by the buffer protocol, which is the fastest way; others by DLPack.
#include "bindings/python/arrays.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/python/dlpack_abi.h"
#include "bindings/python/long_call.h"
#include "clearhead/base/error.h"

namespace clearhead::python {
namespace {

// Gives memory back to Python, from any thread.
class HeldBuffer {
 public:
  HeldBuffer() = default;
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;
  ~HeldBuffer() {
    const nb::gil_scoped_acquire lock;
    PyBuffer_Release(&buffer);
  }

  Py_buffer buffer{};
};

std::optional<DType> dtype_of_format(const char* format, Py_ssize_t item_size) {
  if (format == nullptr || format[0] == '\0' || format[1] != '\0') return std::nullopt;
  switch (format[0]) {
    case 'f':
      return DType::f32;
    case 'd':
      return DType::f64;
    case 'e':
      return DType::f16;
    case '?':
      return DType::boolean;
    case 'l':
    case 'q':
      if (item_size == 8) return DType::i64;
  }
  return std::nullopt;
}

// An array of NumPy as it lies, its 16-bit integers as `bits_of` if that is given. Nothing if its
// type or its alignment is none of ours.
std::optional<Tensor> view_of_buffer(nb::handle array,
                                     std::optional<DType> bits_of = std::nullopt) {
  const auto held = std::make_shared<HeldBuffer>();
  Py_buffer& buffer = held->buffer;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_STRIDED_RO | PyBUF_FORMAT) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  const std::optional<DType> dtype =
      bits_of ? bits_of : dtype_of_format(buffer.format, buffer.itemsize);
  if (!dtype || reinterpret_cast<std::uintptr_t>(buffer.buf) % dtype_size(*dtype) != 0) {
    return std::nullopt;
  }
  Shape shape(buffer.shape, buffer.shape + buffer.ndim);
  std::vector<std::int64_t> strides(buffer.strides, buffer.strides + buffer.ndim);
  for (std::int64_t& stride : strides) {
    if (stride % buffer.itemsize != 0) return std::nullopt;
    stride /= buffer.itemsize;
  }
  return Tensor::view_of(buffer.buf, std::move(shape), std::move(strides), *dtype, held);
}

// str(object)
std::string text_of(nb::handle object) {
  return nb::cast<std::string>(nb::steal(PyObject_Str(object.ptr())));
}

std::string dtype_text(nb::handle array) { return text_of(nb::object(array.attr("dtype"))); }

// An array of NumPy whose type or alignment is not ours: as one that is.
Tensor tensor_of_numpy(nb::handle array, const char* what) {
  const std::string dtype = dtype_text(array);
  if (dtype == "bfloat16") {
    if (auto tensor = view_of_buffer(array.attr("view")("uint16"), DType::bf16)) return *tensor;
    return tensor_of_numpy(array.attr("copy")(), what);
  }
  // Integers of other sizes, and numbers of the other byte order or not aligned.
  const std::string kind = text_of(nb::object(array.attr("dtype").attr("kind")));
  const nb::object wanted = kind == "i" || kind == "u"
                                ? nb::object(nb::str("int64"))
                                : nb::object(array.attr("dtype").attr("newbyteorder")("="));
  if (auto tensor = view_of_buffer(array.attr("astype")(wanted))) return *tensor;
  throw Error(std::string(what) +
              ": expected an array of float32, float64, float16, bfloat16, bool or integers, got "
              "one of " +
              dtype);
}

std::optional<DType> dtype_of_dlpack(nb::dlpack::dtype dtype) {
  if (dtype.lanes != 1) return std::nullopt;
  switch (static_cast<nb::dlpack::dtype_code>(dtype.code)) {
    case nb::dlpack::dtype_code::Float:
      if (dtype.bits == 16) return DType::f16;
      if (dtype.bits == 32) return DType::f32;
      if (dtype.bits == 64) return DType::f64;
      return std::nullopt;
    case nb::dlpack::dtype_code::Bfloat:
      return DType::bf16;
    case nb::dlpack::dtype_code::Bool:
      return DType::boolean;
    case nb::dlpack::dtype_code::Int:
      if (dtype.bits == 64) return DType::i64;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

nb::dlpack::dtype dlpack_of(DType dtype) {
  using nb::dlpack::dtype_code;
  const auto code = [&] {
    switch (dtype) {
      case DType::bf16:
        return dtype_code::Bfloat;
      case DType::i64:
        return dtype_code::Int;
      case DType::boolean:
        return dtype_code::Bool;
      default:
        return dtype_code::Float;
    }
  }();
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * dtype_size(dtype)), 1};
}

// What Python raised over an object that is no array of ours, as an Error. Ctrl-C and want of
// memory are not about the object. To be called where it was caught.
[[noreturn]] void refuse(const nb::python_error& raised, const std::string& expected) {
  if (!raised.matches(PyExc_Exception) || raised.matches(PyExc_MemoryError)) throw;
  throw Error(expected + ": " + text_of(raised.value()));
}

// DLPack's functions of C for arrays of that type; null if it offers none.
const DLPackExchangeAPI* exchange_of(nb::handle type) {
  const nb::object capsule = nb::getattr(type, "__dlpack_c_exchange_api__", nb::none());
  if (!PyCapsule_IsValid(capsule.ptr(), "dlpack_exchange_api")) return nullptr;
  const auto* api = static_cast<const DLPackExchangeAPIHeader*>(
      PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
  while (api != nullptr && api->version.major != 1) api = api->prev_api;
  return reinterpret_cast<const DLPackExchangeAPI*>(api);
}

// An array as those functions give it. Nothing if there are none, or if it is none of ours: then
// the other way says why.
std::optional<Tensor> tensor_by_exchange(nb::handle object) {
  const DLPackExchangeAPI* const api = exchange_of(object.type());
  if (api == nullptr) return std::nullopt;
  DLManagedTensorVersioned* managed = nullptr;
  if (api->managed_tensor_from_py_object_no_sync(object.ptr(), &managed) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  const std::shared_ptr<const void> owner(managed, [](DLManagedTensorVersioned* held) {
    const nb::gil_scoped_acquire lock;
    if (held->deleter != nullptr) held->deleter(held);
  });
  const nb::dlpack::dltensor& array = managed->dl_tensor;
  const std::optional<DType> dtype = dtype_of_dlpack(array.dtype);
  if (!dtype || array.device.device_type != nb::device::cpu::value) return std::nullopt;
  const void* const data = static_cast<const char*>(array.data) + array.byte_offset;
  Shape shape(array.shape, array.shape + array.ndim);
  std::vector<std::int64_t> strides =
      array.strides != nullptr
          ? std::vector<std::int64_t>(array.strides, array.strides + array.ndim)
          : row_major_strides(shape);
  return Tensor::view_of(data, std::move(shape), std::move(strides), *dtype, owner);
}

using AnyArray = nb::ndarray<nb::ro>;

Tensor tensor_of_dlpack(nb::handle object, const char* what) {
  if (nb::cast<bool>(nb::bool_(nb::getattr(object, "requires_grad", nb::bool_(false))))) {
    throw Error(std::string(what) +
                ": expected a tensor without a gradient; call clearhead.torch.attention, through "
                "which gradients flow, or detach() it");
  }
  if (auto tensor = tensor_by_exchange(object)) return *tensor;
  const std::string type = text_of(object.type());
  AnyArray array;
  if (!nb::try_cast(object, array)) {
    const nb::object device = nb::getattr(object, "device", nb::none());
    const std::string expected =
        std::string(what) + ": expected an array of NumPy, PyTorch or JAX in the processor's " +
        "memory, got " + type + (device.is_none() ? "" : " on " + text_of(device));
    try {
      static_cast<void>(nb::object(object.attr("__dlpack__")()));  // once more, for its reason
    } catch (const nb::python_error& error) {
      refuse(error, expected);
    }
    throw Error(expected);
  }
  if (array.device_type() != nb::device::cpu::value) {
    throw Error(std::string(what) + ": expected an array in the processor's memory, got one on " +
                "another device; copy it there first");
  }
  const std::optional<DType> dtype = dtype_of_dlpack(array.dtype());
  if (!dtype) {
    throw Error(std::string(what) + ": expected float32, float64, float16, bfloat16, bool or " +
                "int64, got " + dtype_text(object) + " in " + type);
  }
  Shape shape(array.ndim());
  std::vector<std::int64_t> strides(array.ndim());
  for (std::size_t i = 0; i < array.ndim(); ++i) {
    shape[i] = static_cast<std::int64_t>(array.shape(i));
    strides[i] = array.stride(i);
  }
  const void* const data = array.data();
  const std::shared_ptr<const void> owner(new AnyArray(std::move(array)), [](const AnyArray* held) {
    const nb::gil_scoped_acquire lock;
    delete held;
  });
  return Tensor::view_of(data, std::move(shape), std::move(strides), *dtype, owner);
}

ArrayKind kind_of(nb::handle object) {
  const std::string module = text_of(nb::getattr(object.type(), "__module__", nb::str("")));
  if (module == "torch" || module.starts_with("torch.")) return ArrayKind::torch;
  if (module.starts_with("jax")) return ArrayKind::jax;
  return ArrayKind::numpy;
}

// numpy.ndarray; borrowed, since modules that are loaded are not unloaded.
PyTypeObject* numpy_array() {
  static PyTypeObject* const type = reinterpret_cast<PyTypeObject*>(
      nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr());
  return type;
}

template <typename Framework>
nb::object export_as(const Tensor& tensor, nb::dlpack::dtype dtype) {
  const nb::capsule owner(new Tensor(tensor),
                          [](void* held) noexcept { delete static_cast<Tensor*>(held); });
  const std::vector<std::size_t> shape(tensor.shape().begin(), tensor.shape().end());
  return nb::ndarray<Framework>(const_cast<void*>(tensor.address()), shape.size(), shape.data(),
                                owner, tensor.strides().data(), dtype, nb::device::cpu::value)
      .cast();
}

// A tensor of PyTorch on this memory.
nb::object to_torch(const Tensor& tensor) {
  static const DLPackExchangeAPI* const api =
      exchange_of(nb::object(nb::module_::import_("torch").attr("Tensor")));
  const nb::dlpack::dtype dtype = dlpack_of(tensor.dtype());
  if (api == nullptr) return export_as<nb::pytorch>(tensor, dtype);
  struct Given {
    Tensor tensor;
    Shape shape;
    std::vector<std::int64_t> strides;
    DLManagedTensorVersioned managed;
  };
  auto given = std::make_unique<Given>(tensor, tensor.shape(), tensor.strides());
  given->managed = {
      .version = {1, 0},
      .manager_ctx = given.get(),
      .deleter =
          [](DLManagedTensorVersioned* self) { delete static_cast<Given*>(self->manager_ctx); },
      .flags = 0,
      .dl_tensor = {.data = const_cast<void*>(tensor.address()),
                    .device = {nb::device::cpu::value, 0},
                    .ndim = static_cast<std::int32_t>(tensor.rank()),
                    .dtype = dtype,
                    .shape = given->shape.data(),
                    .strides = given->strides.data(),
                    .byte_offset = 0}};
  void* object = nullptr;
  if (api->managed_tensor_to_py_object_no_sync(&given->managed, &object) != 0) {
    throw nb::python_error();
  }
  static_cast<void>(given.release());  // it is the object's
  return nb::steal(static_cast<PyObject*>(object));
}

nb::object to_numpy(const Tensor& tensor, bool read_only) {
  nb::object array;
  if (tensor.dtype() == DType::bf16) {
    nb::dlpack::dtype bits{static_cast<std::uint8_t>(nb::dlpack::dtype_code::UInt), 16, 1};
    try {
      const nb::object bfloat16 = nb::module_::import_("ml_dtypes").attr("bfloat16");
      array = export_as<nb::numpy>(tensor, bits).attr("view")(bfloat16);
    } catch (const nb::python_error& error) {
      if (!error.matches(PyExc_ImportError)) throw;
      array = export_as<nb::numpy>(tensor.to(DType::f32), dlpack_of(DType::f32));
    }
  } else {
    array = export_as<nb::numpy>(tensor, dlpack_of(tensor.dtype()));
  }
  if (read_only) array.attr("setflags")(nb::arg("write") = false);
  return array;
}

}  // namespace

Array array_of(nb::handle object, const char* what) {
  if (PyObject_TypeCheck(object.ptr(), numpy_array())) {
    if (!Py_IS_TYPE(object.ptr(), numpy_array()) && nb::hasattr(object, "mask")) {
      throw Error(std::string(what) + ": expected an array without a mask; filled() makes one");
    }
    if (auto tensor = view_of_buffer(object)) return {std::move(*tensor), ArrayKind::numpy};
    return {tensor_of_numpy(object, what), ArrayKind::numpy};
  }
  if (nb::hasattr(object, "__dlpack__")) {
    return {tensor_of_dlpack(object, what), kind_of(object)};
  }
  nb::object array;
  try {
    array = nb::module_::import_("numpy").attr("asarray")(object);
  } catch (const nb::python_error& error) {
    refuse(error, std::string(what) + ": expected an array");
  }
  if (auto tensor = view_of_buffer(array)) return {std::move(*tensor), ArrayKind::numpy};
  return {tensor_of_numpy(array, what), ArrayKind::numpy};
}

Array numbers_of(nb::handle object, const char* what) {
  Array array = array_of(object, what);
  if (is_floating(array.tensor.dtype())) return array;
  throw Error(std::string(what) + ": expected numbers of a floating type, got " +
              std::string(numpy_name(array.tensor.dtype())) +
              "; convert them, as by astype(float)");
}

std::optional<Array> optional_array_of(nb::handle object, const char* what) {
  if (object.is_none()) return std::nullopt;
  return array_of(object, what);
}

nb::object to_python(const Tensor& tensor, ArrayKind kind, bool read_only) {
  switch (kind) {
    case ArrayKind::torch:  // has no arrays that cannot be written to
      return to_torch(read_only ? tensor.clone() : tensor);
    case ArrayKind::jax:
      return export_as<nb::jax>(tensor.contiguous(), dlpack_of(tensor.dtype()));
    case ArrayKind::numpy:
      break;
  }
  return to_numpy(tensor, read_only);
}

std::string_view numpy_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "float32";
    case DType::f64:
      return "float64";
    case DType::f16:
      return "float16";
    case DType::bf16:
      return "bfloat16";
    case DType::i64:
      return "int64";
    case DType::boolean:
      break;
  }
  return "bool";
}

nb::tuple shape_tuple(const Shape& shape) {
  nb::list sizes;
  for (const std::int64_t size : shape) sizes.append(size);
  return nb::tuple(sizes);
}

}  // namespace clearhead::python
