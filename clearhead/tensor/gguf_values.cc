// Settings of a .gguf, as numbers and texts.
#include <limits>
#include <type_traits>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/tensor/gguf.h"
#include "clearhead/tensor/gguf_values_internal.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

// Calls f with a number of the C++ type of `type`, which is one of numbers.
template <typename F>
auto with_number(std::uint32_t type, const F& f) {
  switch (type) {
    case kU8:
      return f(std::uint8_t{});
    case kI8:
      return f(std::int8_t{});
    case kU16:
      return f(std::uint16_t{});
    case kI16:
      return f(std::int16_t{});
    case kU32:
      return f(std::uint32_t{});
    case kI32:
      return f(std::int32_t{});
    case kU64:
      return f(std::uint64_t{});
    case kI64:
      return f(std::int64_t{});
    case kF32:
      return f(float{});
    default:
      return f(double{});
  }
}

bool is_number(std::uint32_t type) { return type != kBool && type != kText && type != kArray; }

// Whether the value can be one of To.
template <typename To, typename From>
bool fits(From value) {
  if constexpr (std::is_same_v<To, std::int64_t> && std::is_same_v<From, std::uint64_t>) {
    return value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  }
  return true;
}

}  // namespace

void GgufValue::require(bool fits, std::string_view expected) const {
  constexpr std::string_view kNames[] = {"u8",   "i8",   "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "text", "array", "u64", "i64", "f64"};
  if (fits) return;
  throw Error(where_ + ": expected " + std::string(expected) + ", got " +
              (is_array_ ? "an array of " + std::to_string(count_) + " " : "") +
              std::string(kNames[type_]));
}

GgufValue::Kind GgufValue::kind() const {
  if (type_ == kF32 || type_ == kF64) return Kind::number;
  if (type_ == kBool) return Kind::boolean;
  if (type_ == kText) return Kind::text;
  return type_ == kArray ? Kind::array : Kind::integer;
}

template <typename T>
std::vector<T> GgufValue::all(const char* expected) const {
  const bool is_float = type_ == kF32 || type_ == kF64;
  require(is_number(type_) && !(is_float && std::is_integral_v<T>), expected);
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(count_));
  with_number(type_, [&](auto zero) {
    using From = decltype(zero);
    for (std::size_t i = 0; i < count_; ++i) {
      const From value = load<From>(bytes_.data() + i * sizeof(From));
      if (!fits<T>(value)) throw Error(where_ + ": a number is more than an i64 can hold");
      values.push_back(static_cast<T>(value));
    }
  });
  return values;
}

std::int64_t GgufValue::integer() const {
  require(!is_array_, "a whole number");
  return all<std::int64_t>("a whole number").front();
}

double GgufValue::number() const {
  require(!is_array_, "a number");
  return all<double>("a number").front();
}

bool GgufValue::boolean() const {
  require(!is_array_ && type_ == kBool, "a truth value");
  return bytes_[0] != std::byte{0};
}

std::string GgufValue::text() const {
  require(!is_array_ && type_ == kText, "a text");
  return {reinterpret_cast<const char*>(bytes_.data()) + sizeof(std::uint64_t),
          bytes_.size() - sizeof(std::uint64_t)};
}

std::vector<std::int64_t> GgufValue::integers() const {
  require(is_array_, "an array of whole numbers");
  return all<std::int64_t>("an array of whole numbers");
}

std::vector<double> GgufValue::numbers() const {
  require(is_array_, "an array of numbers");
  return all<double>("an array of numbers");
}

std::vector<std::string> GgufValue::texts() const {
  require(is_array_ && type_ == kText, "an array of texts");
  std::vector<std::string> texts;
  texts.reserve(static_cast<std::size_t>(count_));
  for (const std::byte* at = bytes_.data(); texts.size() < count_;) {
    const auto length = static_cast<std::size_t>(load<std::uint64_t>(at));
    at += sizeof(std::uint64_t);
    texts.emplace_back(reinterpret_cast<const char*>(at), length);
    at += length;
  }
  return texts;
}

const GgufValue* GgufFile::find(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

const GgufValue& GgufFile::at(std::string_view name) const {
  if (const GgufValue* value = find(name)) return *value;
  std::vector<std::string> known;
  for (const auto& [other, value] : values) known.push_back(other);
  throw Error(tensors.name + ": there is no setting " + in_quotes(name) + those_like(name, known));
}

}  // namespace clearhead
