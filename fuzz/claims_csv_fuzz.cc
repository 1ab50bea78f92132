// Feeds any bytes to the reader of tables of claims: up to three tables, between lines "---". The
// claims that it accepts must survive being written and read.
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/claims/csv_claims.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/claims/json_form.h"
#include "fuzz/same.h"

namespace {

using namespace clearhead;
using namespace clearhead::claims;

std::vector<Claim> read(const std::vector<std::string>& tables) {
  std::optional<ByteStream> members, claims;
  ByteStream lines(tables.back(), "lines");
  CsvTables streams{.lines = &lines};
  if (tables.size() > 1) streams.claims = &claims.emplace(tables[tables.size() - 2], "claims");
  if (tables.size() > 2) streams.members = &members.emplace(tables[0], "members");
  std::vector<Claim> result;
  ClaimSink sink;
  sink.claim = [&result](Claim&& claim) { result.push_back(std::move(claim)); };
  const ReadSummary summary = read_csv_claims(streams, {}, sink);
  require(summary.claims == static_cast<std::int64_t>(result.size()), "claims are counted");
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> tables;
  for (std::size_t end = text.find("---\n"); end != std::string::npos && tables.size() < 2;
       end = text.find("---\n")) {
    tables.push_back(text.substr(0, end));
    text.erase(0, end + 4);
  }
  tables.push_back(std::move(text));
  std::vector<Claim> claims;
  try {
    claims = read(tables);
  } catch (const Error&) {
    return 0;
  }
  std::ostringstream out[3];
  CsvWriter writer(out[0], out[1], out[2]);
  for (const Claim& claim : claims) writer.write(claim);
  const std::vector<Claim> again = read({out[0].str(), out[1].str(), out[2].str()});
  require(again.size() == claims.size(), "same number of claims");
  for (std::size_t i = 0; i < claims.size(); ++i) {
    // A member's own data are those of their first claim.
    claims[i].member = again[i].member;
    require(json_of(again[i]) == json_of(claims[i]), "same claims");
  }
  return 0;
}
