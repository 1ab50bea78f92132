// Asks SQLite through its C interface.
#include "tests/sql/database.h"

#include <sqlite3.h>

#include <stdexcept>

#include "apps/sql/extension.h"

namespace clearhead::sql {
namespace {

int add_row(void* text, int columns, char** values, char**) {
  auto& rows = *static_cast<std::string*>(text);
  if (!rows.empty()) rows += '\n';
  for (int i = 0; i < columns; ++i) {
    if (i > 0) rows += '|';
    rows += values[i] == nullptr ? "NULL" : values[i];
  }
  return 0;
}

}  // namespace

Database::Database() {
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_clearhead_init));
  if (sqlite3_open(":memory:", &connection_) != SQLITE_OK) throw std::runtime_error("no database");
}

Database::~Database() { sqlite3_close(connection_); }

std::string Database::ask(const std::string& sql) {
  std::string rows;
  char* message = nullptr;
  if (sqlite3_exec(connection_, sql.c_str(), add_row, &rows, &message) == SQLITE_OK) return rows;
  rows = std::string("error: ") + message;
  sqlite3_free(message);
  return rows;
}

std::vector<double> Database::numbers(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr);
  std::vector<double> numbers;
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    numbers.push_back(sqlite3_column_double(statement, 0));
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(connection_));
  return numbers;
}

}  // namespace clearhead::sql
