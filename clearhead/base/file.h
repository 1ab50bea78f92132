// Files: read by mapping them into memory, written so that a reader sees the old content or the
// new, never a half.
#ifndef CLEARHEAD_BASE_FILE_H_
#define CLEARHEAD_BASE_FILE_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead {

/// A file mapped read-only into memory; unmapped when the last owner goes. Replacing the file, as
/// `write_file` does, leaves the mapping as it is; shortening it in place makes reading fatal.
class MappedFile {
 public:
  /// Maps `path`. Throws Error if it cannot be opened or is no regular file.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  /// Unmaps it.
  ~MappedFile();

  /// All of the file.
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

/// The ending of a file's name in small letters, by which readers and writers are chosen: ".npz" of
/// "a/B.NPZ". Empty if it has none.
std::string ending_of(const std::filesystem::path& path);

/// Calls f, which works on what `file` holds; its errors begin with the file's name.
template <typename F>
auto naming(const std::filesystem::path& file, const F& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Error(file.string() + ": " + error.what());
  }
}

/// Writes `path` through `write`, which receives a stream: into a temporary file beside it, flushed
/// to the disk, then renamed. If anything fails the temporary file is removed, `path` stays as it
/// was, and Error says why. A link's target is what is replaced; a device or pipe, such as
/// /dev/stdout, is written to directly.
void write_file(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write);

/// Throws the Error of `write_file(path, …)` if that cannot succeed: there is no such folder,
/// `path` is a folder, permission is missing, or the disk is read-only or full. What is at `path`
/// stays as it is. So a program can refuse a name before it calculates for an hour.
void check_writable(const std::filesystem::path& path);

/// Makes `folder` and those that it lies in, where they do not exist. Throws Error if it cannot.
void make_folder(const std::filesystem::path& folder);

/// Removes the temporary files that a process left in `folder` when it was killed within
/// `write_file`. Only for a folder that nobody else writes into.
void remove_leftovers(const std::filesystem::path& folder);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_FILE_H_
