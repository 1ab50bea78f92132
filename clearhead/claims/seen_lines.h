// The lines of claims that were seen, by member and day, with which later claims are compared.
#ifndef CLEARHEAD_CLAIMS_SEEN_LINES_H_
#define CLEARHEAD_CLAIMS_SEEN_LINES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What is remembered of a line.
struct SeenLine {
  std::shared_ptr<const std::string> claim;  ///< its number: one object for all lines of a claim
  std::int64_t number = 0;                   ///< place among the claim's lines, from 1
  const Code* code = nullptr;                ///< what was done: one object for each code
  std::uint64_t details = 0;                 ///< a hash of modifiers, units, amount and provider
  std::uint64_t provider = 0;                ///< a hash; 0: the input does not say
  double units = 0;                          ///< how many; 0 if the input does not say
  Money amount;                              ///< what it cost
  bool is_apart = false;  ///< a modifier says that it was apart from others of the day
  Place place;            ///< of its code
};

/// Lines by the day of their member: up to 1,000 of a day, and 2 million in all (some 400 MB). When
/// there are more, the days that came first are forgotten.
class SeenLines {
 public:
  /// Remembers `most` lines in all.
  explicit SeenLines(std::size_t most = std::size_t{1} << 21) : most_(most) {}
  SeenLines(SeenLines&&) = default;
  SeenLines& operator=(SeenLines&&) = default;

  /// The lines of a day, which a hash of member and date stands for, in the order in which they
  /// came. Valid until `add`.
  const std::vector<SeenLine>& of(std::uint64_t day) const;

  /// Adds one of that day.
  void add(std::uint64_t day, SeenLine line);

  /// The object for this code, which stays where it is.
  const Code* code(const Code& code) { return &*codes_.insert(code).first; }

 private:
  std::size_t most_;
  std::size_t count_ = 0;
  std::unordered_map<std::uint64_t, std::vector<SeenLine>> days_;
  std::deque<std::uint64_t> order_;  // of the days, as they came
  std::set<Code> codes_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SEEN_LINES_H_
