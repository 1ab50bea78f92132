// A mapping says how the columns of somebody's tables correspond to those of our own form, and how
// their values are written where that does not show.
#ifndef CLEARHEAD_CLAIMS_CSV_MAPPING_H_
#define CLEARHEAD_CLAIMS_CSV_MAPPING_H_

#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/base/fields.h"
#include "clearhead/claims/csv_values.h"

namespace clearhead::claims {

/// Where a field of ours stands in a table.
struct MappedColumn {
  std::string name;                 ///< in our own form
  std::string help;                 ///< what is in it
  bool is_list = false;             ///< whether several columns may hold it
  std::vector<std::string> names;   ///< of the columns; none: it is not read
  std::vector<std::string> others;  ///< looked for besides, unless the mapping names columns

  /// Whether the mapping names its columns, which must be there then.
  bool is_named() const { return names != std::vector<std::string>{name}; }
};

/// A table, and where our columns stand in it.
struct MappedTable {
  std::string file;                   ///< its name in the folder, without ".gz"
  std::vector<MappedColumn> columns;  ///< those that identify the row come first
};

/// A mapping; by default, that of our own form.
struct CsvMapping {
  /// That of our own form.
  CsvMapping();

  CsvStyle style;       ///< of values; a separator of 0 is seen from the header
  MappedTable members;  ///< begins with `member`
  MappedTable claims;   ///< begins with `claim`, `member`
  MappedTable lines;    ///< begins with `claim`
  std::string type;     ///< of claims without one
  std::string diagnosis_system, procedure_system, code_system;  ///< of codes without one
};

/// Its fields.
void describe(Fields& fields, CsvMapping& mapping);
/// Those of a table.
void describe(Fields& fields, MappedTable& table);

/// The mapping in a JSON file; that of our own form if `path` is empty. Throws Error that names the
/// field.
CsvMapping read_csv_mapping(const std::filesystem::path& path);

/// The JSON schema of a mapping.
std::string csv_mapping_schema();

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_MAPPING_H_
