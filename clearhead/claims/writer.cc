// Three files are written within each other, so that none stays behind if one fails.
#include "clearhead/claims/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <string>
#include <system_error>
#include <unordered_map>
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
    int& times = known_[hash_of(number)];  // which stays where it is
    if (++times == 1 && !number.empty()) return number;
    std::string unique = fmt::format("{}#{}", number, times);
    while (!known_.try_emplace(hash_of(unique), 1).second) {
      unique = fmt::format("{}#{}", number, ++times);
    }
    return unique;
  }

 private:
  std::unordered_map<std::uint64_t, int> known_;  // by hash: how often it came
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

}  // namespace

void check_claims_writable(const std::filesystem::path& path, const std::filesystem::path& source) {
  const auto is_source = [&source](const std::filesystem::path& written) {
    std::error_code none;  // what is not there is not the same
    return std::filesystem::equivalent(written, source, none);
  };
  if (is_source(path) || std::any_of(std::begin(kTables), std::end(kTables),
                                     [&](const char* table) { return is_source(path / table); })) {
    throw Error(path.string() +
                ": expected another place than that of the claims that are read, "
                "which would be written over");
  }
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
