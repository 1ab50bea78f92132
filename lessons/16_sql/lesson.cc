// Lesson 16: a soft database query. WHERE finds what matches exactly; attention asks all rows and
// weighs their answers. Both in real SQL, in SQLite with clearhead's extension.
#include "lessons/lesson.h"

#include <sqlite3.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "apps/sql/extension.h"
#include "clearhead/base/error.h"
#include "clearhead/ops/attention.h"

namespace clearhead::lessons {
namespace {

class Database {
 public:
  Database() {  // the extension is linked into this program, for this connection alone
    const auto extension = reinterpret_cast<void (*)()>(sqlite3_clearhead_init);
    sqlite3_auto_extension(extension);
    sqlite3* opened = nullptr;
    sqlite3_open(":memory:", &opened);
    sqlite3_cancel_auto_extension(extension);
    connection_.reset(opened);
  }

  // The rows that a statement gives, as a column for each of its results.
  std::vector<Column> run(const std::string& sql) {
    std::vector<Column> columns;
    char* message = nullptr;
    if (sqlite3_exec(connection_.get(), sql.c_str(), take_row, &columns, &message) != SQLITE_OK) {
      throw Error(message);
    }
    return columns;
  }

 private:
  static int take_row(void* columns, int count, char** cells, char** titles) {
    auto& taken = *static_cast<std::vector<Column>*>(columns);
    for (int i = 0; i < count; ++i) {
      if (std::ssize(taken) <= i) taken.emplace_back(titles[i], std::vector<std::string>());
      taken[static_cast<std::size_t>(i)].cells.push_back(cells[i] ? cells[i] : "NULL");
    }
    return 0;
  }

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection_{nullptr, sqlite3_close};
};

}  // namespace

void sql(Lesson& lesson) {
  const double query = lesson.real_knob("query", 0.5, -1000, 1000, "what is asked");
  Database database;
  const auto show = [&](const std::string& statement) {  // the statement, and what it gives
    lesson.print("{}", statement);
    const std::vector<Column> rows = database.run(statement);
    if (rows.empty()) lesson.print("(no rows)");
    if (!rows.empty()) lesson.table(rows);
    return rows;
  };

  lesson.step("table");
  database.run(
      "CREATE TABLE words (word TEXT, key REAL, value REAL);"
      "INSERT INTO words VALUES ('the', 0.1, 10), ('cat', 0.5, 20), ('sat', 0.3, 30),"
      " ('mat', 0.9, 40);");
  show("SELECT * FROM words");

  lesson.step("exact");
  show(fmt::format("SELECT word, value FROM words WHERE key = {}", query));
  const bool finds_none = show("SELECT word, value FROM words WHERE key = 0.45").empty();

  lesson.step("soft");
  const std::vector<Column> soft = show(
      fmt::format("SELECT attention(vec_f32('[{}]'), key, value) AS answer FROM words", query));
  show("SELECT attention(vec_f32('[0.45]'), key, value) AS answer FROM words");

  lesson.step("weights");
  show(
      fmt::format("SELECT word, {0} * key AS product, round(\n"
                  "  attention_weight({0}, key, attention_lse({0}, key) OVER ()), 3) AS weight\n"
                  "FROM words",
                  query));

  lesson.step("nearest");
  const std::vector<Column> nearest = show(
      fmt::format("SELECT scale, round(\n"
                  "  attention('[{}, -1]', json_array(key, key * key),\n"
                  "            value, scale), 3) AS answer\n"
                  "FROM words, (SELECT column1 AS scale FROM (VALUES (0), (10), (100), (1000)))\n"
                  "GROUP BY scale",
                  2 * query));

  Tape tape;
  const auto input = [&tape](const char* name, std::initializer_list<double> numbers) {
    return tape.input(name, Tensor::of<double>({1, 1, std::ssize(numbers), 1}, numbers));
  };
  const Var z = scaled_dot_product_attention(input("q", {query}), input("k", {0.1, 0.5, 0.3, 0.9}),
                                             input("v", {10, 20, 30, 40}));
  lesson.claim("An exact query finds a row or nothing; a soft one always has an answer.",
               finds_none && soft.size() == 1);
  lesson.claim("It is the same attention as everywhere else.",
               std::abs(std::stod(soft[0].cells[0]) - z.value().item()) < 1e-6);
  lesson.claim("With a large scale the soft query becomes the exact one.",
               std::abs(std::stod(nearest[1].cells.back()) - 20) < 0.01);
}

}  // namespace clearhead::lessons
