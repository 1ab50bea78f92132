// The columns of a mapping are those of csv_form.
#include "clearhead/claims/csv_mapping.h"

#include <utility>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/csv_form.h"

namespace clearhead::claims {
namespace {

template <typename T>
MappedTable table_of(std::string file, std::vector<MappedColumn> identifiers, const T& columns) {
  MappedTable table{std::move(file), std::move(identifiers)};
  for (const auto& column : columns) {
    table.columns.push_back(
        {column.name, column.help, column.is_list, {column.name}, column.others});
  }
  return table;
}

void describe_column(Fields& fields, MappedColumn& column) {
  if (column.is_list) {
    fields.texts(column.name, column.names, column.help);
    return;
  }
  std::string name = column.names.empty() ? "" : column.names[0];
  fields.text(column.name, name, column.help);
  column.names.clear();
  if (!name.empty()) column.names.push_back(name);
}

}  // namespace

void describe(Fields& fields, MappedTable& table) {
  fields.text("file", table.file, "name of the file in the folder");
  for (MappedColumn& column : table.columns) describe_column(fields, column);
}

CsvMapping::CsvMapping()
    : members(table_of("members.csv", {{"member", "the member's number", false, {"member"}, {}}},
                       member_columns())),
      claims(table_of("claims.csv",
                      {{"claim", "the claim's number", false, {"claim"}, {}},
                       {"member", "the member's number", false, {"member"}, {}}},
                      claim_columns())),
      lines(table_of("lines.csv", {{"claim", "the claim's number", false, {"claim"}, {}}},
                     line_columns())) {
  style.separator = 0;
}

void describe(Fields& fields, CsvMapping& mapping) {
  fields.choice<char>(
      "separator", mapping.style.separator,
      {{"seen", 0}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"bar", '|'}},
      "between cells; seen: from the header");
  fields.choice<DecimalSign>(
      "decimal", mapping.style.decimal,
      {{"seen", DecimalSign::seen}, {"point", DecimalSign::point}, {"comma", DecimalSign::comma}},
      "before the fraction of a number; seen: from each number");
  fields.choice<DateOrder>(
      "dates", mapping.style.date_order,
      {{"MM/DD/YYYY", DateOrder::month_first}, {"DD/MM/YYYY", DateOrder::day_first}},
      "which comes first in 03/04/2024; other forms are seen");
  fields.text("type", mapping.type, "of claims without one: professional, institutional, …");
  fields.text("diagnosis_system", mapping.diagnosis_system, "of diagnoses without one: ICD-10-CM");
  fields.text("procedure_system", mapping.procedure_system, "of procedures without one");
  fields.text("code_system", mapping.code_system, "of lines' codes without one: HCPCS");
  fields.group("members", mapping.members, "a row a member; without the file, columns of claims");
  fields.group("claims", mapping.claims, "a row a claim; without the file, columns of lines");
  fields.group("lines", mapping.lines, "a row a line");
}

std::string csv_mapping_schema() {
  return schema_of_fields("A mapping of tables of claims", CsvMapping());
}

CsvMapping read_csv_mapping(const std::filesystem::path& path) {
  CsvMapping mapping;
  if (path.empty()) return mapping;
  const auto file = MappedFile::open(path);
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                              file->bytes().size());
  read_fields(std::string(utf8_text(text, path.string())), path.string(), mapping);
  if (!mapping.type.empty() && !claim_type_of(mapping.type)) {
    throw Error(path.string() +
                ": type: expected professional, institutional, dental, vision or "
                "pharmacy, got \"" +
                mapping.type + "\"");
  }
  return mapping;
}

}  // namespace clearhead::claims
