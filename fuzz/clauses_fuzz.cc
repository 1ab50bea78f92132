// Feeds any bytes to the readers of policies, which the first byte chooses among; what they accept
// must have words, and stand within the bytes.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/claims/clauses.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  using namespace clearhead::claims;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<Clause> clauses;
  try {
    clauses = parse_clauses(text, static_cast<PolicyFormat>(data[0] % 4), "input");
  } catch (const Error&) {
    return 0;
  }
  std::uint64_t last = 0;
  for (const Clause& clause : clauses) {
    require(!clause.id.empty() && !clause.text.empty(), "a number and words");
    require(clause.place.byte >= last && clause.place.byte < text.size(), "a place in the input");
    last = clause.place.byte;
    const auto before = text.begin() + static_cast<std::ptrdiff_t>(clause.place.byte);
    require(
        clause.place.line == static_cast<std::uint64_t>(std::count(text.begin(), before, '\n')) + 1,
        "the line of its place");
  }
  return 0;
}
