// The structs of DLPack's C exchange (1.3), as its specification defines them: functions that a
// type of arrays offers in C, so that nothing of Python runs between two libraries.
// https://dmlc.github.io/dlpack/latest/c_api.html
#ifndef CLEARHEAD_BINDINGS_PYTHON_DLPACK_ABI_H_
#define CLEARHEAD_BINDINGS_PYTHON_DLPACK_ABI_H_

#include <nanobind/ndarray.h>

#include <cstdint>

namespace clearhead::python {

extern "C" {

struct DLPackVersion {
  std::uint32_t major, minor;
};

struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(DLManagedTensorVersioned* self);
  std::uint64_t flags;
  nanobind::dlpack::dltensor dl_tensor;
};

struct DLPackExchangeAPIHeader {
  DLPackVersion version;
  DLPackExchangeAPIHeader* prev_api;
};

struct DLPackExchangeAPI {
  DLPackExchangeAPIHeader header;
  void* managed_tensor_allocator;
  int (*managed_tensor_from_py_object_no_sync)(void* py_object, DLManagedTensorVersioned** out);
  int (*managed_tensor_to_py_object_no_sync)(DLManagedTensorVersioned* tensor,
                                             void** out_py_object);
  void* dltensor_from_py_object_no_sync;
  void* current_work_stream;
};

}  // extern "C"

}  // namespace clearhead::python

#endif  // CLEARHEAD_BINDINGS_PYTHON_DLPACK_ABI_H_
