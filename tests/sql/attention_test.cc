// attention as an aggregate, attention_lse and attention_weight: what they calculate, which rows
// they pass over, and what they refuse.
#include "clearhead/ops/attention.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/sql/database.h"
#include "tests/testing.h"

namespace clearhead::sql {
namespace {

// The rounding of some sums of f64, relative to numbers near 1.
constexpr double kRounding = 1e-14;

void make_words(Database& db) {
  db.ask("CREATE TABLE words (word, key, value)");
  db.ask("INSERT INTO words VALUES ('a', 0.1, 1), ('b', 0.5, 2), ('c', 0.3, 3), ('d', 0.9, 4)");
}

std::string json_of(const Tensor& rows, std::int64_t r) {
  std::string text;
  for (std::int64_t i = 0; i < rows.size(1); ++i) {
    text += fmt::format("{}{}", i == 0 ? "[" : ",", rows.at({r, i}));
  }
  return text + "]";
}

TEST(Attention, IsTheSoftLookUp) {
  Database db;
  make_words(db);
  double sum = 0, weighted = 0;
  const std::vector<double> keys = {0.1, 0.5, 0.3, 0.9};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    sum += std::exp(0.5 * keys[i]);
    weighted += std::exp(0.5 * keys[i]) * static_cast<double>(i + 1);
  }
  EXPECT_NEAR(db.numbers("SELECT attention(0.5, key, value) FROM words").at(0), weighted / sum,
              kRounding);
  EXPECT_NEAR(db.numbers("SELECT attention_lse(0.5, key) FROM words").at(0), std::log(sum),
              kRounding);
  EXPECT_NEAR(db.numbers("SELECT attention_weight(0.5, key, attention_lse(0.5, key) OVER ()) "
                         "FROM words")
                  .at(3),
              std::exp(0.45) / sum, kRounding);
}

// 3,000 rows: many times the sizes at which calculations are divided.
TEST(Attention, IsTheAttentionOfTheLibrary) {
  const std::int64_t S = 3000, D = 17, Dv = 5;
  const Tensor q = random_tensor({1, D}, 1), k = random_tensor({S, D}, 2),
               v = random_tensor({S, Dv}, 3);
  Tape tape(Keep::nothing);
  const auto heads = [&](const char* name, const Tensor& x) {
    return tape.input(name, x.reshape({1, 1, x.size(0), x.size(1)}));
  };
  const Tensor z =
      scaled_dot_product_attention(heads("q", q), heads("k", k), heads("v", v)).value();

  Database db;
  db.ask("CREATE TABLE t (k, v); BEGIN");
  for (std::int64_t s = 0; s < S; ++s) {
    db.ask("INSERT INTO t VALUES ('" + json_of(k, s) + "', '" + json_of(v, s) + "')");
  }
  const std::vector<double> found = db.numbers("SELECT value FROM json_each((SELECT attention('" +
                                               json_of(q, 0) + "', k, v) FROM t))");
  ASSERT_EQ(std::ssize(found), Dv);
  for (std::int64_t i = 0; i < Dv; ++i) {
    EXPECT_NEAR(found[static_cast<std::size_t>(i)], z.at({0, 0, 0, i}), 1e-13);
  }
}

TEST(Attention, AnswersInTheFormOfTheValue) {
  Database db;
  make_words(db);
  const std::string number = db.ask("SELECT attention(0.5, key, value) FROM words");
  for (const std::string query : {"0.5", "'[0.5]'", "vec_f32(0.5)"}) {
    for (const std::string key : {"key", "vec_json(key)"}) {
      const std::string asked = "SELECT attention(" + query + ", " + key + ", ";
      EXPECT_EQ(db.ask(asked + "value) FROM words"), number);
      EXPECT_EQ(db.ask("SELECT value FROM json_each((" + asked + "vec_json(value)) FROM words))"),
                number);
    }
  }
  EXPECT_EQ(db.ask("SELECT typeof(z), vec_json(z) FROM "
                   "(SELECT attention('[1, 0]', vec_f32('[1, 2]'), vec_f32('[0.1, 3]')) AS z)"),
            "blob|[0.1,3]");
  EXPECT_EQ(db.ask("SELECT attention(1, 2, '[0.1, 3]')"), "[0.1,3]");
  EXPECT_EQ(db.ask("SELECT typeof(attention(1, 2, 3))"), "real");
}

TEST(Attention, TheScaleIsOneOverTheRootOfTheSizeUnlessGiven) {
  Database db;
  db.ask("CREATE TABLE t AS SELECT '[1, 0, 0, 0]' AS k, 1 AS v UNION ALL SELECT '[0, 1, 0, 0]', 0");
  const auto share = [](double score) { return std::exp(score) / (std::exp(score) + 1); };
  const auto asked = [&](const std::string& scale) {
    return db.numbers("SELECT attention('[3, 0, 0, 0]', k, v" + scale + ") FROM t").at(0);
  };
  EXPECT_NEAR(asked(""), share(1.5), kRounding);
  EXPECT_NEAR(asked(", 1"), share(3), kRounding);
  EXPECT_NEAR(asked(", -0.1"), share(-0.3), kRounding);
  EXPECT_EQ(asked(", 0"), 0.5);
}

TEST(Attention, RowsWithNullArePassedOver) {
  Database db;
  db.ask("CREATE TABLE t (g, k, v)");
  db.ask(
      "INSERT INTO t VALUES (1, 0.1, 1), (1, NULL, 2), (1, 0.3, NULL), (1, 0.9, 4), (2, NULL, 1)");
  EXPECT_EQ(db.ask("SELECT attention(0.5, k, v) FROM t"),
            db.ask("SELECT attention(0.5, k, v) FROM t WHERE k + v IS NOT NULL"));
  EXPECT_EQ(db.ask("SELECT attention(NULL, k, v), attention_lse(NULL, k) FROM t"), "NULL|NULL");
  EXPECT_EQ(db.ask("SELECT g, attention_lse(1, k) IS NULL FROM t GROUP BY g"), "1|0\n2|1");
  EXPECT_EQ(db.ask("SELECT attention(0.5, k, v), attention_lse(0.5, k) FROM t WHERE g = 3"),
            "NULL|NULL");
  EXPECT_EQ(db.ask("SELECT attention_weight(1, NULL, 0), attention_weight(1, 1, NULL)"),
            "NULL|NULL");
}

// In any order, at any distance: the largest score may come first, last or in between.
TEST(Attention, ScoresOfAnySizeAreExact) {
  Database db;
  db.ask(
      "CREATE TABLE t (k, v); INSERT INTO t VALUES (10000, 1), (9999, 2), (-10000, 3), (10000, 4)");
  const double e = std::exp(-1);
  for (const std::string order : {"k", "k DESC", "v", "v DESC"}) {
    const std::string from = "FROM (SELECT * FROM t ORDER BY " + order + ")";
    EXPECT_NEAR(db.numbers("SELECT attention(1, k, v) " + from).at(0), (5 + 2 * e) / (2 + e),
                kRounding);
    EXPECT_NEAR(db.numbers("SELECT attention_lse(1, k) " + from).at(0), 10000 + std::log(2 + e),
                1e-11);  // the last bit of 10,000
  }
  EXPECT_EQ(db.ask("SELECT attention(1e150, k, v) FROM (SELECT 1e150 AS k, 1 AS v UNION ALL "
                   "SELECT -1e150, 2)"),
            "1.0");
}

TEST(Attention, OneGroupHasOneQueryAndOneScale) {
  Database db;
  make_words(db);
  const std::string same = "is not the same in all rows; GROUP BY it, or PARTITION BY it";
  EXPECT_EQ(db.ask("SELECT attention(value, key, value) FROM words"),
            "error: attention: the query " + same);
  EXPECT_EQ(db.ask("SELECT attention('[' || value || ']', key, value) FROM words"),
            "error: attention: the query " + same);
  EXPECT_EQ(db.ask("SELECT attention(0.5, key, value, value) FROM words"),
            "error: attention: the scale is 1 in one row and 2 in another");
  EXPECT_EQ(
      db.ask("SELECT count(z) FROM (SELECT attention(q.key, k.key, k.value) AS z FROM words q, "
             "words k GROUP BY q.word)"),
      "4");
}

TEST(Attention, SizesThatDoNotFitAreBothNamed) {
  Database db;
  const std::string sizes = "the query has size 1, but the key 2";
  EXPECT_EQ(db.ask("SELECT attention(1, '[1, 2]', 1)"), "error: attention: " + sizes);
  EXPECT_EQ(db.ask("SELECT attention_lse(1, '[1, 2]')"), "error: attention_lse: " + sizes);
  EXPECT_EQ(db.ask("SELECT attention_weight(1, '[1, 2]', 0)"), "error: attention_weight: " + sizes);
  EXPECT_EQ(
      db.ask("SELECT attention(1, 1, v) FROM (SELECT '[1]' AS v UNION ALL SELECT '[1, 2, 3]')"),
      "error: attention: one value has size 1, and another 3");
}

TEST(Attention, ValuesOfTwoFormsAreRefused) {
  Database db;
  EXPECT_EQ(
      db.ask("SELECT attention(1, 1, v) FROM (SELECT 1 AS v UNION ALL SELECT vec_f32(1))"),
      "error: attention: one value is a number, and another a BLOB; vec_f32 and vec_json make "
      "them alike");
  EXPECT_EQ(db.ask("SELECT attention(1, 1, v) FROM (SELECT 1 AS v UNION ALL SELECT 2.5)"), "1.75");
}

TEST(Attention, WhatIsNoVectorOrNumberIsNamed) {
  Database db;
  EXPECT_NE(db.ask("SELECT attention('abc', 1, 1)").find("the query is the text 'abc'"),
            std::string::npos);
  EXPECT_NE(db.ask("SELECT attention(1, x'00', 1)").find("the key is a BLOB of 1 bytes"),
            std::string::npos);
  EXPECT_NE(db.ask("SELECT attention(1, 1, '[]')").find("the value has no numbers"),
            std::string::npos);
  for (const std::string scale : {"'1'", "NULL", "x'01'", "9e999"}) {
    const std::string said = "the scale must be a finite number; leave it out for 1/√d";
    EXPECT_EQ(db.ask("SELECT attention(1, 1, 1, " + scale + ")"), "error: attention: " + said);
    EXPECT_EQ(db.ask("SELECT attention_lse(1, 1, " + scale + ")"), "error: attention_lse: " + said);
  }
  for (const std::string lse : {"'1'", "x'01'", "9e999"}) {
    EXPECT_EQ(db.ask("SELECT attention_weight(1, 1, " + lse + ")"),
              "error: attention_weight: the third argument must be the number that attention_lse "
              "gives");
  }
}

TEST(Attention, NumbersThatOverflowAreNamed) {
  Database db;
  EXPECT_EQ(db.ask("SELECT attention(1e200, 1e200, 1)"),
            "error: attention: query·key is not finite: the numbers are too large");
  EXPECT_EQ(db.ask("SELECT attention(1, 1, v) FROM (SELECT 1e308 AS v UNION ALL SELECT 1.1e308)"),
            "error: attention: the result is not finite: the numbers are too large");
}

TEST(AttentionWeight, OfAWindowAddUpToOne) {
  Database db;
  db.ask(
      "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "99) SELECT i, i % 3 AS g, vec_f32(json_array(sin(i), 30 * cos(i))) AS k FROM n");
  const std::vector<double> sums = db.numbers(
      "SELECT sum(attention_weight('[2, 3]', k, lse)) FROM (SELECT g, k, "
      "attention_lse('[2, 3]', k) OVER (PARTITION BY g) AS lse FROM t) GROUP BY g");
  ASSERT_EQ(sums.size(), 3u);
  for (const double sum : sums) EXPECT_NEAR(sum, 1, 1e-13);
}

// The weights are those that attention gives the values.
TEST(AttentionWeight, IsTheShareOfTheValue) {
  Database db;
  make_words(db);
  for (const std::string scale : {"", ", 7"}) {
    EXPECT_NEAR(db.numbers("SELECT sum(w * value) FROM (SELECT value, attention_weight(0.5, key, "
                           "attention_lse(0.5, key" +
                           scale + ") OVER ()" + scale + ") AS w FROM words)")
                    .at(0),
                db.numbers("SELECT attention(0.5, key, value" + scale + ") FROM words").at(0),
                kRounding);
  }
}

}  // namespace
}  // namespace clearhead::sql
