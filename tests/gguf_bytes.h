// GGUF files, written part by part, right or wrong.
#ifndef CLEARHEAD_TESTS_GGUF_BYTES_H_
#define CLEARHEAD_TESTS_GGUF_BYTES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clearhead/tensor/gguf.h"
#include "tests/testing.h"

namespace clearhead::gguf_bytes {

/// As the file numbers types of settings, and of tensors.
enum ValueType : std::uint32_t {
  kU8 = 0,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kText = 8,
  kArray = 9,
  kU64 = 10
};
enum TensorType : std::uint32_t { kTensorF32 = 0, kTensorQ4_0 = 2, kTensorQ2_K = 10 };

template <typename T>
std::string raw(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof(T)};
}

inline std::string text(const std::string& characters) {
  return raw<std::uint64_t>(characters.size()) + characters;
}

inline std::string setting(const std::string& name, std::uint32_t type, const std::string& value) {
  return text(name) + raw(type) + value;
}

inline std::string array(std::uint32_t type, std::uint64_t count, const std::string& values) {
  return raw(type) + raw(count) + values;
}

inline std::string array(std::uint32_t type, const std::vector<std::string>& values) {
  std::string bytes;
  for (const std::string& value : values) bytes += value;
  return array(type, values.size(), bytes);
}

/// The sizes as the file has them: those of the last axis first.
inline std::string tensor(const std::string& name, const std::vector<std::uint64_t>& sizes,
                          std::uint32_t type, std::uint64_t begin) {
  std::string entry = text(name) + raw(static_cast<std::uint32_t>(sizes.size()));
  for (const std::uint64_t size : sizes) entry += raw(size);
  return entry + raw(type) + raw(begin);
}

/// A file with these parts of the header, then `data` where tensors begin.
inline std::string gguf(const std::vector<std::string>& settings,
                        const std::vector<std::string>& tensors, const std::string& data = "",
                        std::size_t alignment = 32) {
  std::string file = "GGUF" + raw<std::uint32_t>(3) + raw<std::uint64_t>(tensors.size()) +
                     raw<std::uint64_t>(settings.size());
  for (const std::string& part : settings) file += part;
  for (const std::string& part : tensors) file += part;
  file.resize((file.size() + alignment - 1) / alignment * alignment);
  return file + data;
}

inline GgufFile parse(const std::string& file) {
  const auto kept = std::make_shared<const std::string>(file);
  return open_gguf(as_bytes(*kept), "x.gguf", kept);
}

}  // namespace clearhead::gguf_bytes

#endif  // CLEARHEAD_TESTS_GGUF_BYTES_H_
