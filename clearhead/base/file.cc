// Mapped files, and files written beside their place, on POSIX.
#include "clearhead/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr const char* kTemporary =
    ".tmp-";  // what is written into has it in its name, and the process

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& action, int error) {
  throw Error(path.string() + ": cannot " + action + ": " + std::strerror(error));
}

// Closes a file descriptor at the end of a scope.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

void flush_to_disk(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0 || ::fsync(file.fd) != 0) fail(path, "flush to the disk", errno);
}

// Writes `file` through `write`; messages name `path`.
void write_stream(const std::filesystem::path& file, const std::filesystem::path& path,
                  const std::function<void(std::ostream&)>& write) {
  errno = 0;  // streams do not say why they fail; the system call beneath does
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  if (!stream) fail(path, "write", errno);
  write(stream);
  stream.close();
  if (!stream) fail(path, "write", errno != 0 ? errno : EIO);
}

// A terminal, pipe or device: written to directly, since it must not be replaced by a file.
bool is_device(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

// Where what is written to `path` goes: a link's target, so that a link stays a link.
std::filesystem::path place_to_write(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw Error(path.string() + ": cannot write: it is a folder; name a file in it");
  }
  if (is_device(path)) return path;  // what /dev/stdout links to may have no name
  if (std::filesystem::exists(status)) {
    std::filesystem::path target = std::filesystem::canonical(path, error);
    if (error) fail(path, "write", error.value());
    return target;
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::status(folder, error).type() == std::filesystem::file_type::not_found) {
    throw Error(path.string() + ": cannot write: there is no folder " + folder.string() +
                "; make it first");
  }
  return path;
}

// Writes a temporary file beside `target` and hands it over to `finish`; messages name `path`. If
// anything fails the temporary file is removed.
void write_beside(const std::filesystem::path& target, const std::filesystem::path& path,
                  const std::function<void(std::ostream&)>& write,
                  const std::function<void(const std::filesystem::path&)>& finish) {
  static std::atomic<int> number = 0;
  const std::filesystem::path temporary =
      target.string() + kTemporary + std::to_string(::getpid()) + "-" + std::to_string(++number);
  try {
    write_stream(temporary, path, write);
    finish(temporary);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) fail(path, "open", errno);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) fail(path, "read", errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(path.string() + ": expected a regular file, got a folder or a device");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile({}));
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) fail(path, "map into memory", errno);
  return std::shared_ptr<const MappedFile>(
      new MappedFile({static_cast<const std::byte*>(address), size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    ::munmap(const_cast<void*>(static_cast<const void*>(bytes_.data())), bytes_.size());
  }
}

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return ending;
}

void write_file(const std::filesystem::path& path,
                const std::function<void(std::ostream&)>& write) {
  const std::filesystem::path target = place_to_write(path);
  if (is_device(target)) {
    write_stream(target, path, write);
    return;
  }
  write_beside(target, path, write, [&](const std::filesystem::path& temporary) {
    flush_to_disk(temporary);
    std::error_code error;
    std::filesystem::rename(temporary, target, error);
    if (error) fail(path, "write", error.value());
  });
}

void check_writable(const std::filesystem::path& path) {
  const std::filesystem::path target = place_to_write(path);
  if (is_device(target)) {
    if (::access(target.c_str(), W_OK) != 0) fail(path, "write", errno);
    return;
  }
  // A page, since a full disk still has room for a name.
  const std::string page(4096, ' ');
  write_beside(
      target, path, [&](std::ostream& out) { out << page; },
      [](const std::filesystem::path& temporary) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
      });
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(folder.string() + ": cannot make this folder: " + error.message());
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().find(kTemporary) != std::string::npos) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

}  // namespace clearhead
