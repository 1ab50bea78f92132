// Three files are written within each other, so that none stays behind if one fails.
#include "clearhead/claims/writer.h"

#include <ostream>
#include <system_error>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/claims/json_form.h"

namespace clearhead::claims {
namespace {

constexpr const char* kTables[] = {"members.csv", "claims.csv", "lines.csv"};

bool is_ndjson(const std::filesystem::path& path) { return ending_of(path) == ".ndjson"; }

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(path.string() + ": cannot make this folder: " + error.message());
}

}  // namespace

void check_claims_writable(const std::filesystem::path& path) {
  if (is_ndjson(path)) return check_writable(path);
  make_folder(path);
  for (const char* table : kTables) check_writable(path / table);
}

void write_claims(const std::filesystem::path& path,
                  const std::function<void(const WriteClaim&)>& produce) {
  if (is_ndjson(path)) {
    return write_file(path, [&produce](std::ostream& out) {
      produce([&out](const Claim& claim) { out << json_of(claim) << '\n'; });
    });
  }
  make_folder(path);
  write_file(path / kTables[0], [&](std::ostream& members) {
    write_file(path / kTables[1], [&](std::ostream& claims) {
      write_file(path / kTables[2], [&](std::ostream& lines) {
        CsvWriter writer(members, claims, lines);
        produce([&writer](const Claim& claim) { writer.write(claim); });
      });
    });
  });
}

}  // namespace clearhead::claims
