// The reader of .safetensors takes its header piece by piece; the writer lays it out as the
// reference does.
#include "clearhead/tensor/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

using nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;  // of the number that says how long the header is

// What the header says of one tensor.
struct Entry {
  std::string name;
  std::string dtype;
  const StoredType* type = nullptr;  // null if it cannot be read
  Shape shape;
  std::size_t begin = 0;  // of its elements, counted from the end of the header
  std::size_t end = 0;
};

struct Header {
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
};

// Receives the header's JSON piece by piece, so that nothing is built of what does not belong
// there, however deep it nests.
class HeaderReader : public json::json_sax_t {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  Header take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) {
      place_ = Place::names;
    } else if (place_ == Place::name_given) {
      place_ = name_ == kMetadata ? Place::metadata : Place::fields;
    } else {
      fail("an object where none belongs");
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::fields) end_entry();
    place_ = Place::names;
    return true;
  }

  bool key(std::string& key) override {
    if (place_ == Place::names) {
      name_ = key;
      if (!names_.insert(key).second) fail("stands there twice");
      entry_ = Entry();
      entry_.name = key;
      seen_.clear();
      place_ = Place::name_given;
    } else if (place_ == Place::metadata) {
      field_ = key;
      if (header_.metadata.count(key) != 0) fail("the key " + in_quotes(key) + " stands twice");
    } else {
      field_ = key;
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        fail("unknown entry " + in_quotes(key) + "; expected dtype, shape and data_offsets");
      }
      if (!seen_.insert(key).second) fail(key + " stands there twice");
    }
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::metadata) {
      header_.metadata.emplace(field_, value);
    } else if (place_ == Place::fields && field_ == "dtype") {
      set_type(value);
    } else {
      fail("a string where none belongs: " + in_quotes(value));
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::fields || field_ == "dtype") fail("an array where none belongs");
    place_ = Place::numbers;
    numbers_.clear();
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::numbers) fail("a number where none belongs");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      fail(field_ + ": " + std::to_string(value) + " exceeds 2^63 - 1");
    }
    numbers_.push_back(static_cast<std::int64_t>(value));
    return true;
  }

  bool end_array() override {
    place_ = Place::fields;
    if (field_ == "shape") {
      entry_.shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2 || numbers_[0] > numbers_[1]) {
      fail("data_offsets must be [begin, end] with begin <= end, got " + to_string(numbers_));
    }
    entry_.begin = static_cast<std::size_t>(numbers_[0]);
    entry_.end = static_cast<std::size_t>(numbers_[1]);
    return true;
  }

  bool null() override { fail("null where none belongs"); }
  bool boolean(bool) override { fail("true or false where none belongs"); }
  bool number_integer(number_integer_t value) override {
    fail(field_ + ": a number must not be negative, got " + std::to_string(value));
  }
  bool number_float(number_float_t, const std::string& text) override {
    fail(field_ + ": expected a whole number below 2^63, got " + in_quotes(text));
  }
  bool binary(binary_t&) override { fail("binary data where none belong"); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // "[id] parse error at line 1, column 9: FAULT; last read: TEXT", whose place is repeated here
    // and whose text may be long and of any characters.
    std::string_view fault = error.what();
    fault.remove_prefix(std::min(fault.size(), fault.find(": ") + 2));
    fault = fault.substr(0, fault.find("; last read"));
    throw Error(file_ + ": byte " + std::to_string(kLengthBytes + position) +
                ": the header is no valid JSON: " + std::string(fault));
  }

 private:
  enum class Place { start, names, name_given, metadata, fields, numbers };

  void set_type(const std::string& name) {
    entry_.dtype = name;
    for (const StoredType& type : stored_types()) {
      if (type.safetensors == name) entry_.type = &type;
    }
  }

  void end_entry() {
    if (seen_.size() != 3) fail("must have dtype, shape and data_offsets");
    const std::size_t bytes = entry_.type != nullptr
                                  ? stored_bytes(entry_.shape, *entry_.type, where())
                                  : entry_.end - entry_.begin;  // not known
    if (bytes != entry_.end - entry_.begin) {
      fail("shape " + to_string(entry_.shape) + " of " + std::string(entry_.type->safetensors) +
           " takes " + std::to_string(bytes) + " bytes, but data_offsets [" +
           std::to_string(entry_.begin) + ", " + std::to_string(entry_.end) + "] hold " +
           std::to_string(entry_.end - entry_.begin));
    }
    header_.entries.push_back(std::move(entry_));
  }

  std::string where() const {
    if (names_.empty()) return file_ + ": header";
    return file_ + ": " + (name_ == kMetadata ? name_ : "tensor " + in_quotes(name_));
  }

  [[noreturn]] void fail(const std::string& fault) const { throw Error(where() + ": " + fault); }

  const std::string& file_;
  Header header_;
  Place place_ = Place::start;
  std::set<std::string> names_;
  std::string name_;            // of the tensor, or kMetadata
  std::string field_;           // of the tensor or in the metadata
  std::set<std::string> seen_;  // fields of the tensor
  Shape numbers_;
  Entry entry_;
};

// Throws Error unless the tensors fill `available` bytes without gap or overlap.
void require_no_holes(const std::vector<Entry>& entries, std::size_t available,
                      const std::string& file) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::size_t expected = 0;
  for (const Entry* entry : sorted) {
    const std::string where = file + ": tensor " + in_quotes(entry->name) + ": data_offsets [" +
                              std::to_string(entry->begin) + ", " + std::to_string(entry->end) +
                              "]";
    if (entry->end > available) {
      throw Error(where + " go beyond the " + std::to_string(available) +
                  " bytes that follow the header");
    }
    if (entry->begin < expected) throw Error(where + " overlap those of another tensor");
    if (entry->begin > expected) {
      throw Error(where + " leave a hole: the bytes before end at " + std::to_string(expected));
    }
    expected = entry->end;
  }
  if (expected != available) {
    throw Error(file + ": " + std::to_string(available - expected) +
                " bytes at the end belong to no tensor");
  }
}

void require_type(const Entry& entry, const std::string& where) {
  if (entry.type != nullptr) return;
  throw Error(where + ": elements of type " + in_quotes(entry.dtype) +
              " are not supported; the types are " + stored_type_names(&StoredType::safetensors));
}

// The header's text.
std::string_view find_header(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes + 2) {
    throw Error(file + ": no .safetensors file: it has " + std::to_string(bytes.size()) +
                " bytes, at least " + std::to_string(kLengthBytes + 2) + " are needed");
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  }
  constexpr std::string_view kPointer = "version https://git-lfs";
  if (std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
          .starts_with(kPointer)) {
    throw Error(file + ": it only says where Git LFS keeps the file; `git lfs pull` fetches it");
  }
  if (length > bytes.size() - kLengthBytes) {
    throw Error(file + ": byte 0: a header of " + std::to_string(length) + " bytes, but only " +
                std::to_string(bytes.size() - kLengthBytes) +
                " bytes follow; truncated, or no .safetensors file");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
                              static_cast<std::size_t>(length));
  if (!text.starts_with('{')) {
    throw Error(file + ": byte " + std::to_string(kLengthBytes) + ": the header must begin with {");
  }
  return text;
}

// In the order that the reference implementation stores types in, widest first.
int rank_of(DType dtype) {
  switch (dtype) {
    case DType::i64:
      return 0;
    case DType::f64:
      return 1;
    case DType::f32:
      return 2;
    case DType::bf16:
      return 3;
    case DType::f16:
      return 4;
    case DType::boolean:
      break;
  }
  return 5;
}

// Throws Error unless all can be read, and each name occurs once.
std::vector<const TensorFile::Entry*> in_stored_order(const TensorFile& tensors,
                                                      const std::string& file) {
  std::vector<const TensorFile::Entry*> sorted;
  std::set<std::string_view> names;
  for (const TensorFile::Entry& entry : tensors.entries) {
    const std::string where = file + ": tensor " + in_quotes(entry.name);
    if (!names.insert(entry.name).second) throw Error(where + " is given twice");
    if (!entry.dtype) throw Error(where + ": cannot write elements of type " + entry.type);
    sorted.push_back(&entry);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorFile::Entry* a, const TensorFile::Entry* b) {
              return std::pair(rank_of(*a->dtype), std::string_view(a->name)) <
                     std::pair(rank_of(*b->dtype), std::string_view(b->name));
            });
  return sorted;
}

std::string header_text(const std::map<std::string, std::string>& metadata,
                        const std::vector<const TensorFile::Entry*>& sorted,
                        const std::string& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kMetadata)] = metadata;
  std::size_t begin = 0;
  for (const TensorFile::Entry* entry : sorted) {
    if (entry->name == kMetadata) {
      throw Error(file + ": a tensor cannot be called " + entry->name +
                  ": the format uses that name");
    }
    const StoredType& type = stored_type(*entry->dtype);
    const std::size_t end =
        begin + stored_bytes(entry->shape, type, file + ": " + in_quotes(entry->name));
    header[entry->name] = {
        {"dtype", type.safetensors}, {"shape", entry->shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const json::exception&) {
    throw Error(file + ": names and metadata must be UTF-8");
  }
}

}  // namespace

TensorFile open_safetensors(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  return open_safetensors(file->bytes(), path.string(), file);
}

TensorFile open_safetensors(std::span<const std::byte> bytes, const std::string& name,
                            std::shared_ptr<const void> owner) {
  const std::string_view text = find_header(bytes, name);
  HeaderReader reader(name);
  json::sax_parse(text.begin(), text.end(), &reader);
  Header header = reader.take();
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());
  require_no_holes(header.entries, data.size(), name);
  TensorFile file{.name = name, .entries = {}, .metadata = std::move(header.metadata)};
  for (const Entry& entry : header.entries) {
    const std::string where = name + ": tensor " + in_quotes(entry.name);
    const auto read = [entry, where, owner,
                       elements = data.subspan(entry.begin, entry.end - entry.begin)] {
      require_type(entry, where);
      return decode(elements, entry.shape, *entry.type, /*swapped=*/false, owner, where);
    };
    file.entries.push_back({.name = entry.name,
                            .type = entry.type != nullptr ? type_name(*entry.type) : entry.dtype,
                            .dtype = dtype_if_known(entry.type),
                            .shape = entry.shape,
                            .read = read});
  }
  return file;
}

NamedTensors read_safetensors(const std::filesystem::path& path) {
  return open_safetensors(path).read_all();
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& named) {
  write_file(path, [&](std::ostream& to) { write_safetensors(to, named, path.string()); });
}

void write_safetensors(std::ostream& to, const NamedTensors& named, const std::string& name) {
  validate(named, name);
  write_safetensors(to, as_file(named, name), name);
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& tensors) {
  write_file(path, [&](std::ostream& to) { write_safetensors(to, tensors, path.string()); });
}

void write_safetensors(std::ostream& to, const TensorFile& tensors, const std::string& name) {
  const std::vector<const TensorFile::Entry*> sorted = in_stored_order(tensors, name);
  const std::string header = header_text(tensors.metadata, sorted, name);
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    to.put(static_cast<char>(std::uint64_t{header.size()} >> (8 * i) & 0xff));
  }
  to << header;
  for (const TensorFile::Entry* entry : sorted) {
    const Tensor tensor = entry->read();
    if (tensor.dtype() != *entry->dtype || tensor.shape() != entry->shape) {
      throw Error(name + ": tensor " + in_quotes(entry->name) + ": reading gives " +
                  to_string(tensor.shape()) + " of " + std::string(dtype_name(tensor.dtype())) +
                  ", not what its entry says");
    }
    encode(to, tensor);
  }
}

}  // namespace clearhead
