// The reader of .gguf walks over the header once and keeps where everything lies. So the memory
// that it takes is a few times that of the names, whatever the file claims.
#include "clearhead/tensor/gguf.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <set>
#include <utility>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/gguf_types_internal.h"
#include "clearhead/tensor/gguf_values_internal.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

// Bytes of one value; 0 for texts and arrays, whose sizes differ.
constexpr std::size_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

constexpr const char* kAlignment = "general.alignment";
constexpr int kMostAxes = 4;    // as many as GGML has
constexpr int kMostNested = 4;  // arrays in arrays; nothing has any

}  // namespace

class GgufReader {
 public:
  GgufReader(std::span<const std::byte> bytes, const std::string& name,
             std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {
    file_.tensors.name = name;
  }

  GgufFile read() {
    read_start();
    for (std::uint64_t i = 0; i < settings_; ++i) read_setting();
    const std::size_t alignment = read_alignment();
    for (std::uint64_t i = 0; i < tensors_; ++i) read_tensor();
    data_ = std::min(bytes_.size(), round_up(at_, alignment));
    place_tensors(alignment);
    return std::move(file_);
  }

 private:
  // What the header says of a tensor.
  struct Place {
    std::string where;               // for messages
    const GgufType* type = nullptr;  // null if it cannot be read
    std::uint64_t begin = 0;         // counted from data_
    std::size_t bytes = 0;           // 0 too if they are not known
  };

  [[noreturn]] void fail(const std::string& fault) const {
    throw Error(file_.tensors.name + ": byte " + std::to_string(at_) + ": " + fault);
  }

  std::span<const std::byte> take(std::uint64_t count, const char* what) {
    const std::size_t left = bytes_.size() - at_;
    if (count > left) {
      fail(std::string(what) + " of " + std::to_string(count) + " bytes, but only " +
           std::to_string(left) + " follow; truncated, or no .gguf file");
    }
    at_ += static_cast<std::size_t>(count);
    return bytes_.subspan(at_ - static_cast<std::size_t>(count), static_cast<std::size_t>(count));
  }

  template <typename T>
  T take_number(const char* what) {
    return load<T>(take(sizeof(T), what).data());
  }

  std::string take_name(const char* what) {
    const std::span<const std::byte> text = take(take_number<std::uint64_t>(what), what);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  void read_start() {
    constexpr std::uint32_t kMagic = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
    if (bytes_.size() < sizeof(kMagic) || take_number<std::uint32_t>("the start") != kMagic) {
      throw Error(file_.tensors.name + ": no .gguf file: it does not begin with GGUF");
    }
    const auto version = take_number<std::uint32_t>("the version");
    if (version != 2 && version != 3) {
      const bool is_swapped = version != 0 && version % 65536 == 0;
      fail("expected version 2 or 3, got " +
           (is_swapped ? "a big-endian file" : std::to_string(version)) +
           "; convert the model anew");
    }
    tensors_ = take_number<std::uint64_t>("the number of tensors");
    settings_ = take_number<std::uint64_t>("the number of settings");
  }

  void read_setting() {
    const std::string name = take_name("the name of a setting");
    GgufValue value;
    value.where_ = file_.tensors.name + ": " + in_quotes(name);
    value.owner_ = owner_;
    value.type_ = take_type(value.where_);
    value.is_array_ = value.type_ == kArray;
    value.count_ = 1;
    if (value.is_array_) {
      value.type_ = take_type(value.where_);
      value.count_ = take_number<std::uint64_t>("an array");
    }
    const std::size_t begin = at_;
    pass_over(value.type_, value.count_, value.where_, 0);
    value.bytes_ = bytes_.subspan(begin, at_ - begin);
    if (!file_.values.emplace(name, value).second)
      throw Error(value.where_ + " stands there twice");
  }

  std::uint32_t take_type(const std::string& where) {
    const auto type = take_number<std::uint32_t>("a type");
    if (type >= std::size(kSizes)) {
      throw Error(where + ": there is no type " + std::to_string(type) + " of settings");
    }
    return type;
  }

  // The values of one type that stand here.
  void pass_over(std::uint32_t type, std::uint64_t count, const std::string& where, int nested) {
    if (kSizes[type] != 0) {
      if (count > bytes_.size()) take(count, "an array");  // says that it is too long
      take(count * kSizes[type], "a value");
      return;
    }
    if (nested == kMostNested) throw Error(where + ": arrays are nested too deeply");
    for (std::uint64_t i = 0; i < count; ++i) {  // each takes bytes, so the file's end is an end
      if (type == kText) {
        take(take_number<std::uint64_t>("a text"), "a text");
      } else {
        const std::uint32_t of = take_type(where);
        pass_over(of, take_number<std::uint64_t>("an array"), where, nested + 1);
      }
    }
  }

  std::size_t read_alignment() const {
    const GgufValue* const given = file_.find(kAlignment);
    if (given == nullptr) return 32;
    const std::int64_t alignment = given->integer();
    if (alignment <= 0 || alignment > std::numeric_limits<std::uint32_t>::max() ||
        !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
      throw Error(file_.tensors.name + ": " + kAlignment + ": expected a power of two, got " +
                  std::to_string(alignment));
    }
    return static_cast<std::size_t>(alignment);
  }

  void read_tensor() {
    TensorFile::Entry entry;
    entry.name = take_name("the name of a tensor");
    Place place;
    place.where = file_.tensors.name + ": tensor " + in_quotes(entry.name);
    const auto axes = take_number<std::uint32_t>("a shape");
    if (axes > kMostAxes) {
      throw Error(place.where + ": a shape of " + std::to_string(axes) + " axes, at most " +
                  std::to_string(kMostAxes) + " are allowed");
    }
    for (std::uint32_t i = 0; i < axes; ++i) {
      const auto size = take_number<std::uint64_t>("a shape");
      if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        throw Error(place.where + ": an axis of " + std::to_string(size) + " numbers");
      }
      entry.shape.insert(entry.shape.begin(), static_cast<std::int64_t>(size));
    }
    const auto number = take_number<std::uint32_t>("a type");
    entry.type = gguf_type_name(number);
    place.begin = take_number<std::uint64_t>("an offset");
    place.type = find_gguf_type(number);
    if (place.type != nullptr) {
      place.bytes = gguf_bytes(entry.shape, *place.type, place.where);
      entry.dtype = gguf_dtype(*place.type);
    }
    file_.tensors.entries.push_back(std::move(entry));
    places_.push_back(std::move(place));
  }

  // Throws Error unless all lie within the file and no two overlap: else a small file could hold
  // any number of large tensors. Then says how each is read.
  void place_tensors(std::size_t alignment) {
    std::vector<std::size_t> order(places_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(places_[a].begin, places_[a].bytes) <
             std::pair(places_[b].begin, places_[b].bytes);
    });
    const std::span<const std::byte> data = bytes_.subspan(data_);
    std::set<std::string_view> names;
    std::size_t end = 0;
    for (const std::size_t i : order) {
      const Place& place = places_[i];
      const std::string range =
          " are to begin at byte " + std::to_string(place.begin) + " of the data, which ";
      if (!names.insert(file_.tensors.entries[i].name).second) {
        throw Error(place.where + " stands there twice");
      }
      if (place.begin % alignment != 0) {
        throw Error(place.where + ": its numbers" + range + "is no multiple of " +
                    std::to_string(alignment));
      }
      if (place.begin > data.size() || place.bytes > data.size() - place.begin) {
        throw Error(place.where + ": its " + std::to_string(place.bytes) + " bytes" + range +
                    "has " + std::to_string(data.size()) + "; truncated");
      }
      if (place.begin < end) throw Error(place.where + " overlaps another tensor");
      end = static_cast<std::size_t>(place.begin) + place.bytes;
      file_.tensors.entries[i].read = reader_of(i, data);
    }
  }

  std::function<Tensor()> reader_of(std::size_t i, std::span<const std::byte> data) const {
    const Place& place = places_[i];
    const TensorFile::Entry& entry = file_.tensors.entries[i];
    if (place.type == nullptr) {
      return [where = place.where, type = entry.type]() -> Tensor {
        throw Error(where + ": numbers of " + type + " are not supported; the types are " +
                    gguf_type_names());
      };
    }
    return [elements = data.subspan(static_cast<std::size_t>(place.begin), place.bytes),
            shape = entry.shape, type = place.type, owner = owner_,
            where = place.where] { return decode_gguf(elements, shape, *type, owner, where); };
  }

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::size_t at_ = 0;
  std::size_t data_ = 0;  // where tensors begin
  std::uint64_t tensors_ = 0, settings_ = 0;
  std::vector<Place> places_;  // of the tensors, in their order
  GgufFile file_;
};

GgufFile open_gguf(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  return open_gguf(file->bytes(), path.string(), file);
}

GgufFile open_gguf(std::span<const std::byte> bytes, const std::string& name,
                   std::shared_ptr<const void> owner) {
  return GgufReader(bytes, name, std::move(owner)).read();
}

}  // namespace clearhead
