// Vectors in their three forms, and all that is none.
#include <gtest/gtest.h>

#include <string>

#include "tests/sql/database.h"

namespace clearhead::sql {
namespace {

TEST(Vectors, ABlobHasTheNumbersAsF32InLittleEndian) {
  Database db;
  EXPECT_EQ(db.ask("SELECT hex(vec_f32('[1, -0.5]'))"), "0000803F000000BF");
  EXPECT_EQ(db.ask("SELECT hex(vec_f32(1))"), "0000803F");
  EXPECT_EQ(db.ask("SELECT hex(vec_f32(x'0000803F'))"), "0000803F");
}

TEST(Vectors, JsonHasTheFewestDigitsThatMeanTheSameNumber) {
  Database db;
  EXPECT_EQ(db.ask("SELECT vec_json(vec_f32('[0.1, 1e-30, 16777216, -0.0]'))"),
            "[0.1,1e-30,16777216,-0]");
  EXPECT_EQ(db.ask("SELECT vec_json(' [ 0.1 , 0.30000000000000004 ] ')"),
            "[0.1,0.30000000000000004]");
  EXPECT_EQ(db.ask("SELECT vec_json(0.1)"), "[0.1]");
  EXPECT_EQ(db.ask("SELECT vec_f32(vec_json(x)) = x FROM (SELECT x'DB0F4940CDCCCC3D' AS x)"), "1");
}

TEST(Vectors, OfNullIsNull) {
  Database db;
  EXPECT_EQ(db.ask("SELECT vec_f32(NULL), vec_json(NULL)"), "NULL|NULL");
}

TEST(Vectors, ATextThatIsNoArrayOfNumbersIsNamed) {
  Database db;
  for (const std::string text :
       {"",        "abc",     "0.5",        "[",     "[1",       "[1,",       "[1,]",   "[1 2]",
        "[1]]",    "[1] [2]", "{\"a\": 1}", "[[1]]", "[1, [2]]", "[1, null]", "[true]", "[\"1\"]",
        "[1, {}]", "[NaN]",   "[1e999]",    "[0x1]", "null",     "\xff"}) {
    const std::string said = db.ask("SELECT vec_f32('" + text + "')");
    EXPECT_EQ(said.rfind("error: vec_f32: the vector is the text '", 0), 0u) << text << said;
    EXPECT_NE(said.find("no JSON array of numbers"), std::string::npos) << text << said;
  }
  EXPECT_EQ(db.ask("SELECT vec_json('[]')"), "error: vec_json: the vector has no numbers");
}

TEST(Vectors, JsonThatNestsDeepIsLeftAtItsSecondBracket) {
  Database db;
  db.ask("CREATE TABLE t AS SELECT replace(hex(zeroblob(10000000)), '0', '[') AS x");
  EXPECT_NE(db.ask("SELECT vec_f32(x) FROM t").find("no JSON array"), std::string::npos);
}

TEST(Vectors, ABlobThatIsNoVectorIsNamed) {
  Database db;
  EXPECT_EQ(db.ask("SELECT vec_json(x'00000000000000')"),
            "error: vec_json: the vector is a BLOB of 7 bytes, but each number takes 4 (f32)");
  EXPECT_EQ(db.ask("SELECT vec_json(x'')"), "error: vec_json: the vector has no numbers");
  EXPECT_EQ(db.ask("SELECT vec_json(zeroblob(0))"), "error: vec_json: the vector has no numbers");
}

TEST(Vectors, NumbersAreFinite) {
  Database db;
  EXPECT_EQ(db.ask("SELECT vec_f32(x'0000803F0000807F')"),
            "error: vec_f32: number 2 of the vector is inf, but all must be finite");
  EXPECT_EQ(db.ask("SELECT vec_f32(x'0000C07F')"),
            "error: vec_f32: number 1 of the vector is nan, but all must be finite");
  EXPECT_EQ(db.ask("SELECT vec_json(-9e999)"),
            "error: vec_json: number 1 of the vector is -inf, but all must be finite");
}

TEST(Vectors, WhatNoF32HoldsBecomesNoBlob) {
  Database db;
  EXPECT_EQ(db.ask("SELECT vec_f32('[1, 1e39]')"),
            "error: vec_f32: 1e+39 is more than an f32 holds");
  EXPECT_EQ(db.ask("SELECT vec_json('[1e39]')"), "[1e+39]");
}

TEST(Vectors, DatabasesInUtf16AreTheSame) {
  Database db;
  db.ask("PRAGMA encoding = 'UTF-16'; CREATE TABLE t AS SELECT '[0.5]' AS k, '[2]' AS v");
  EXPECT_EQ(db.ask("PRAGMA encoding"), "UTF-16le");
  db.ask("INSERT INTO t SELECT * FROM t");
  EXPECT_EQ(db.ask("SELECT attention(k, k, v), vec_json(vec_f32(k)) FROM t"), "[2]|[0.5]");
}

}  // namespace
}  // namespace clearhead::sql
