// A queue of days.
#include "clearhead/claims/seen_lines.h"

#include <utility>

namespace clearhead::claims {
namespace {

constexpr std::size_t kMostOfDay = 1000;

}  // namespace

const std::vector<SeenLine>& SeenLines::of(std::uint64_t day) const {
  static const std::vector<SeenLine> none;
  const auto found = days_.find(day);
  return found == days_.end() ? none : found->second;
}

void SeenLines::add(std::uint64_t day, SeenLine line) {
  std::vector<SeenLine>& lines = days_[day];
  if (lines.size() >= kMostOfDay) return;
  if (lines.empty()) order_.push_back(day);
  lines.push_back(std::move(line));
  ++count_;
  while (count_ > most_) {
    const auto oldest = days_.find(order_.front());
    order_.pop_front();
    count_ -= oldest->second.size();
    days_.erase(oldest);
  }
}

}  // namespace clearhead::claims
