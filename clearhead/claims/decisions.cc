// A table of six columns.
#include "clearhead/claims/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "clearhead/base/error.h"
#include "clearhead/claims/csv_rows.h"
#include "clearhead/claims/csv_values.h"

namespace clearhead::claims {
namespace {

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  return small;
}

std::string key_of(std::string_view claim, ReviewQueue queue) {
  return fmt::format("{} {}", to_string(queue), claim);
}

/// A cell that says something else than it may.
struct UnreadableDecision {
  std::string column, expected, got;
};

/// Excel shows long numbers like this, and saves what it shows.
bool is_shortened(std::string_view claim) {
  const std::size_t e = claim.find_first_of("eE");
  return e != std::string_view::npos && claim.substr(e + 1, 1) == "+" &&
         claim.find_first_not_of("0123456789.,eE+") == std::string_view::npos;
}

// The cells of a row by name.
class DecisionTable {
 public:
  explicit DecisionTable(const CsvRows& rows) : rows_(rows) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      cells_[i] = find(kNames[i]);
      if (cells_[i] == kMissing && i < kNeeded) {
        throw Error(
            fmt::format("{}: expected a table of decisions with the columns claim, queue "
                        "and decision, got none called {}",
                        *rows.file(), kNames[i]));
      }
    }
  }

  Place place(const CsvRow& row, std::string_view column) const {
    return {rows_.file(), row.line, 0, std::string(column)};
  }

  /// Throws UnreadableDecision.
  ClaimDecision decision(const CsvRow& row) const {
    ClaimDecision decision;
    decision.place = place(row, "");
    decision.claim = text(row, 0);
    if (decision.claim.empty()) throw UnreadableDecision{"claim", "the number of a claim", ""};
    if (is_shortened(decision.claim)) {
      throw UnreadableDecision{
          "claim", "the number of a claim, which Excel keeps in a column formatted as text",
          decision.claim};
    }
    decision.queue = queue(text(row, 1));
    decision.verdict = verdict(text(row, 2));
    decision.note = text(row, 3);
    decision.by = text(row, 5);
    const std::string day = text(row, 4);
    decision.date = date_of(day, DateOrder::month_first);
    if (!day.empty() && !decision.date) throw UnreadableDecision{"date", "a day", day};
    return decision;
  }

 private:
  static constexpr std::size_t kMissing = static_cast<std::size_t>(-1);
  static constexpr std::size_t kNeeded = 3;
  static constexpr std::array<std::string_view, 6> kNames{"claim", "queue", "decision",
                                                          "note",  "date",  "by"};

  std::size_t find(std::string_view name) const {
    const auto& header = rows_.header();
    const auto found = std::ranges::find_if(
        header, [name](const std::string& cell) { return in_small_letters(cell) == name; });
    return found == header.end() ? kMissing : static_cast<std::size_t>(found - header.begin());
  }

  std::string text(const CsvRow& row, std::size_t column) const {
    return cells_[column] == kMissing ? "" : std::string(row[cells_[column]]);
  }

  static ReviewQueue queue(const std::string& cell) {
    const std::string word = in_small_letters(cell);
    if (word == "rules") return ReviewQueue::rules;
    if (word == "unusual") return ReviewQueue::unusual;
    throw UnreadableDecision{"queue", "rules or unusual", cell};
  }

  static Verdict verdict(const std::string& cell) {
    const std::string word = in_small_letters(cell);
    if (word == "accept") return Verdict::accept;
    if (word == "dismiss") return Verdict::dismiss;
    if (word.empty() || word == "note") return Verdict::none;
    throw UnreadableDecision{"decision", "accept, dismiss or nothing", cell};
  }

  const CsvRows& rows_;
  std::array<std::size_t, kNames.size()> cells_{};
};

}  // namespace

const char* to_string(ReviewQueue queue) {
  return queue == ReviewQueue::rules ? "rules" : "unusual";
}

Decisions Decisions::read(ByteStream& stream,
                          const std::function<void(const Place&, const std::string&)>& fault) {
  CsvRows rows(stream);
  const DecisionTable table(rows);
  Decisions decisions;
  CsvRow row;
  while (rows.next(row)) {
    if (!row.fault.empty()) {
      fault(table.place(row, ""), row.fault);
      continue;
    }
    try {
      decisions.add(table.decision(row));
    } catch (const UnreadableDecision& cell) {
      fault(table.place(row, cell.column),
            fmt::format("expected {}, got \"{}\"", cell.expected, cell.got));
    }
  }
  return decisions;
}

const ClaimDecision* Decisions::find(std::string_view claim, ReviewQueue queue) const {
  const auto found = places_.find(key_of(claim, queue));
  return found == places_.end() ? nullptr : &all_[found->second];
}

bool Decisions::dismissed(std::string_view claim, ReviewQueue queue) const {
  const ClaimDecision* decision = find(claim, queue);
  return decision != nullptr && decision->verdict == Verdict::dismiss;
}

void Decisions::add(ClaimDecision decision) {
  const auto [place, is_new] =
      places_.try_emplace(key_of(decision.claim, decision.queue), all_.size());
  if (is_new) {
    all_.push_back(std::move(decision));
  } else {
    all_[place->second] = std::move(decision);
  }
}

}  // namespace clearhead::claims
