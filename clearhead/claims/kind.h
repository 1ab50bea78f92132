// In which ways a claim can be unusual.
#ifndef CLEARHEAD_CLAIMS_KIND_H_
#define CLEARHEAD_CLAIMS_KIND_H_

#include <array>
#include <cstddef>

namespace clearhead::claims {

/// What a score is of. Every score of a claim or a line has one of each.
enum class Kind {
  code,          ///< what was done, for this type of claim and specialty, and this member so far
  combination,   ///< what was done beside what else, and for which diagnoses
  units,         ///< how many
  amount,        ///< for how much
  duplicate,     ///< a second time
  demographics,  ///< for whom: sex and age
};

/// How many kinds there are.
inline constexpr std::size_t kKinds = 6;

/// A number for each kind, in the order above.
using PerKind = std::array<double, kKinds>;

/// Their names, which are columns of files too.
inline constexpr std::array<const char*, kKinds> kKindNames = {
    "code", "combination", "units", "amount", "duplicate", "demographics"};

/// "code", …
constexpr const char* to_string(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_KIND_H_
