// A database in memory that has clearhead's functions, for tests to ask.
#ifndef CLEARHEAD_TESTS_SQL_DATABASE_H_
#define CLEARHEAD_TESTS_SQL_DATABASE_H_

#include <string>
#include <vector>

struct sqlite3;

namespace clearhead::sql {

class Database {
 public:
  Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// What all statements give: columns apart by "|", rows by line ends, NULL as "NULL". After what
  /// went wrong stands "error: …" instead.
  std::string ask(const std::string& sql);
  /// The first column of each row.
  std::vector<double> numbers(const std::string& sql);

 private:
  sqlite3* connection_ = nullptr;
};

}  // namespace clearhead::sql

#endif  // CLEARHEAD_TESTS_SQL_DATABASE_H_
