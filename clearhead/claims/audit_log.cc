// A file opened for appending: each line is one write, which the system does not mix with others.
#include "clearhead/claims/audit_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const fs::path& path, const std::string& action) {
  throw Error(
      fmt::format("{}: cannot {} the audit log: {}; nothing was done, since it could not be "
                  "written down (CLEARHEAD_AUDIT_LOG names another file)",
                  path.string(), action, std::strerror(errno)));
}

/// The name that belongs to the process, not what the environment says.
std::string user() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("uid {}", getuid());
}

std::string line_of(const AuditEntry& entry) {
  Json json;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  json["time"] =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  json["user"] = user();
  json["command"] = entry.command;
  const auto add_file = [&json](const std::string& name, const fs::path& path,
                                const std::string& hash) {
    if (path.empty()) return;
    json[name] = fs::absolute(path).lexically_normal().string();
    json[name + "_sha256"] = hash;
  };
  add_file("data", entry.data, entry.data_hash);
  add_file("model", entry.model, entry.model_hash);
  for (const auto& [name, count] : entry.counts) json[name] = count;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// SHA-256, piece by piece.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(const void* bytes, std::size_t count) {
    check(EVP_DigestUpdate(context_.get(), bytes, count) == 1);
  }

  std::string digits() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1);
    return fmt::format("{:02x}", fmt::join(hash.begin(), hash.begin() + size, ""));
  }

 private:
  static void check(bool works) {
    if (!works) throw Error("libcrypto cannot calculate SHA-256");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string sha256_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 16);
  Sha256 hash;
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    hash.add(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) throw Error(path.string() + ": cannot read it");
  return hash.digits();
}

}  // namespace

AuditLog::AuditLog(fs::path path)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {
  if (file_ < 0) fail(path_, "open");
}

AuditLog::~AuditLog() { ::close(file_); }

void AuditLog::add(const AuditEntry& entry) {
  std::string line = line_of(entry);
  if (::flock(file_, LOCK_EX) != 0) fail(path_, "lock");
  // A line that a power cut left unfinished does not swallow this one.
  const off_t size = ::lseek(file_, 0, SEEK_END);
  char last = '\n';
  if (size > 0 && ::pread(file_, &last, 1, size - 1) == 1 && last != '\n') line.insert(0, "\n");
  const ssize_t written = ::write(file_, line.data(), line.size());
  const bool whole = written == static_cast<ssize_t>(line.size());
  if (!whole && written >= 0) errno = ENOSPC;
  if (!whole || (::fsync(file_) != 0 && errno != EINVAL))
    fail(path_, "write to");  // EINVAL: a pipe
  ::flock(file_, LOCK_UN);
}

fs::path default_audit_log() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value != nullptr ? value : "");
  };
  if (const fs::path named = variable("CLEARHEAD_AUDIT_LOG"); !named.empty()) return named;
  fs::path folder = variable("XDG_STATE_HOME");
  if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") / ".local" / "state";
  if (folder.empty()) {
    throw Error(
        "expected a place for the audit log: set CLEARHEAD_AUDIT_LOG to the name of a file");
  }
  folder /= "clearhead";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    errno = error.value();
    fail(folder, "make the folder of");
  }
  return folder / "claims-audit.jsonl";
}

std::string sha256_of(const fs::path& path) {
  const fs::file_status status = fs::status(path);
  if (fs::is_regular_file(status) || !fs::exists(status)) return sha256_of_file(path);
  if (!fs::is_directory(status)) return "";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    const bool is_hidden = entry.path().filename().string().starts_with('.');
    if (entry.is_regular_file() && !is_hidden) files.push_back(entry.path());
  }
  std::ranges::sort(files, {}, [](const fs::path& file) { return file.filename().string(); });
  Sha256 hash;
  for (const fs::path& file : files) {
    const std::string line =
        fmt::format("{}  {}\n", sha256_of_file(file), file.filename().string());
    hash.add(line.data(), line.size());
  }
  return hash.digits();
}

}  // namespace clearhead::claims
