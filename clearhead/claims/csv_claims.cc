// Claims and lines are walked side by side: usually the next lines are those of the next claim.
// Where they are not, lines are held back by the number of their claim until it comes.
#include "clearhead/claims/csv_claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/hash.h"
#include "clearhead/claims/csv_table.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kMostHeld = std::size_t{1} << 26;  // bytes of lines before their claim

// A claim as its rows come; what is wrong with one of them is wrong with the claim.
struct Draft {
  Claim claim;
  std::optional<Refusal> refusal;
};

// Gives what was read to the sink, and counts.
class Counted {
 public:
  explicit Counted(const ClaimSink& sink) : sink_(sink) { summary.format = "CSV"; }

  void refuse(Place place, std::string claim, std::string reason) {
    ++summary.refusals;
    if (sink_.refusal) sink_.refusal({std::move(place), std::move(claim), std::move(reason)});
  }
  void warn(const Place& place, const std::string& text) {
    ++summary.warnings;
    if (sink_.warning) sink_.warning(place, text);
  }
  void give(Draft&& draft) {
    if (draft.refusal) {
      return refuse(std::move(draft.refusal->place), std::move(draft.refusal->claim),
                    std::move(draft.refusal->reason));
    }
    ++summary.claims;
    summary.lines += static_cast<std::int64_t>(draft.claim.lines.size());
    if (sink_.claim) sink_.claim(std::move(draft.claim));
  }
  void warn_of_unused(const CsvTable& table) {
    const auto names = table.unused();
    if (!names.empty()) {
      warn(table.header_place(),
           fmt::format("columns that are not read: {}", fmt::join(names, ", ")));
    }
  }

  ReadSummary summary;

 private:
  const ClaimSink& sink_;
};

// Fills from a row; the first fault of a claim is its refusal.
template <typename... Filled>
void fill(const FilledFrom<Filled...>& columns, const CsvTable& table, const CsvRow& row,
          Draft& draft, Filled&... filled) {
  if (draft.refusal) return;
  const std::string id = draft.claim.id ? *draft.claim.id : "";
  if (!row.fault.empty()) {
    draft.refusal = {table.place(row), id, row.fault};
    return;
  }
  try {
    columns.read(row, filled...);
  } catch (const UnreadableCell& error) {
    draft.refusal = {error.place, id, error.what()};
  }
}

// Members, by number

class Members {
 public:
  // A null stream: `otherwise` has the members' columns.
  Members(ByteStream* stream, const CsvMapping& mapping, const CsvTable& otherwise,
          Counted& counted) {
    if (stream == nullptr) {
      columns_.emplace(otherwise, mapping.members, member_columns());
      return;
    }
    CsvTable table(*stream, mapping);
    const std::size_t id = table.cell_of(mapping.members.columns[0]);
    const FilledFrom<Member> columns(table, mapping.members, member_columns());
    counted.warn_of_unused(table);
    while (table.next()) {
      Draft draft;
      Member member;
      table.read(table.row, id, [&member](const Cell& cell) { member.id = cell.word(); });
      if (!member.id)
        draft.refusal = {table.place(table.row, id), "", "expected a member, got none"};
      fill(columns, table, table.row, draft, member);
      if (draft.refusal) {
        counted.refuse(draft.refusal->place, "", draft.refusal->reason);
      } else if (!members_.try_emplace(*member.id, member).second) {
        counted.warn(table.place(table.row, id), "a member who was there before; the first counts");
      }
    }
  }

  // Puts the member of a claim's row into the draft.
  void find(const CsvTable& table, const CsvRow& row, const std::optional<std::size_t>& cell,
            Draft& draft, Counted& counted) const {
    Member& member = draft.claim.member;
    if (columns_) fill(*columns_, table, row, draft, member);
    if (!cell) return;
    table.read(row, *cell, [&member](const Cell& c) { member.id = c.word(); });
    if (columns_ || !member.id) return;
    const auto found = members_.find(*member.id);
    if (found == members_.end()) {
      counted.warn(member.id.place, "a member who is not in the table of members");
    } else {
      const Place place = member.id.place;
      member = found->second;
      member.id.place = place;
    }
  }

 private:
  std::unordered_map<std::string, Member> members_;
  std::optional<FilledFrom<Member>> columns_;
};

class Reader {
 public:
  Reader(const CsvTables& tables, const CsvMapping& mapping, const ClaimSink& sink)
      : mapping_(tables.claims != nullptr ? mapping : in_one_table(mapping)),
        counted_(sink),
        lines_(*tables.lines, mapping_),
        claims_(tables.claims != nullptr
                    ? std::optional<CsvTable>(std::in_place, *tables.claims, mapping_)
                    : std::nullopt),
        line_claim_(lines_.cell_of(mapping_.lines.columns[0])),
        line_columns_(lines_, mapping_.lines, line_columns()),
        claim_id_(table().cell_of(mapping_.claims.columns[0])),
        claim_columns_(table(), mapping_.claims, claim_columns()),
        members_(tables.members, mapping_, table(), counted_) {
    check_codes();
    const auto member = table().cells_of(mapping_.claims.columns[1]);
    if (!member.empty()) claim_member_ = member[0];
  }

  ReadSummary read() {
    counted_.warn_of_unused(lines_);
    if (claims_) counted_.warn_of_unused(*claims_);
    has_line_ = lines_.next();
    if (claims_) {
      while (claims_->next()) read_claim();
      refuse_orphans();
    } else {
      while (has_line_) read_rows_of_claim();
    }
    return counted_.summary;
  }

 private:
  // What a column in a table of lines belongs to, if both a claim and a line might have it.
  static CsvMapping in_one_table(CsvMapping mapping) {
    for (MappedColumn& line : mapping.lines.columns) {
      for (MappedColumn& claim : mapping.claims.columns) {
        if (line.name != claim.name || line.name == "claim") continue;
        const bool is_claims =
            line.name == "diagnoses" || line.name == "provider" || line.name == "service_place";
        MappedColumn& loser = is_claims ? line : claim;
        if (loser.is_named()) continue;
        loser.name = (is_claims ? "line_" : "claim_") + loser.name;
        loser.names = {loser.name};
      }
    }
    return mapping;
  }

  // A line is what has some code.
  void check_codes() const {
    const auto& columns = mapping_.lines.columns;
    const auto has = [this, &columns](std::string_view name) {
      return std::any_of(columns.begin(), columns.end(), [this, name](const MappedColumn& column) {
        return column.name == name && !lines_.cells_of(column).empty();
      });
    };
    if (has("code") || has("revenue") || has("drug")) return;
    throw Error(
        fmt::format("{}: expected lines, with a column \"code\", \"revenue\" or \"drug\", "
                    "got none of them. Claims and lines in two tables are read by the name "
                    "of their folder; a mapping can give columns another name",
                    *lines_.header_place().file));
  }

  const CsvTable& table() const { return claims_ ? *claims_ : lines_; }

  // The claim of a row, without lines.
  Draft begin(const CsvRow& row) {
    Draft draft;
    Claim& claim = draft.claim;
    claim.place = table().place(row);
    table().read(row, claim_id_, [&claim](const Cell& cell) { claim.id = cell.word(); });
    if (!claim.id) {
      draft.refusal = {table().place(row, claim_id_), "", "expected a claim's number, got none"};
    } else if (!seen_.insert(hash_of(*claim.id)).second) {
      draft.refusal = {claim.id.place, *claim.id,
                       claims_ ? "expected a number that no claim before has, got it again"
                               : "expected the rows of a claim one after the other, got this one "
                                 "apart; sort the file by the claims' numbers"};
    }
    fill(claim_columns_, table(), row, draft, claim);
    members_.find(table(), row, claim_member_, draft, counted_);
    return draft;
  }

  void add_line(const CsvRow& row, Draft& draft) {
    Line line;
    line.place = lines_.place(row);
    fill(line_columns_, lines_, row, draft, draft.claim, line);
    draft.claim.lines.push_back(std::move(line));
  }

  void finish(Draft&& draft) {
    Claim& claim = draft.claim;
    const auto complete = [](Field<Code>& code, const std::string& otherwise) {
      if (code && code->system.empty()) code.value->system = otherwise;
    };
    take_dates_of_lines(claim);
    if (!claim.type && !mapping_.type.empty()) claim.type.value = claim_type_of(mapping_.type);
    for (Diagnosis& d : claim.diagnoses) complete(d.code, mapping_.diagnosis_system);
    for (Field<Code>& code : claim.procedures) complete(code, mapping_.procedure_system);
    std::int64_t number = 0;
    for (Line& line : claim.lines) {
      ++number;
      complete(line.code, mapping_.code_system);
      if (!line.number) line.number.value = number;
      const auto count = static_cast<std::int64_t>(claim.diagnoses.size());
      for (const std::int64_t pointer : line.pointers) {
        if (pointer > count && !draft.refusal) {
          counted_.warn(line.pointers_place,
                        fmt::format("diagnosis {} of a claim with {}", pointer, count));
        }
      }
    }
    counted_.give(std::move(draft));
  }

  // Two tables

  void read_claim() {
    Draft draft = begin(claims_->row);
    if (draft.claim.id) take_lines(*draft.claim.id, draft);
    finish(std::move(draft));
  }

  std::string claim_of_line() const { return lines_.text(lines_.row, line_claim_); }

  // All lines of a claim that were held back or come next. If there are none, they may be further
  // on, or the claim has none.
  void take_lines(const std::string& id, Draft& draft) {
    if (const auto held = held_.find(id); held != held_.end()) {
      for (const CsvRow& row : held->second) {
        held_bytes_ -= row.bytes();
        add_line(row, draft);
      }
      held_.erase(held);
    }
    while (has_line_) {
      const std::string claim = claim_of_line();
      if (claim == id) {
        add_line(lines_.row, draft);
      } else if (claim.empty()) {
        refuse_line_without_claim();
      } else if (draft.claim.lines.empty() && held_bytes_ < kMostHeld) {
        hold(claim);
      } else {
        return;
      }
      has_line_ = lines_.next();
    }
  }

  void hold(const std::string& claim) {
    check_not_late(claim, lines_.row);
    held_bytes_ += lines_.row.bytes();
    held_[claim].push_back(std::move(lines_.row));
  }

  // A claim that was given without some of its lines cannot be taken back.
  void check_not_late(const std::string& claim, const CsvRow& row) const {
    if (!seen_.contains(hash_of(claim))) return;
    throw Error(fmt::format(
        "{}: expected lines in the order of their claims, got one of claim {} too late. Sort both "
        "tables by the claims' numbers",
        to_string(lines_.place(row)), claim));
  }

  void refuse_line_without_claim() {
    counted_.refuse(
        lines_.place(lines_.row, line_claim_), "",
        lines_.row.fault.empty() ? "expected a claim's number, got none" : lines_.row.fault);
  }

  // Lines that are left when all claims are read. One refusal for those of a number that lie
  // together.
  void refuse_orphans() {
    std::vector<std::pair<Place, std::string>> held;
    for (const auto& [claim, rows] : held_) {
      held.emplace_back(lines_.place(rows[0], line_claim_), claim);
    }
    std::sort(held.begin(), held.end(),
              [](const auto& a, const auto& b) { return a.first.line < b.first.line; });
    for (const auto& [place, claim] : held) refuse_orphan(place, claim);
    std::string last;
    for (; has_line_; has_line_ = lines_.next()) {
      const std::string claim = claim_of_line();
      if (claim.empty()) {
        refuse_line_without_claim();
        continue;
      }
      check_not_late(claim, lines_.row);
      if (claim == last || held_.contains(claim)) continue;
      refuse_orphan(lines_.place(lines_.row, line_claim_), claim);
      last = claim;
    }
  }

  void refuse_orphan(const Place& place, const std::string& claim) {
    counted_.refuse(place, claim, "expected a line of a claim, got one of none that there is");
  }

  // One table

  void read_rows_of_claim() {
    const std::string id = claim_of_line();
    Draft draft = begin(lines_.row);
    do {
      add_line(lines_.row, draft);
      has_line_ = lines_.next();
    } while (has_line_ && !id.empty() && claim_of_line() == id);
    finish(std::move(draft));
  }

  CsvMapping mapping_;
  Counted counted_;
  CsvTable lines_;
  std::optional<CsvTable> claims_;  // none: the lines' table has the claims' columns
  std::size_t line_claim_;
  FilledFrom<Claim, Line> line_columns_;
  std::size_t claim_id_;
  FilledFrom<Claim> claim_columns_;
  std::optional<std::size_t> claim_member_;
  Members members_;
  bool has_line_ = false;
  std::unordered_set<std::uint64_t> seen_;  // hashes of claims' numbers
  std::unordered_map<std::string, std::vector<CsvRow>> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace

ReadSummary read_csv_claims(const CsvTables& tables, const CsvMapping& mapping,
                            const ClaimSink& sink) {
  return Reader(tables, mapping, sink).read();
}

}  // namespace clearhead::claims
