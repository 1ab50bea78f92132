// What the fuzzers of readers share: what was read, written and read again must be the same.
#ifndef CLEARHEAD_FUZZ_SAME_H_
#define CLEARHEAD_FUZZ_SAME_H_

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/tensor/named_tensors.h"
#include "clearhead/tensor/stored.h"
#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// Stops the fuzzer, which then keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Same type, shape and bytes (so NaN is the same as NaN). Reads all elements.
inline void require_same(const Tensor& a, const Tensor& b) {
  require(a.dtype() == b.dtype(), "same type");
  require(a.shape() == b.shape(), "same shape");
  require(a.is_contiguous() && b.is_contiguous(), "row-major");
  const auto bytes_a = raw_bytes(a);
  const auto bytes_b = raw_bytes(b);
  require(std::equal(bytes_a.begin(), bytes_a.end(), bytes_b.begin(), bytes_b.end()),
          "same elements");
}

/// The same tensors by name, and the same metadata.
inline void require_same(const NamedTensors& a, const NamedTensors& b) {
  require(a.tensors.size() == b.tensors.size(), "same number of tensors");
  for (const auto& [name, tensor] : a.tensors) require_same(tensor, b.at(name));
  require(a.metadata == b.metadata, "same metadata");
}

/// What can be read of a file's tensors.
inline NamedTensors read_what_can_be(const TensorFile& file) {
  NamedTensors named{.tensors = {}, .metadata = file.metadata};
  for (const TensorFile::Entry& entry : file.entries) {
    try {
      named.tensors.emplace_back(entry.name, entry.read());
    } catch (const Error&) {
      continue;
    }
  }
  return named;
}

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace clearhead

#endif  // CLEARHEAD_FUZZ_SAME_H_
