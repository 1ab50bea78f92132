// What alterations do to claims, and that they are the same wherever they are made.
#include "clearhead/claims/inject.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/claims/billed_claim.h"

namespace clearhead::claims {
namespace {

// Member k of a hundred: men are even and born in 1980, women are odd; those above 50 were born in
// 2015. Everyone has A and B for d1 and d2; women have W besides, children have K.
Claim member_claim(int k) {
  Claim claim = billed_claim("C" + std::to_string(k), "M" + std::to_string(k));
  claim.member.sex.value = k % 2 == 0 ? "M" : "F";
  if (k > 50) claim.member.birth_date.value = day(2015, 1, 1);
  for (const char* code : {"d1", "d2"}) {
    claim.diagnoses.push_back({field(Code{"ICD-10-CM", code}), DiagnosisRole::other, {}});
  }
  add_line(claim, billed_line(1, "A", 1000));
  add_line(claim, billed_line(2, "B", 2000));
  claim.lines[1].pointers = {2};
  return claim;
}

Donors donors_of_a_hundred() {
  Donors donors;
  for (int k = 0; k < 100; ++k) {
    Claim claim = member_claim(k);
    add_line(claim, billed_line(3, "C", 3000));
    if (k % 2 == 1) add_line(claim, billed_line(4, "W", 4000));
    if (k > 50) add_line(claim, billed_line(5, "K", 5000));
    claim.diagnoses.push_back({field(Code{"ICD-10-CM", "d3"}), DiagnosisRole::other, {}});
    donors.add(claim);
  }
  return donors;
}

std::int64_t sum_of_lines(const Claim& claim) {
  std::int64_t sum = 0;
  for (const Line& line : claim.lines) sum += line.charge->cents;
  return sum;
}

std::multiset<std::string> codes_of(const Claim& claim) {
  std::multiset<std::string> codes;
  for (const Line& line : claim.lines) codes.insert(line.code->value);
  return codes;
}

// The claim of member 2, a man of 43, altered; the label is checked to be about it.
struct Altered {
  Claim claim;
  Label label;
  const Line& line() const { return claim.lines[static_cast<std::size_t>(label.line - 1)]; }
};
Altered altered(Alteration alteration) {
  static const Donors donors = donors_of_a_hundred();
  Altered altered{member_claim(2), {}};
  Random random(1, 1);
  const auto label = Injector(donors, 1, 1).alter(altered.claim, alteration, random);
  EXPECT_TRUE(label.has_value()) << to_string(alteration);
  if (!label) return altered;
  altered.label = *label;
  EXPECT_EQ(label->claim, "C2");
  EXPECT_EQ(label->alteration, alteration);
  EXPECT_EQ(altered.claim.charge->cents, sum_of_lines(altered.claim)) << to_string(alteration);
  return altered;
}

TEST(Inject, ASwappedProcedureIsALineOfAnother) {
  const Altered a = altered(Alteration::swapped_procedure);
  EXPECT_EQ(a.claim.lines.size(), 2u);
  const std::map<std::string, std::int64_t> prices = {{"C", 3000}, {"W", 4000}, {"K", 5000}};
  ASSERT_TRUE(prices.contains(a.line().code->value));  // A and B are in the claim already
  EXPECT_EQ(a.line().charge->cents, prices.at(a.line().code->value));
}

TEST(Inject, ASwappedDiagnosisIsNamedByTheLineThatPointsToIt) {
  const Altered a = altered(Alteration::swapped_diagnosis);
  const bool is_second = a.claim.diagnoses[1].code->value == "d3";
  EXPECT_TRUE(is_second || a.claim.diagnoses[0].code->value == "d3");
  EXPECT_EQ(a.label.line, is_second ? 2 : 0);
  EXPECT_EQ(codes_of(a.claim), (std::multiset<std::string>{"A", "B"}));
}

TEST(Inject, APhantomLineIsAdded) {
  const Altered a = altered(Alteration::phantom_line);
  ASSERT_EQ(a.claim.lines.size(), 3u);
  EXPECT_TRUE(codes_of(a.claim).contains("A") && codes_of(a.claim).contains("B"));
  EXPECT_TRUE(a.line().code->value != "A" && a.line().code->value != "B");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*a.claim.lines[static_cast<std::size_t>(i)].number, i + 1);
  }
}

TEST(Inject, ACodeOfTheOtherSexOrOfAnotherAge) {
  EXPECT_EQ(altered(Alteration::wrong_sex).line().code->value, "W");
  EXPECT_EQ(altered(Alteration::wrong_age).line().code->value, "K");
}

TEST(Inject, ALineTwice) {
  const Altered a = altered(Alteration::duplicate_line);
  ASSERT_EQ(a.claim.lines.size(), 3u);
  EXPECT_EQ(codes_of(a.claim).count(a.line().code->value), 2u);
}

TEST(Inject, AmountsAndUnits) {
  const Altered thrice = altered(Alteration::amount_times_3);
  EXPECT_EQ(thrice.line().charge->cents, thrice.line().code->value == "A" ? 3000 : 6000);
  EXPECT_EQ(*thrice.line().units, 1);
  const Altered units = altered(Alteration::units_times_k);
  const double k = *units.line().units;
  EXPECT_TRUE(k >= 2 && k <= 10);
  EXPECT_EQ(static_cast<double>(units.line().charge->cents),
            k * (units.line().code->value == "A" ? 1000 : 2000));
}

TEST(Inject, WhatIsImpossibleIsNotDone) {
  const Donors none;
  Claim claim = member_claim(2);
  for (Line& line : claim.lines) line.charge.value = Money{0};
  Random random(1, 1);
  for (const Alteration alteration :
       {Alteration::swapped_procedure, Alteration::swapped_diagnosis, Alteration::phantom_line,
        Alteration::wrong_sex, Alteration::wrong_age, Alteration::amount_times_3}) {
    EXPECT_FALSE(Injector(none, 1, 1).alter(claim, alteration, random)) << to_string(alteration);
  }
  EXPECT_EQ(codes_of(claim), codes_of(member_claim(2)));
}

// A thousand claims like those of the hundred, which of them are altered, and how.
std::map<std::string, std::string> labels(std::uint64_t seed, bool backwards) {
  const Donors donors = donors_of_a_hundred();
  const Injector injector(donors, seed, 0.1);
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 1000; ++i) {
    Claim claim = member_claim(backwards ? 999 - i : i);
    if (const auto label = injector.alter(claim)) {
      labels[label->claim] = to_string(label->alteration) + std::to_string(label->line);
    }
  }
  return labels;
}

TEST(Inject, ATenthIsAlteredWhateverTheOrder) {
  const auto forward = labels(5, false);
  EXPECT_NEAR(static_cast<double>(forward.size()), 100, 3 * 9.5);  // √(1000·0.1·0.9) = 9.5
  EXPECT_EQ(forward, labels(5, true));
  EXPECT_NE(forward, labels(6, false));
}

TEST(Inject, TheSeedIsFrozen) {
  // The first that seed 5 alters: another would make other claims by the same command.
  std::string all;
  for (const auto& [claim, what] : labels(5, false)) all += claim + ":" + what + " ";
  EXPECT_EQ(all.substr(0, 60), "C0:swapped_diagnosis0 C107:phantom_line3 C113:duplicate_line");
}

TEST(Inject, NamesLeadBack) {
  for (std::size_t i = 0; i < kAlterations; ++i) {
    const auto alteration = static_cast<Alteration>(i);
    EXPECT_EQ(alteration_named(to_string(alteration)), alteration);
  }
  EXPECT_EQ(alteration_named("nothing"), std::nullopt);
}

}  // namespace
}  // namespace clearhead::claims
