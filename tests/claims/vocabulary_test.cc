// Fields as tokens: words, families of codes, ranges of numbers, shares of amounts.
#include "clearhead/claims/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/claims/made_claims.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using ::testing::HasSubstr;

Field<Code> code(const std::string& system, const std::string& value) {
  return {Code{system, value}, {}};
}

ClaimVocabulary learn(std::int64_t least) {
  VocabularyCounts counts;
  for (const Claim& claim : made_claims()) counts.add(claim);
  return ClaimVocabulary::learn(counts, least);
}

TEST(ClaimVocabulary, FrequentCodesAreTokens) {
  const ClaimVocabulary vocabulary = learn(2);
  const auto token = vocabulary.code(FieldKind::code, code("HCPCS", "99213"));
  EXPECT_EQ(vocabulary.text(token), "HCPCS 99213");
  EXPECT_EQ(vocabulary.count(token), 3);
}

TEST(ClaimVocabulary, ACodeWithoutItsSystemIsFoundByItself) {
  const ClaimVocabulary vocabulary = learn(2);
  EXPECT_EQ(vocabulary.text(vocabulary.code(FieldKind::code, code("", "99213"))), "HCPCS 99213");
  EXPECT_EQ(vocabulary.text(vocabulary.code(FieldKind::code, code("CDT", "99213"))), "no code");
  EXPECT_EQ(vocabulary.text(vocabulary.code(FieldKind::code, code("", "nothing"))), "no code");
}

TEST(ClaimVocabulary, RareCodesShareTheirFamily) {
  VocabularyCounts counts;
  for (const char* rare : {"E1010", "E1011", "E1012"}) {
    counts.add(made_claim("M", 0, {rare}, {made_line("A0425", 100)}));
  }
  const ClaimVocabulary vocabulary = ClaimVocabulary::learn(counts, 3);
  const auto of = [&](const char* value) {
    return vocabulary.text(vocabulary.code(FieldKind::diagnosis, code("ICD-10-CM", value)));
  };
  EXPECT_EQ(of("E1011"), "ICD-10-CM E10*");
  EXPECT_EQ(of("E109"), "ICD-10-CM E10*");
  EXPECT_EQ(of("Z999"), "ICD-10-CM *");
  EXPECT_EQ(vocabulary.text(vocabulary.code(FieldKind::diagnosis, code("SNOMED", "1"))),
            "no diagnosis");
}

TEST(ClaimVocabulary, SaysWhichTokensStandForSeveralCodes) {
  const ClaimVocabulary vocabulary = learn(2);
  const auto is_shared = [&](const Field<Code>& code) {
    return vocabulary.is_shared(vocabulary.code(FieldKind::code, code));
  };
  EXPECT_FALSE(is_shared(code("HCPCS", "99213")));
  EXPECT_TRUE(is_shared(code("HCPCS", "99214")));  // once
  EXPECT_TRUE(is_shared({}));
}

TEST(ClaimVocabulary, NumbersFallIntoRanges) {
  const ClaimVocabulary vocabulary;
  const auto text = [&](FieldKind kind, double n) {
    return vocabulary.text(vocabulary.number(kind, n));
  };
  EXPECT_EQ(text(FieldKind::gap, 7), "7");
  EXPECT_EQ(text(FieldKind::age, 63), "60 to 64");
  EXPECT_EQ(text(FieldKind::age, 102), "95 or more");
  EXPECT_EQ(text(FieldKind::age, -1), "no age");
  EXPECT_EQ(text(FieldKind::type, 1), "institutional");
  // Every number is in the range that its token names.
  for (const double days : {0.0, 13.0, 365.0, 366.0, 4000.0}) {
    const std::string range = text(FieldKind::gap, days);
    const double low = std::stod(range);
    EXPECT_LE(low, days) << range;
    if (range.find(" to ") != std::string::npos) {
      EXPECT_LE(days, std::stod(range.substr(range.find(" to ") + 4)));
    }
  }
}

TEST(ClaimVocabulary, AmountsAreSharesOfTheirOwnCode) {
  VocabularyCounts counts;
  for (int i = 1; i <= 160; ++i) counts.add(made_claim("M", 0, {}, {made_line("A", 100 * i)}));
  for (int i = 0; i < 10; ++i) counts.add(made_claim("M", 0, {}, {made_line("B", 5000)}));
  const ClaimVocabulary vocabulary = ClaimVocabulary::learn(counts, 1);
  const auto text = [&](const char* value, std::int64_t cents) {
    return vocabulary.text(
        vocabulary.amount(vocabulary.code(FieldKind::code, code("HCPCS", value)), cents));
  };
  EXPECT_EQ(text("A", 150), "1 of 16 amounts");
  EXPECT_EQ(text("A", 16000), "16 of 16 amounts");
  EXPECT_EQ(text("A", 50), "less than ever");
  EXPECT_EQ(text("A", 48000), "more than ever");
  const auto b = vocabulary.code(FieldKind::code, code("HCPCS", "B"));
  EXPECT_NE(vocabulary.amount(b, 5000), vocabulary.amount(b, 15000));
  // The further beyond, the other the token.
  EXPECT_NE(vocabulary.amount(b, 5500), vocabulary.amount(b, 15000));
  EXPECT_EQ(text("unknown", 100), "no amount");
}

TEST(ClaimVocabulary, IsTheSameWhenItHasBeenWrittenAndRead) {
  const ClaimVocabulary vocabulary = learn(1);
  const ClaimVocabulary again = ClaimVocabulary::parse(vocabulary.json(), "here");
  ASSERT_EQ(again.size(), vocabulary.size());
  for (std::int64_t token = 0; token < again.size(); ++token) {
    EXPECT_EQ(again.text(token), vocabulary.text(token));
  }
  EXPECT_EQ(again.json(), vocabulary.json());
}

TEST(ClaimVocabulary, RefusesWhatIsNone) {
  for (const char* json : {"", "[]", "{}", R"({"words": {}, "amounts": [[1, 2]]})",
                           R"({"words": {"code": [["HCPCS 1", 1]]}, "amounts": [[2, 1]]})"}) {
    EXPECT_THAT(error_of([&] { ClaimVocabulary::parse(json, "here"); }),
                HasSubstr("here: expected"))
        << json;
  }
}

}  // namespace
}  // namespace clearhead::claims
