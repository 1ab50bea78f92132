// .npz by libzip: nothing in an archive is trusted before it is checked.
#include "clearhead/tensor/npz.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/npy.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

constexpr std::string_view kEnding = ".npy";

// The most bytes that deflate (RFC 1951) makes of one: a match of 258 bytes takes at least 2 bits.
constexpr std::uint64_t kDeflateRatio = 1032;

// Owners of libzip's objects.
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Archive = std::unique_ptr<zip_t, DiscardArchive>;
using EntryFile = std::unique_ptr<zip_file_t, CloseEntry>;

struct ZipError {
  zip_error_t error;
  ZipError() { zip_error_init(&error); }
  ~ZipError() { zip_error_fini(&error); }
  std::string text() { return zip_error_strerror(&error); }
};

Archive open_archive(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.empty()) {  // which libzip takes for an archive without entries
    throw Error(name + ": no sound .npz (zip) archive: the file is empty");
  }
  ZipError error;
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error.error));
  Archive archive;
  if (source != nullptr) {
    archive.reset(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, &error.error));
  }
  if (archive == nullptr) throw Error(name + ": no sound .npz (zip) archive: " + error.text());
  source.release();  // the archive's now
  return archive;
}

// The bytes that zip needs besides names and content: for an entry in its own header and in the
// directory, and at the end of the file.
constexpr std::uint64_t kEntryBytes = 30 + 46;
constexpr std::uint64_t kEndBytes = 22;

// Throws Error if entries lie within others, by which a small file could unpack to one of the
// square of its size.
void require_disjoint(zip_t* archive, std::uint64_t file_size, const std::string& name) {
  std::uint64_t left = file_size - std::min(file_size, kEndBytes);
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    const char* entry = zip_get_name(archive, i, ZIP_FL_ENC_RAW);
    zip_stat_t status;
    const bool known =
        zip_stat_index(archive, i, 0, &status) == 0 && (status.valid & ZIP_STAT_COMP_SIZE) != 0;
    if (entry == nullptr || !known) throw Error(name + ": an entry whose size is not known");
    const std::uint64_t besides = kEntryBytes + 2 * std::strlen(entry);
    if (left < besides || status.comp_size > left - besides) {
      throw Error(name + ": entry " + in_quotes(entry) +
                  ": the entries take more bytes than the file has, so they overlap");
    }
    left -= besides + status.comp_size;
  }
}

// The bytes that an entry claims to unpack to, if that can be true.
std::uint64_t entry_size(zip_t* archive, zip_uint64_t index, const std::string& where) {
  zip_stat_t status;
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded) {
    throw Error(where + ": its size is not known");
  }
  if (status.encryption_method != ZIP_EM_NONE) throw Error(where + ": is encrypted");
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
    throw Error(where + ": compressed with zip method " + std::to_string(status.comp_method) +
                "; expected stored (0) or deflated (8)");
  }
  const bool stored = status.comp_method == ZIP_CM_STORE;
  if (stored ? status.size != status.comp_size : status.size / kDeflateRatio > status.comp_size) {
    throw Error(where + ": " + std::to_string(status.comp_size) + " bytes cannot hold the " +
                std::to_string(status.size) + " it claims");
  }
  return status.size;
}

// Reads on until `to` is full or the entry ends; returns how much was read.
std::size_t read_bytes(zip_file_t* entry, std::span<std::byte> to, const std::string& where) {
  std::size_t done = 0;
  while (done < to.size()) {
    const zip_int64_t read = zip_fread(entry, to.data() + done, to.size() - done);
    if (read < 0) throw Error(where + ": " + zip_error_strerror(zip_file_get_error(entry)));
    if (read == 0) break;
    done += static_cast<std::size_t>(read);
  }
  return done;
}

// An entry that is being unpacked.
class Unpacking {
 public:
  Unpacking(zip_t* archive, zip_uint64_t index, const std::string& where)
      : where_(where), size_(entry_size(archive, index, where)) {
    entry_.reset(zip_fopen_index(archive, index, 0));
    if (entry_ == nullptr) throw Error(where + ": " + zip_strerror(archive));
    start_.resize(std::min<std::uint64_t>(size_, kNpyHeaderLimit));
    start_.resize(read_bytes(entry_.get(), start_, where));
  }

  NpyHeader header() const { return parse_npy_header(start_, where_); }

  // The header must describe an array of the entry's size before the rest is unpacked.
  Tensor tensor() {
    require_size(npy_file_size(header(), where_), "says its .npy header");
    const std::shared_ptr<std::byte[]> content(new (std::nothrow) std::byte[size_]);
    if (content == nullptr) {
      throw Error(where_ + ": no memory for its " + std::to_string(size_) + " bytes");
    }
    std::copy(start_.begin(), start_.end(), content.get());
    const std::span<std::byte> all(content.get(), size_);
    const std::size_t rest = read_bytes(entry_.get(), all.subspan(start_.size()), where_);
    require_size(start_.size() + rest, "were found");
    std::array<std::byte, 1> beyond;  // reading on makes libzip compare the checksum
    require_size(size_ + read_bytes(entry_.get(), beyond, where_), "or more were found");
    return parse_npy(all, where_, content);
  }

 private:
  void require_size(std::uint64_t actual, const std::string& whose) const {
    if (actual == size_) return;
    throw Error(where_ + ": has " + std::to_string(size_) + " bytes says the archive, " +
                std::to_string(actual) + " " + whose);
  }

  const std::string& where_;
  std::uint64_t size_;
  EntryFile entry_;
  std::vector<std::byte> start_;
};

// Whether an entry is called NAME.npy, and not by macOS, whose archives have for each file another
// of that name with what its file system knows of it.
bool is_array(std::string_view entry) {
  const std::string_view file = entry.substr(entry.rfind('/') + 1);
  const std::string_view ending =
      entry.substr(entry.size() - std::min(entry.size(), kEnding.size()));
  return (ending == kEnding || ending == ".NPY") && !entry.starts_with("__MACOSX/") &&
         !file.starts_with("._");
}

// The size in bytes of what `source` holds now.
std::uint64_t source_size(zip_source_t* source) {
  zip_stat_t status;
  zip_stat_init(&status);
  return zip_source_stat(source, &status) == 0 ? status.size : 0;
}

// Copies what `source` holds to a stream.
void copy_source(zip_source_t* source, std::ostream& to, const std::string& name) {
  std::vector<char> chunk(std::size_t{1} << 16);
  if (zip_source_open(source) != 0) {
    throw Error(name + ": " + zip_error_strerror(zip_source_error(source)));
  }
  for (std::uint64_t left = source_size(source); left > 0;) {
    const zip_int64_t read = zip_source_read(source, chunk.data(), chunk.size());
    if (read <= 0) throw Error(name + ": the archive could not be put together");
    to.write(chunk.data(), read);
    left -= static_cast<std::uint64_t>(read);
  }
  zip_source_close(source);
}

// A `.npy` file in two pieces that stay where they are: header and elements.
struct Pieces {
  std::string header;
  Tensor elements;  // contiguous
};

// Adds an entry, which refers to `pieces` until the archive is closed.
void add_entry(zip_t* archive, const std::string& entry, const Pieces& pieces,
               const std::string& name) {
  const std::span<const std::byte> elements = raw_bytes(pieces.elements);
  // libzip wants pointers to what may be written; it only reads.
  const std::array<zip_buffer_fragment_t, 2> fragments = {
      {{reinterpret_cast<zip_uint8_t*>(const_cast<char*>(pieces.header.data())),
        pieces.header.size()},
       {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(elements.data())), elements.size()}}};
  Source source(zip_source_buffer_fragment(archive, fragments.data(), fragments.size(), 0));
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, entry.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    throw Error(name + ": entry " + in_quotes(entry) + ": " + zip_strerror(archive));
  }
  source.release();  // the archive's now
  const auto position = static_cast<zip_uint64_t>(index);
  constexpr zip_uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01, as NumPy has it
  if (zip_set_file_compression(archive, position, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, position, 0, kFirstDay, 0) != 0) {
    throw Error(name + ": entry " + in_quotes(entry) + ": " + zip_strerror(archive));
  }
}

// Refuses what an archive cannot hold; else each tensor's pieces.
std::vector<Pieces> make_pieces(const NamedTensors& named, const std::string& name) {
  validate(named, name);
  if (!named.metadata.empty()) {
    throw Error(name + ": .npz has no place for metadata (" +
                in_quotes(named.metadata.begin()->first) + "); write .safetensors");
  }
  std::vector<Pieces> pieces;
  for (const auto& [tensor_name, tensor] : named.tensors) {
    if (tensor_name.find('\0') != std::string::npos) {
      throw Error(name + ": tensor " + in_quotes(tensor_name) + ": a NUL in its name");
    }
    std::string header = npy_header(tensor, name + ": tensor " + in_quotes(tensor_name));
    pieces.push_back({std::move(header), tensor.contiguous()});
  }
  return pieces;
}

}  // namespace

TensorFile open_npz(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  return open_npz(file->bytes(), path.string(), file);
}

TensorFile open_npz(std::span<const std::byte> bytes, const std::string& name,
                    std::shared_ptr<const void> owner) {
  const std::shared_ptr<zip_t> archive(
      open_archive(bytes, name).release(),
      [owner = std::move(owner)](zip_t* opened) { zip_discard(opened); });
  require_disjoint(archive.get(), bytes.size(), name);
  TensorFile file{.name = name};
  std::set<std::string> seen;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    const char* entry_name = zip_get_name(archive.get(), i, ZIP_FL_ENC_GUESS);
    if (entry_name == nullptr) throw Error(name + ": " + zip_strerror(archive.get()));
    const std::string_view in_archive = entry_name;
    if (!is_array(in_archive)) continue;
    const std::string where = name + ": entry " + in_quotes(in_archive);
    TensorFile::Entry entry;
    entry.name = in_archive.substr(0, in_archive.size() - kEnding.size());
    if (!seen.insert(entry.name).second) throw Error(where + ": stands there twice");
    try {
      NpyHeader header = Unpacking(archive.get(), i, where).header();
      entry.type = header.type != nullptr ? type_name(*header.type) : std::move(header.descr);
      entry.dtype = dtype_if_known(header.type);
      entry.shape = std::move(header.shape);
    } catch (const Error&) {
      // It says so when it is read.
    }
    entry.read = [archive, i, where] { return Unpacking(archive.get(), i, where).tensor(); };
    file.entries.push_back(std::move(entry));
  }
  return file;
}

void write_npz(const std::filesystem::path& path, const NamedTensors& named) {
  write_file(path, [&](std::ostream& to) { write_npz(to, named, path.string()); });
}

void write_npz(std::ostream& to, const NamedTensors& named, const std::string& name) {
  const std::vector<Pieces> pieces = make_pieces(named, name);
  if (pieces.empty()) {  // libzip writes no archive without entries; it is this end record alone
    to << "PK\x05\x06" << std::string(18, '\0');
    return;
  }
  ZipError error;
  const Source result(zip_source_buffer_create(nullptr, 0, 0, &error.error));
  Archive archive;
  if (result != nullptr) {
    archive.reset(zip_open_from_source(result.get(), ZIP_CREATE | ZIP_TRUNCATE, &error.error));
  }
  if (archive == nullptr) throw Error(name + ": " + error.text());
  zip_source_keep(result.get());  // ours and the archive's
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    add_entry(archive.get(), named.tensors[i].first + std::string(kEnding), pieces[i], name);
  }
  if (zip_close(archive.get()) != 0) throw Error(name + ": " + zip_strerror(archive.get()));
  archive.release();  // closing freed it
  copy_source(result.get(), to, name);
}

}  // namespace clearhead
