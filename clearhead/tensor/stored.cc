// How array files store numbers, and conversion to a Tensor and back.
#include "clearhead/tensor/stored.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

// Files are little-endian or say otherwise; so are the processors that clearhead is built for.
static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kMaxAxes = 64;

// The element at `from`, of any alignment.
template <typename T>
T load(const std::byte* from, bool swapped) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if (swapped) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

template <typename T>
void widen(const std::byte* from, std::int64_t count, bool swapped, std::int64_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = load<T>(from + i * static_cast<std::int64_t>(sizeof(T)), swapped);
  }
}

void require_bools(std::span<const std::byte> bytes, bool, const std::string& where) {
  const auto wrong =
      std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
  if (wrong != bytes.end()) {
    throw Error(where + ": element " + std::to_string(wrong - bytes.begin()) +
                ": a bool must be stored as 0 or 1, got " +
                std::to_string(static_cast<int>(*wrong)));
  }
}

// An unsigned integer that an i64 can be has the same bytes as one.
void require_i64s(std::span<const std::byte> bytes, bool swapped, const std::string& where) {
  constexpr std::size_t kSize = sizeof(std::uint64_t);
  for (std::size_t i = 0; i < bytes.size() / kSize; ++i) {
    const auto value = load<std::uint64_t>(bytes.data() + i * kSize, swapped);
    if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      throw Error(where + ": element " + std::to_string(i) + ": " + std::to_string(value) +
                  " is more than an i64 can hold, 2^63 - 1");
    }
  }
}

constexpr StoredType kTypes[] = {
    {"f8", "F64", 8, DType::f64, nullptr, nullptr},
    {"f4", "F32", 4, DType::f32, nullptr, nullptr},
    {"f2", "F16", 2, DType::f16, nullptr, nullptr},
    {"", "BF16", 2, DType::bf16, nullptr, nullptr},
    {"i8", "I64", 8, DType::i64, nullptr, nullptr},
    {"i4", "I32", 4, DType::i64, nullptr, widen<std::int32_t>},
    {"i2", "I16", 2, DType::i64, nullptr, widen<std::int16_t>},
    {"i1", "I8", 1, DType::i64, nullptr, widen<std::int8_t>},
    {"u8", "U64", 8, DType::i64, require_i64s, nullptr},
    {"u4", "U32", 4, DType::i64, nullptr, widen<std::uint32_t>},
    {"u2", "U16", 2, DType::i64, nullptr, widen<std::uint16_t>},
    {"u1", "U8", 1, DType::i64, nullptr, widen<std::uint8_t>},
    {"b1", "BOOL", 1, DType::boolean, require_bools, nullptr},
};

// Copies elements of T, reversing the bytes of each if asked to.
template <typename T>
void copy_elements(std::span<const std::byte> from, bool swapped, T* to) {
  if (!swapped) {
    std::memcpy(to, from.data(), from.size());
    return;
  }
  for (std::size_t i = 0; i < from.size() / sizeof(T); ++i) {
    to[i] = load<T>(from.data() + i * sizeof(T), /*swapped=*/true);
  }
}

}  // namespace

std::span<const StoredType> stored_types() { return kTypes; }

const StoredType& stored_type(DType dtype) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes),
                       [&](const StoredType& type) { return type.dtype == dtype; });
}

std::optional<DType> dtype_if_known(const StoredType* type) {
  return type == nullptr ? std::nullopt : std::optional(type->dtype);
}

std::string in_small_letters(std::string_view name) {
  std::string small(name);
  for (char& c : small) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return small;
}

std::string type_name(const StoredType& type) { return in_small_letters(type.safetensors); }

std::string stored_type_names(std::string_view StoredType::*format) {
  std::string names;
  for (const StoredType& type : kTypes) {
    if ((type.*format).empty()) continue;
    names += (names.empty() ? "" : ", ") + std::string(type.*format);
  }
  return names;
}

std::size_t stored_bytes(std::span<const std::int64_t> shape, const StoredType& type,
                         const std::string& where) {
  if (shape.size() > kMaxAxes) {
    throw Error(where + ": a shape of " + std::to_string(shape.size()) + " axes, at most " +
                std::to_string(kMaxAxes) + " are allowed");
  }
  std::int64_t count = 0;
  try {
    count = element_count(shape);
  } catch (const Error& error) {
    throw Error(where + ": " + error.what());
  }
  const auto size = static_cast<std::int64_t>(type.size);
  if (count > std::numeric_limits<std::int64_t>::max() / size) {
    throw Error(where + ": shape " + to_string(shape) + " of elements of " + std::to_string(size) +
                " bytes takes more than 2^63 - 1 bytes");
  }
  return static_cast<std::size_t>(count * size);
}

Tensor decode(std::span<const std::byte> bytes, Shape shape, const StoredType& type, bool swapped,
              std::shared_ptr<const void> owner, const std::string& where) {
  if (type.check != nullptr) type.check(bytes, swapped, where);
  if (type.widen != nullptr) {
    Tensor tensor = Tensor::empty(std::move(shape), DType::i64);
    type.widen(bytes.data(), tensor.count(), swapped, tensor.mutable_data<std::int64_t>());
    return tensor;
  }
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % type.size == 0;
  if (owner != nullptr && aligned && (!swapped || type.size == 1)) {
    return Tensor::view_of(bytes.data(), std::move(shape), type.dtype, std::move(owner));
  }
  Tensor tensor = Tensor::empty(std::move(shape), type.dtype);
  if (bytes.empty()) return tensor;
  with_dtype(type.dtype, [&](auto zero) {
    copy_elements(bytes, swapped, tensor.mutable_data<decltype(zero)>());
  });
  return tensor;
}

std::span<const std::byte> raw_bytes(const Tensor& tensor) {
  return with_dtype(tensor.dtype(), [&](auto zero) {
    return std::as_bytes(
        std::span(tensor.data<decltype(zero)>(), static_cast<std::size_t>(tensor.count())));
  });
}

void encode(std::ostream& to, const Tensor& tensor) {
  const Tensor contiguous = tensor.contiguous();
  const std::span<const std::byte> bytes = raw_bytes(contiguous);
  to.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void require_defined(const Tensor& tensor, const std::string& where) {
  if (!tensor.defined()) {
    throw Error(where + ": there is no tensor to write (an optional one was left out)");
  }
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 60;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result + (text.size() > kShown ? "...'" : "'");
}

}  // namespace clearhead
