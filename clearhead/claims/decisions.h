// What people decided about claims: the table that the page of claims writes, that the user keeps,
// and that scoring reads again. Decisions are never trained on.
#ifndef CLEARHEAD_CLAIMS_DECISIONS_H_
#define CLEARHEAD_CLAIMS_DECISIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// In which list of the page a claim was looked at.
enum class ReviewQueue { rules, unusual };

/// What was decided.
enum class Verdict {
  none,     ///< there is only a note
  accept,   ///< worth looking into
  dismiss,  ///< not: it stays down from now on
};

/// "rules", …
const char* to_string(ReviewQueue queue);

/// A row of the table.
struct ClaimDecision {
  std::string claim;                         ///< its number
  ReviewQueue queue = ReviewQueue::unusual;  ///< in which list
  Verdict verdict = Verdict::none;           ///< what was decided
  std::string note;                          ///< in words
  std::optional<Date> date;                  ///< of the decision
  std::string by;                            ///< who
  Place place;                               ///< of the row
};

/// The decisions of a table, the last one for each claim and queue.
class Decisions {
 public:
  /// Columns claim, queue (rules, unusual), decision (accept, dismiss, or nothing), note, date and
  /// by, in any order; the last three may be missing. What Excel makes of such a file is read too:
  /// semicolons or tabs, a byte order mark, other line ends, days as in its country, empty rows. A
  /// row that cannot be read goes to `fault` with its place and what was expected, and the others
  /// are read. Throws Error if there is no such table.
  static Decisions read(ByteStream& stream,
                        const std::function<void(const Place&, const std::string&)>& fault);

  /// The decision about a claim; none: there is no row.
  const ClaimDecision* find(std::string_view claim, ReviewQueue queue) const;
  /// Whether it was dismissed.
  bool dismissed(std::string_view claim, ReviewQueue queue) const;
  /// All, in their order.
  const std::vector<ClaimDecision>& all() const { return all_; }

 private:
  void add(ClaimDecision decision);

  std::vector<ClaimDecision> all_;
  std::unordered_map<std::string, std::size_t> places_;  // in all_, of queue and claim
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_DECISIONS_H_
