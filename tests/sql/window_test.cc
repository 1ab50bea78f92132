// Frames of a window.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/sql/database.h"

namespace clearhead::sql {
namespace {

// 200 rows whose scores reach from −300 to 300, so that in nearly every frame one row outweighs all
// others, and frames without it follow.
void make_rows(Database& db) {
  db.ask(
      "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "199) SELECT i, i / 4 AS peers, CASE WHEN i % 11 THEN 100 * sin(i * i) END AS k, "
      "cos(3 * i) AS v FROM n");
}

// What a frame gives row by row, against the aggregate of the rows that are in it.
void expect_frame(Database& db, const std::string& frame, const std::string& is_in_it) {
  for (const std::string function : {"attention(3, k, v)", "attention_lse(3, k)"}) {
    const std::vector<double> found =
        db.numbers("SELECT " + function + " OVER (ORDER BY " + frame + ") FROM t ORDER BY i");
    const std::vector<double> expected = db.numbers(
        "SELECT (SELECT " + function + " FROM t WHERE " + is_in_it + ") FROM t AS now ORDER BY i");
    ASSERT_EQ(found.size(), 200u) << frame;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-13 * std::max(1.0, std::abs(expected[i])))
          << frame << i;
    }
  }
}

TEST(Window, EachFrameIsTheAggregateOfItsRows) {
  Database db;
  make_rows(db);
  expect_frame(db, "i", "i <= now.i");
  expect_frame(db, "peers", "peers <= now.peers");
  expect_frame(db, "i ROWS BETWEEN 3 PRECEDING AND CURRENT ROW", "i BETWEEN now.i - 3 AND now.i");
  expect_frame(db, "i ROWS BETWEEN 20 PRECEDING AND 5 PRECEDING",
               "i BETWEEN now.i - 20 AND now.i - 5");
  expect_frame(db, "i ROWS BETWEEN 2 FOLLOWING AND 9 FOLLOWING",
               "i BETWEEN now.i + 2 AND now.i + 9");
  expect_frame(db, "i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "i >= now.i");
  expect_frame(db, "i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "1");
  expect_frame(db, "i RANGE BETWEEN 7 PRECEDING AND 7 FOLLOWING",
               "i BETWEEN now.i - 7 AND now.i + 7");
  expect_frame(db, "peers GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
               "peers BETWEEN now.peers - 1 AND now.peers + 1");
  expect_frame(db, "i ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING EXCLUDE CURRENT ROW",
               "i BETWEEN now.i - 5 AND now.i + 5 AND i != now.i");
}

TEST(Window, AFrameWithoutRowsIsNull) {
  Database db;
  make_rows(db);
  EXPECT_EQ(db.ask("SELECT attention(3, k, v) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND 1 "
                   "PRECEDING) IS NULL FROM t LIMIT 3"),
            "1\n1\n0");  // none; row 0, whose key is NULL; row 1
}

// e^−1000 is 0 in f64: if a row that leaves were subtracted, nothing would be left of the others.
TEST(Window, WhatAHugeScoreHidIsThereAgainOnceItLeaves) {
  Database db;
  db.ask(
      "CREATE TABLE t (i, k, v); INSERT INTO t VALUES (1, 1000, 1), (2, 0, 2), (3, 0, 3), "
      "(4, 1000, 4)");
  EXPECT_EQ(db.ask("SELECT attention(1, k, v) OVER (ORDER BY i ROWS 1 PRECEDING) FROM t"),
            "1.0\n1.0\n2.5\n4.0");
}

TEST(Window, WhatAnErrorLeavesIsCleanedUp) {
  Database db;
  make_rows(db);
  EXPECT_EQ(
      db.ask("SELECT attention(3, CASE WHEN i < 100 THEN i ELSE '[1, 2]' END, v) OVER (ORDER BY "
             "i ROWS 5 PRECEDING) FROM t LIMIT 1 OFFSET 150"),
      "error: attention: the query has size 1, but the key 2");
}

TEST(Window, AFrameThatMovesMayNotBeginWithTooMuch) {
  Database db;
  make_rows(db);
  EXPECT_EQ(  // values of 8 MiB each, in f64
      db.ask("SELECT attention(1, 1, zeroblob(1 << 22)) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW "
             "AND 8 FOLLOWING) FROM (SELECT i FROM t LIMIT 10)"),
      "error: attention: a frame that moves may begin with 64 MiB of rows; make it smaller");
}

}  // namespace
}  // namespace clearhead::sql
