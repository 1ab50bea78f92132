// The reader of .npy, which knows Python's dictionaries as far as NumPy writes them, and the
// writer.
#include "clearhead/tensor/npy.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

// Reads the description of an array, which is a Python dictionary:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class DescriptionParser {
 public:
  // `begin` is where `text` begins in the file.
  DescriptionParser(std::string_view text, std::size_t begin, const std::string& name)
      : text_(text), begin_(begin), name_(name) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      parse_entry();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("unexpected text after the description of the array");
    if (!has_descr_ || !has_order_ || !has_shape_) {
      fail("the description of the array must have 'descr', 'fortran_order' and 'shape'");
    }
    return std::move(header_);
  }

 private:
  void parse_entry() {
    const std::string_view key = parse_string();
    expect(':');
    bool* seen = nullptr;
    if (key == "descr") {
      parse_descr();
      seen = &has_descr_;
    } else if (key == "fortran_order") {
      parse_order();
      seen = &has_order_;
    } else if (key == "shape") {
      parse_shape();
      seen = &has_shape_;
    } else {
      fail("unknown entry " + in_quotes(key) + " in the description of the array");
    }
    if (std::exchange(*seen, true)) fail("the entry " + in_quotes(key) + " stands there twice");
  }

  // A type code such as '<f4': byte order, kind, bytes of an element; or a list, of records.
  void parse_descr() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') {
      header_.descr = parse_list();
      return;
    }
    header_.descr = parse_string();
    std::string_view code = header_.descr;
    if (!code.empty() && std::string_view("<>=|").find(code[0]) != std::string_view::npos) {
      header_.swapped = code[0] == '>';
      code.remove_prefix(1);
    }
    for (const StoredType& type : stored_types()) {
      if (!type.npy.empty() && type.npy == code) header_.type = &type;
    }
  }

  // A list of whatever is in brackets and strings, as it stands there.
  std::string_view parse_list() {
    const std::size_t begin = at_;
    int open = 0;
    do {
      skip_space();
      if (at_ >= text_.size()) fail("a list without its closing bracket");
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        parse_string();
        continue;
      }
      open += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
      ++at_;
    } while (open > 0);
    return text_.substr(begin, at_ - begin);
  }

  void parse_order() {
    if (accept_word("True")) {
      header_.fortran_order = true;
    } else if (!accept_word("False")) {
      fail("expected True or False");
    }
  }

  void parse_shape() {
    header_.shape.clear();
    expect('(');
    while (!accept(')')) {
      header_.shape.push_back(parse_size());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  std::int64_t parse_size() {
    skip_space();
    std::int64_t size = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), size);
    if (error == std::errc::result_out_of_range) fail("a size that exceeds 2^63 - 1");
    if (error != std::errc()) fail("expected a size, a whole number");
    if (size < 0) fail("a size must not be negative, got " + std::to_string(size));
    at_ += static_cast<std::size_t>(end - begin);
    accept_word("L");  // Python 2 wrote its long integers so
    return size;
  }

  // A Python string without escapes.
  std::string_view parse_string() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("expected a string in quotes");
    const std::size_t begin = at_ + 1;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail("a string without its closing quote");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }

  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }

  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

  [[noreturn]] void fail(const std::string& fault) const {
    throw Error(name_ + ": byte " + std::to_string(begin_ + at_) + ": " + fault);
  }

  std::string_view text_;
  std::size_t begin_;
  const std::string& name_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

// Where the description begins and how long it is, from the file's first bytes.
std::pair<std::size_t, std::size_t> find_description(std::span<const std::byte> start,
                                                     const std::string& name) {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(start[i]); };
  const auto fail = [&](std::size_t at, const std::string& fault) {
    throw Error(name + ": byte " + std::to_string(at) + ": " + fault);
  };
  for (std::size_t i = 0; i < kMagic.size(); ++i) {
    if (i >= start.size() || byte(i) != static_cast<unsigned char>(kMagic[i])) {
      fail(i, "no .npy file: it must begin with \\x93NUMPY");
    }
  }
  if (start.size() < 10) fail(start.size(), "the file ends within its header");
  const std::size_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0) {
    fail(6, "version " + std::to_string(major) + "." + std::to_string(byte(7)) +
                " of the format; expected 1.0, 2.0 or 3.0");
  }
  std::size_t begin = 10;
  std::size_t length = byte(8) | byte(9) << 8;
  if (major > 1) {
    begin = 12;
    if (start.size() < begin) fail(start.size(), "the file ends within its header");
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (length > kNpyHeaderLimit - begin) {
    fail(8, "a header of " + std::to_string(length) + " bytes, at most " +
                std::to_string(kNpyHeaderLimit - begin) + " are allowed");
  }
  if (length > start.size() - begin) {
    fail(8, "a header of " + std::to_string(length) + " bytes, but only " +
                std::to_string(start.size() - begin) + " bytes follow");
  }
  return {begin, length};
}

// Throws Error unless there is a type to read the elements as.
void require_type(const NpyHeader& header, const std::string& name) {
  if (header.type != nullptr) return;
  if (header.descr.starts_with('[')) {
    throw Error(name +
                ": arrays of records are not supported; save each field as an array of its " +
                "own");
  }
  const std::string fault =
      name + ": elements of type " + in_quotes(header.descr) + " are not supported";
  if (header.descr.find_first_of("USaOMm") != std::string::npos) {
    throw Error(fault + "; they are no numbers (but text, dates or Python objects)");
  }
  throw Error(fault + "; the types are " + stored_type_names(&StoredType::npy) +
              "; convert the array with astype() before it is saved");
}

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> start, const std::string& name) {
  const auto [begin, length] = find_description(start, name);
  const std::string_view text(reinterpret_cast<const char*>(start.data()) + begin, length);
  NpyHeader header = DescriptionParser(text, begin, name).parse();
  header.data_begin = begin + length;
  return header;
}

std::uint64_t npy_file_size(const NpyHeader& header, const std::string& name) {
  require_type(header, name);
  return std::uint64_t{header.data_begin} +
         stored_bytes(header.shape, *header.type, name + ": header");
}

Tensor read_npy(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  return parse_npy(file->bytes(), path.string(), file);
}

Tensor parse_npy(std::span<const std::byte> bytes, const std::string& name,
                 std::shared_ptr<const void> owner) {
  const NpyHeader header = parse_npy_header(bytes, name);
  const std::uint64_t size = npy_file_size(header, name);
  if (bytes.size() != size) {
    throw Error(name + ": byte " + std::to_string(header.data_begin) + ": shape " +
                to_string(header.shape) + " of type " + std::string(header.type->npy) + " takes " +
                std::to_string(size - header.data_begin) + " bytes, but " +
                std::to_string(bytes.size() - header.data_begin) + " follow");
  }
  const std::string where = name + ": byte " + std::to_string(header.data_begin);
  const std::span<const std::byte> data = bytes.subspan(header.data_begin);
  if (!header.fortran_order) {
    return decode(data, header.shape, *header.type, header.swapped, std::move(owner), where);
  }
  // The same bytes are the transposed array in row-major order.
  const std::size_t rank = header.shape.size();
  std::vector<std::int64_t> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) axes[i] = static_cast<std::int64_t>(rank - 1 - i);
  return decode(data, Shape(header.shape.rbegin(), header.shape.rend()), *header.type,
                header.swapped, std::move(owner), where)
      .permute(axes)
      .contiguous();
}

std::string npy_header(const Tensor& tensor, const std::string& name) {
  require_defined(tensor, name);
  const StoredType& type = stored_type(tensor.dtype());
  if (type.npy.empty()) {
    throw Error(name + ": .npy and .npz have no type for " +
                std::string(dtype_name(tensor.dtype())) +
                "; convert it with to(DType::f32), or write .safetensors");
  }
  std::string description = "{'descr': '";
  description += type.size == 1 ? '|' : '<';
  description += std::string(type.npy) + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : tensor.shape()) description += std::to_string(size) + ",";
  description += "), }";
  // Spaces and a newline until the elements begin at a multiple of 64 bytes.
  const std::size_t before = kMagic.size() + 4;
  description.resize((before + description.size() + 1 + 63) / 64 * 64 - before - 1, ' ');
  description += '\n';
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(description.size() & 0xff),
             static_cast<char>(description.size() >> 8)};
  return header + description;
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  npy_header(tensor, path.string());  // refuses before anything is written
  write_file(path, [&](std::ostream& to) { write_npy(to, tensor, path.string()); });
}

void write_npy(std::ostream& to, const Tensor& tensor, const std::string& name) {
  to << npy_header(tensor, name);
  encode(to, tensor);
}

}  // namespace clearhead
