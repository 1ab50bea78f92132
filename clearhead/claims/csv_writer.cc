// The columns are those of csv_form, in its order.
#include "clearhead/claims/csv_writer.h"

#include <fmt/format.h>

#include "clearhead/base/hash.h"
#include "clearhead/claims/csv_form.h"

namespace clearhead::claims {
namespace {

template <typename... Filled>
std::string header(const std::vector<Column<Filled...>>& columns) {
  std::string text;
  for (const auto& column : columns) {
    if (column.write != nullptr) text += "," + column.name;
  }
  return text + "\n";
}

template <typename... Filled>
std::string row(const std::vector<Column<Filled...>>& columns, const Filled&... filled) {
  std::string text;
  for (const auto& column : columns) {
    if (column.write != nullptr) text += "," + csv_cell(column.write(filled...));
  }
  return text + "\n";
}

}  // namespace

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

std::string csv_row(const Refusal& refusal) {
  const Place& place = refusal.place;
  return fmt::format("{},{},{},{},{},{}\n", place.file ? csv_cell(*place.file) : "", place.line,
                     place.byte, csv_cell(place.part), csv_cell(refusal.claim),
                     csv_cell(refusal.reason));
}

CsvWriter::CsvWriter(std::ostream& members, std::ostream& claims, std::ostream& lines)
    : members_(members), claims_(claims), lines_(lines) {
  members_ << "member" << header(member_columns());
  claims_ << "claim,member" << header(claim_columns());
  lines_ << "claim" << header(line_columns());
}

void CsvWriter::write(const Claim& claim) {
  const std::string number = claim.id ? csv_cell(*claim.id) : "";
  const std::string member = claim.member.id ? csv_cell(*claim.member.id) : "";
  if (claim.member.id && known_members_.insert(hash_of(*claim.member.id)).second) {
    members_ << member << row(member_columns(), claim.member);
  }
  claims_ << number << ',' << member << row(claim_columns(), claim);
  for (const Line& line : claim.lines) lines_ << number << row(line_columns(), claim, line);
}

}  // namespace clearhead::claims
