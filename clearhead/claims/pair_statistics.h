// What normal claims hold side by side, counted: codes with codes, and with type, specialty, sex
// and age; and what a code usually costs. Rules learn from it whom a code is for; as scores it is
// the baseline that a network has to beat.
//
// Source of the measure: Norén, Hopstadius and Bate, "Shrinkage observed-to-expected ratios for
// robust and transparent large-scale pattern discovery" (Stat Methods Med Res, 2013).
#ifndef CLEARHEAD_CLAIMS_PAIR_STATISTICS_H_
#define CLEARHEAD_CLAIMS_PAIR_STATISTICS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What an item of a claim says.
enum class ItemRole { procedure, diagnosis, type, specialty, sex, age };

/// Something that a claim has or has not: a code in one of its roles, or a trait.
struct Item {
  ItemRole role = ItemRole::procedure;  ///< what it says
  Code code;  ///< traits have no system; an age is the first year of its band

  auto operator<=>(const Item&) const = default;
};

/// The band of ages that has this one: from 0, 2, 6, 13, 18, 30, 40, … or 80 years.
Item age_item(int age);

/// The distinct items of a claim: its lines' codes, its diagnoses, its traits (those that are
/// known), in ascending order.
std::vector<Item> items_of(const Claim& claim);

/// How often something was seen. Members are counted once as long as their claims follow each
/// other.
struct Seen {
  std::int64_t claims = 0;   ///< that have it
  std::int64_t members = 0;  ///< whose claims have it
};

/// log p − log (m + p) / (M + 1): how much rarer a trait is among M members, of whom m have it,
/// than among all, where its share is p. Positive: rarer; 0 if nobody has it.
double trait_surprise(double both, double members, double share);

/// The claims that were added: a count for each pair of items that was seen together (but for two
/// traits), and a sample of 1,000 amounts of each code.
class PairStatistics {
 public:
  /// Which pairs are counted.
  enum class Pairs {
    all,           ///< and amounts and units
    with_persons,  ///< codes and diagnoses with sex and age: what rules need, in little memory
  };
  /// Nothing was counted yet.
  explicit PairStatistics(Pairs pairs = Pairs::all) : which_(pairs) {}

  /// Counts a claim.
  void add(const Claim& claim);

  /// All that was counted.
  Seen seen() const { return all_.seen; }
  /// Of one item.
  Seen seen(const Item& item) const;
  /// Of two in one claim.
  Seen seen(const Item& a, const Item& b) const;

  /// log (n + ½) / (e + ½), where n claims have both and e = nₐ·n_b / N would have if they had
  /// nothing to do with each other: 0 if nothing is known, negative if they avoid each other.
  double information(const Item& a, const Item& b) const;
  /// −log (n_ab + αp) / (n_b + α) with α = 5: how surprising a is in a claim that has b; p is its
  /// share of the claims of this type, to which it comes back where b is rare.
  double surprise(const Item& a, const Item& b, const std::optional<Item>& type) const;
  /// −log of the smoothed share p of claims of this type that have the item.
  double rarity(const Item& item, const std::optional<Item>& type) const;
  /// The same of a sex or age among the members with a code.
  double trait_surprise(const Item& code, const Item& trait) const;
  /// The members that would have both if the trait did not matter: M·p, as above.
  double members_expected(const Item& code, const Item& trait) const;
  /// −log of the smoothed share of this code's amounts a unit that are within 5 % of this one; 0
  /// for a code that was never seen.
  double amount_surprise(const Code& code, Money amount, double units) const;
  /// log (n₁ + ½) / (n + ½) for the lines of this code with as many units, and with the commonest
  /// number of them: 0 if that is it, however rare the code.
  double units_surprise(const Code& code, double units) const;

  /// As JSON.
  std::string to_json() const;
  /// From it. Throws Error if the text is something else.
  static PairStatistics from_json(std::string_view text);

 private:
  struct Count {
    Seen seen;
    std::uint64_t last_member = 0;  // hash of whose claim was counted last
  };
  // What lines of one code were like.
  struct LineStatistics {
    std::int64_t lines = 0;
    std::vector<std::int32_t> amounts;  // log of the amount a unit in 1/10000, a sorted sample
    std::map<double, std::int64_t> units;
  };

  static void count(Count& count, std::uint64_t member);
  std::uint32_t number_of(const Item& item);
  const Count* find(const Item& item) const;
  void add_line(const Line& line);
  // M and p of `trait_surprise`.
  std::pair<double, double> members_and_share(const Item& code, const Item& trait) const;

  bool counts(ItemRole first, ItemRole second) const;

  Pairs which_;
  Count all_;
  std::map<Item, std::uint32_t> numbers_;
  std::vector<Count> items_;                        // by number
  std::unordered_map<std::uint64_t, Count> pairs_;  // by both numbers, the smaller one first
  std::map<Code, LineStatistics> lines_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_PAIR_STATISTICS_H_
