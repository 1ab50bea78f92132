// MappedFile and write_file on POSIX.
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

void write_file(const std::filesystem::path& path,
                const std::function<void(std::ostream&)>& write) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw Error(path.string() + ": cannot write: it is a folder; name a file in it");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    write_stream(path, path, write);  // a terminal, pipe or device must not be replaced by a file
    return;
  }
  // A link stays a link: what it points to is replaced.
  const std::filesystem::path target =
      std::filesystem::exists(status) ? std::filesystem::canonical(path, error) : path;
  if (error && std::filesystem::exists(status)) fail(path, "write", error.value());
  static std::atomic<int> number = 0;
  const std::filesystem::path temporary =
      target.string() + kTemporary + std::to_string(::getpid()) + "-" + std::to_string(++number);
  try {
    write_stream(temporary, path, write);
    flush_to_disk(temporary);
    std::filesystem::rename(temporary, target, error);
    if (error) fail(path, "write", error.value());
  } catch (...) {
    std::filesystem::remove(temporary, error);
    throw;
  }
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
