// Three files are written within each other, so that none stays behind if one fails.
#include "clearhead/claims/writer.h"

#include <fmt/format.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/hash.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/claims/json_form.h"

namespace clearhead::claims {
namespace {

constexpr const char* kTables[] = {"members.csv", "claims.csv", "lines.csv"};

bool is_ndjson(const std::filesystem::path& path) { return ending_of(path) == ".ndjson"; }

// Numbers that no two claims have: "C1", then "C1#2"; "#1" of a claim without one.
class UniqueNumbers {
 public:
  std::string of(const Claim& claim) {
    const std::string number = claim.id ? *claim.id : "";
    std::string unique = number;
    for (int i = number.empty() ? 1 : 2; unique.empty() || !known_.insert(hash_of(unique)).second;
         ++i) {
      unique = fmt::format("{}#{}", number, i);
    }
    return unique;
  }

 private:
  std::unordered_set<std::uint64_t> known_;  // hashes
};

// Gives each claim to `write` with a number of its own.
void produce_numbered(const std::function<void(const WriteClaim&)>& produce,
                      const WriteClaim& write) {
  UniqueNumbers numbers;
  produce([&](const Claim& claim) {
    std::string number = numbers.of(claim);
    if (claim.id && *claim.id == number) return write(claim);
    Claim numbered = claim;
    numbered.id.value = std::move(number);
    write(numbered);
  });
}

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
    return write_file(path, [&](std::ostream& out) {
      produce_numbered(produce, [&out](const Claim& claim) { out << json_of(claim) << '\n'; });
    });
  }
  make_folder(path);
  write_file(path / kTables[0], [&](std::ostream& members) {
    write_file(path / kTables[1], [&](std::ostream& claims) {
      write_file(path / kTables[2], [&](std::ostream& lines) {
        CsvWriter writer(members, claims, lines);
        produce_numbered(produce, [&writer](const Claim& claim) { writer.write(claim); });
      });
    });
  });
}

}  // namespace clearhead::claims
