// `.gguf`: the file of a model as llama.cpp has it, with settings by name and tensors whose numbers
// may take as few as four bits.
//
// Source: the specification of GGUF in https://github.com/ggml-org/ggml
#ifndef CLEARHEAD_TENSOR_GGUF_H_
#define CLEARHEAD_TENSOR_GGUF_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// A setting: a number, a truth value, a text, or an array of one of them. It lies in the file and
/// is decoded when it is asked for. All functions throw Error, naming the setting, if it is of
/// another type.
class GgufValue {
 public:
  /// What it is, or what its elements are.
  enum class Kind {
    integer,  ///< whole numbers
    number,   ///< f32 or f64
    boolean,  ///< truth values
    text,     ///< texts
    array,    ///< arrays: those in arrays are not read
  };
  /// Which of them.
  Kind kind() const;
  /// A whole number of any size. Throws Error too if it is more than an i64 can hold.
  std::int64_t integer() const;
  /// A number of any type.
  double number() const;
  /// A truth value.
  bool boolean() const;
  /// A text, as its bytes stand in the file.
  std::string text() const;
  /// Whether it is an array.
  bool is_array() const { return is_array_; }
  /// An array of whole numbers.
  std::vector<std::int64_t> integers() const;
  /// An array of numbers.
  std::vector<double> numbers() const;
  /// An array of texts.
  std::vector<std::string> texts() const;

 private:
  friend class GgufReader;

  void require(bool fits, std::string_view expected) const;
  template <typename T>
  std::vector<T> all(const char* expected) const;

  std::string where_;                 // "FILE: NAME", for messages
  std::uint32_t type_ = 0;            // of its elements, as the file numbers types
  bool is_array_ = false;             // else it has one element
  std::uint64_t count_ = 0;           // of elements
  std::span<const std::byte> bytes_;  // of all elements
  std::shared_ptr<const void> owner_;
};

/// An open file of a model.
struct GgufFile {
  TensorFile tensors;  ///< axes outermost first, as everywhere here; the file has them reversed
  std::map<std::string, GgufValue, std::less<>> values;  ///< settings, "llama.block_count"

  /// The setting of this name; null if there is none.
  const GgufValue* find(std::string_view name) const;
  /// The setting of this name. If there is none, throws Error with close names.
  const GgufValue& at(std::string_view name) const;
};

/// Opens a file of version 2 or 3, little-endian. Tensors of F32, F16, BF16, F64 and whole numbers
/// are as those of `.safetensors`: views of the mapped file, if they can be. Q4_0, Q4_1, Q5_0,
/// Q5_1, Q8_0, Q4_K, Q5_K and Q6_K become f32 while they are read, exactly as llama.cpp defines
/// them. Tensors of other types are listed, but reading one is an Error. Throws Error naming file,
/// tensor, setting or byte, and fault.
GgufFile open_gguf(const std::filesystem::path& path);

/// The same from memory, which must outlive the result. `name` stands for the file in messages.
/// Tensors and settings may view `bytes` and then keep `owner` alive; without an owner tensors are
/// copies.
GgufFile open_gguf(std::span<const std::byte> bytes, const std::string& name,
                   std::shared_ptr<const void> owner = nullptr);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_GGUF_H_
