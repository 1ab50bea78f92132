// Alters clean claims in known ways, so that it can be measured what finds them. What a claim gets
// depends on the seed, its number and what it was read beside, not on the machine or the order.
#ifndef CLEARHEAD_CLAIMS_INJECT_H_
#define CLEARHEAD_CLAIMS_INJECT_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What is done to a claim. A donor is a line of another claim, drawn at random among all lines of
/// the same type of claim and code system, hence codes by their frequency; its code is not yet in
/// the claim. Code, units and amounts come from it, day, place and pointers from the claim. Totals
/// follow every change, and are never what gives it away.
enum class Alteration {
  swapped_procedure,  ///< a line becomes a donor
  swapped_diagnosis,  ///< a diagnosis becomes one of another claim, drawn likewise
  phantom_line,       ///< a donor is added, at a random place
  wrong_sex,          ///< a line becomes a donor whose code at most 1 % of members of this sex have
  wrong_age,       ///< a line becomes a donor whose code the middle 98 % have 10 years off, or more
  duplicate_line,  ///< a line is there a second time, at a random place
  amount_times_3,  ///< a line's charge, and what was allowed and paid, three times as high
  units_times_k,   ///< a line's units times k = 2 … 10, and its amounts with them
};

/// How many there are.
inline constexpr std::size_t kAlterations = 8;

/// "swapped_procedure", …
const char* to_string(Alteration alteration);
/// The alteration of that name; none if there is none.
std::optional<Alteration> alteration_named(const std::string& name);

/// What was done to which claim.
struct Label {
  std::string claim;                                      ///< its number
  Alteration alteration = Alteration::swapped_procedure;  ///< what was done
  /// The number of the line that was altered or added; of a diagnosis, of the first line that
  /// points to it; 0 if there is none.
  std::int64_t line = 0;
};

/// The lines and diagnoses that others may get, gathered from claims. Sizes: up to 8 lines for each
/// code and type of claim, and a histogram of ages for each code.
class Donors {
 public:
  /// Adds what a claim holds.
  void add(const Claim& claim);

 private:
  friend class Injector;

  // A line, as far as it is handed on.
  struct Donor {
    std::optional<double> units;
    std::optional<std::string> unit;
    std::optional<Money> charge, allowed, paid;
  };
  struct OfCode {
    std::int64_t lines = 0;
    std::vector<Donor> sample;
  };
  // Who has a code.
  struct Users {
    std::int64_t members = 0;  // whose claims follow each other
    std::uint64_t last_member = 0;
    std::map<std::string, std::int64_t> by_sex;  // members
    std::vector<std::int64_t> by_age;            // lines, for ages from 0
  };
  using Group = std::pair<std::optional<ClaimType>, std::string>;  // type, code system

  std::map<Group, std::map<Code, OfCode>> lines_;
  std::map<Group, std::map<Code, std::int64_t>> diagnoses_;
  std::map<Code, Users> users_;
};

/// Alters some claims, each in one way.
class Injector {
 public:
  /// `share` of the claims that have a number are altered. The donors must outlive it.
  Injector(const Donors& donors, std::uint64_t seed, double share)
      : donors_(donors), seed_(seed), share_(share) {}

  /// Alters the claim, or leaves it; says what it did. Among alterations that are possible, each is
  /// as likely.
  std::optional<Label> alter(Claim& claim) const;

  /// Alters it in this way, if that is possible.
  std::optional<Label> alter(Claim& claim, Alteration alteration, Random& random) const;

 private:
  using Fits = std::function<bool(const Code&, const Donors::Users&)>;

  std::optional<std::int64_t> swap_line(Claim& claim, Random& random, const Fits& fits) const;
  std::optional<std::int64_t> swap_diagnosis(Claim& claim, Random& random) const;
  std::optional<std::int64_t> add_phantom(Claim& claim, Random& random) const;
  bool replace(Claim& claim, Line& line, Random& random, const Fits& fits) const;

  const Donors& donors_;
  std::uint64_t seed_;
  double share_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_INJECT_H_
