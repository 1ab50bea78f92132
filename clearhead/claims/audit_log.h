// Who looked at whose claims, with which model: a file to which lines are only ever added.
#ifndef CLEARHEAD_CLAIMS_AUDIT_LOG_H_
#define CLEARHEAD_CLAIMS_AUDIT_LOG_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace clearhead::claims {

/// What a command is about to do. The log adds when and who.
struct AuditEntry {
  std::string command;               ///< "claims score"
  std::filesystem::path data = {};   ///< of claims; empty: none
  std::string data_hash = {};        ///< as `sha256_of` gives it
  std::filesystem::path model = {};  ///< its folder or file; empty: none
  std::string model_hash = {};       ///< likewise
  std::vector<std::pair<std::string, std::int64_t>> counts = {};  ///< "claims", "refusals", …
};

/// A log of lines of JSON: time (UTC), user, command, data, data_sha256, model, model_sha256 and
/// the counts.
class AuditLog {
 public:
  /// Opens it for adding, or makes it, readable by its owner alone. Throws Error, which says how to
  /// choose another, if that cannot be done: so a command that opens the log first does nothing
  /// that it could not write down.
  explicit AuditLog(std::filesystem::path path);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Adds a line, to the disk too, whole even if others add at the same time. Throws Error if that
  /// fails; call it before any result is written.
  void add(const AuditEntry& entry);

 private:
  std::filesystem::path path_;
  int file_;
};

/// Where commands write it: the file that the environment variable CLEARHEAD_AUDIT_LOG names, else
/// clearhead/claims-audit.jsonl in XDG_STATE_HOME or ~/.local/state, whose folders are made.
/// Throws Error if there is no such place.
std::filesystem::path default_audit_log();

/// SHA-256 in hexadecimal digits: of a file, as the program sha256sum prints it; of a folder, that
/// of what `LC_ALL=C sha256sum *` prints within it, without the folders there; of a pipe, which can
/// be read but once, empty. Throws Error if something cannot be read.
std::string sha256_of(const std::filesystem::path& path);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_AUDIT_LOG_H_
