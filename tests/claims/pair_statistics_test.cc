// Counts of what stands side by side, and the surprise that follows from them.
#include "clearhead/claims/pair_statistics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

Item procedure(const std::string& code) { return {ItemRole::procedure, {"S", code}}; }
Item diagnosis(const std::string& code) { return {ItemRole::diagnosis, {"S", code}}; }
Item sex(const std::string& code) { return {ItemRole::sex, {"", code}}; }

Claim claim_of(const std::string& member, const std::string& sex, const std::string& diagnosis,
               const std::string& procedure, std::int64_t cents = 10000, double units = 1) {
  Claim claim;
  claim.member.id.value = member;
  claim.member.sex.value = sex;
  claim.member.birth_date.value = std::chrono::year{1990} / 6 / 15;
  claim.from.value = std::chrono::year{2020} / 6 / 14;
  claim.type.value = ClaimType::professional;
  claim.diagnoses.resize(1);
  claim.diagnoses[0].code.value = Code{"S", diagnosis};
  claim.lines.resize(1);
  claim.lines[0].code.value = Code{"S", procedure};
  claim.lines[0].charge.value = Money{cents};
  claim.lines[0].units.value = units;
  return claim;
}

// Two members with d1 and p1 in 30 claims each, two with d2 and p2; the first of each is M.
PairStatistics two_worlds() {
  PairStatistics statistics;
  for (const std::string i : {"1", "2"}) {
    for (const std::string member_sex : {"M", "F"}) {
      for (int k = 0; k < 30; ++k) {
        statistics.add(claim_of(member_sex + i, member_sex, "d" + i, "p" + i));
      }
    }
  }
  return statistics;
}

TEST(PairStatistics, ItemsAreDistinctAndTraitsComeLast) {
  Claim claim = claim_of("a", "F", "d", "p");
  claim.lines.push_back(claim.lines[0]);
  const std::vector<Item> expected = {procedure("p"),
                                      diagnosis("d"),
                                      {ItemRole::type, {"", "professional"}},
                                      sex("F"),
                                      {ItemRole::age, {"", "18"}}};
  EXPECT_EQ(items_of(claim), expected);
}

TEST(PairStatistics, CountsClaimsAndMembers) {
  const PairStatistics statistics = two_worlds();
  EXPECT_EQ(statistics.seen().claims, 120);
  EXPECT_EQ(statistics.seen().members, 4);
  EXPECT_EQ(statistics.seen(procedure("p1")).claims, 60);
  EXPECT_EQ(statistics.seen(procedure("p1"), diagnosis("d1")).claims, 60);
  EXPECT_EQ(statistics.seen(procedure("p1"), diagnosis("d2")).claims, 0);
  EXPECT_EQ(statistics.seen(procedure("p1"), sex("M")).members, 1);
}

TEST(PairStatistics, InformationIsShrunkenLogOfObservedToExpected) {
  const PairStatistics statistics = two_worlds();
  const double expected = 60.0 * 60 / 120;
  EXPECT_DOUBLE_EQ(statistics.information(procedure("p1"), diagnosis("d1")),
                   std::log(60.5 / (expected + 0.5)));
  EXPECT_DOUBLE_EQ(statistics.information(procedure("p1"), diagnosis("d2")),
                   std::log(0.5 / (expected + 0.5)));
  EXPECT_DOUBLE_EQ(statistics.information(procedure("never"), diagnosis("d1")), 0);
}

TEST(PairStatistics, SurpriseFallsBackToTheShareOfTheType) {
  const PairStatistics statistics = two_worlds();
  const Item type = {ItemRole::type, {"", "professional"}};
  const double p = std::exp(-statistics.rarity(procedure("p1"), type));
  EXPECT_NEAR(p, 60.5 / (120 + 0.5 * 9), 1e-12);  // 8 items: 4 codes, type, 2 sexes, age
  EXPECT_NEAR(statistics.surprise(procedure("p1"), diagnosis("never"), type), -std::log(p), 1e-12);
  EXPECT_NEAR(statistics.surprise(procedure("p1"), diagnosis("d1"), type),
              -std::log((60 + 5 * p) / 65), 1e-12);
}

TEST(PairStatistics, TraitsAreCountedByMembersAgainstTheirShare) {
  PairStatistics statistics;
  for (int k = 0; k < 40; ++k) {
    statistics.add(claim_of("m" + std::to_string(k), k % 2 == 0 ? "M" : "F", "d", "both"));
    statistics.add(claim_of("f" + std::to_string(k), "F", "d", "for F"));
  }
  // Of 80 members, 20 are M; 40 have the code, none of them is.
  EXPECT_DOUBLE_EQ(statistics.members_expected(procedure("for F"), sex("M")), 40 * 0.25);
  EXPECT_DOUBLE_EQ(statistics.trait_surprise(procedure("for F"), sex("M")),
                   std::log(0.25) - std::log(0.25 / 41));
  EXPECT_LT(statistics.trait_surprise(procedure("both"), sex("M")), 0);
  EXPECT_EQ(statistics.trait_surprise(procedure("both"), sex("unheard of")), 0);
}

TEST(PairStatistics, AmountsAreComparedAUnitAmongTheirCode) {
  PairStatistics statistics;
  for (int k = 0; k < 99; ++k) statistics.add(claim_of("m", "M", "d", "p", 10000 + k));
  statistics.add(claim_of("m", "M", "d", "p", 60000, 2));
  const Code code{"S", "p"};
  EXPECT_DOUBLE_EQ(statistics.amount_surprise(code, Money{20100}, 2), -std::log(99.5 / 101));
  EXPECT_DOUBLE_EQ(statistics.amount_surprise(code, Money{30000}, 1), -std::log(1.5 / 101));
  EXPECT_DOUBLE_EQ(statistics.amount_surprise(code, Money{90000}, 1), -std::log(0.5 / 101));
  EXPECT_EQ(statistics.amount_surprise({"S", "never"}, Money{1}, 1), 0);
  EXPECT_EQ(statistics.units_surprise(code, 1), 0);
  EXPECT_DOUBLE_EQ(statistics.units_surprise(code, 2), std::log(99.5 / 1.5));
  EXPECT_DOUBLE_EQ(statistics.units_surprise(code, 3), std::log(99.5 / 0.5));
}

TEST(PairStatistics, ASampleOfAmountsHasTheSharesOfAll) {
  PairStatistics statistics;
  for (int k = 0; k < 5000; ++k) {
    statistics.add(claim_of("m", "M", "d", "p", k % 4 == 0 ? 50000 : 10000));
  }
  // A quarter of 1,000 with a standard error of 14.
  const double share = std::exp(-statistics.amount_surprise({"S", "p"}, Money{50000}, 1));
  EXPECT_NEAR(share, 0.25, 3 * 0.014);
}

TEST(PairStatistics, WithPersonsCountsSexAndAgeAlone) {
  PairStatistics all, people(PairStatistics::Pairs::with_persons);
  for (int k = 0; k < 20; ++k) {
    const Claim claim = claim_of("m" + std::to_string(k), k % 4 == 0 ? "M" : "F", "d", "p", 100);
    all.add(claim);
    people.add(claim);
  }
  const Item woman{ItemRole::sex, {"", "F"}};
  EXPECT_EQ(people.seen(procedure("p"), woman).members, 15);
  EXPECT_EQ(people.members_expected(procedure("p"), woman),
            all.members_expected(procedure("p"), woman));
  EXPECT_EQ(people.seen(procedure("p"), diagnosis("d")).claims, 0);
  EXPECT_EQ(all.seen(procedure("p"), diagnosis("d")).claims, 20);
  EXPECT_EQ(people.amount_surprise({"S", "p"}, Money{100}, 1), 0);
}

TEST(PairStatistics, JsonKeepsAll) {
  const PairStatistics before = two_worlds();
  const std::string text = before.to_json();
  const PairStatistics after = PairStatistics::from_json(text);
  EXPECT_EQ(after.to_json(), text);
  EXPECT_EQ(after.seen().claims, 120);
  EXPECT_EQ(after.information(procedure("p1"), diagnosis("d1")),
            before.information(procedure("p1"), diagnosis("d1")));
  EXPECT_EQ(after.amount_surprise({"S", "p1"}, Money{7}, 1),
            before.amount_surprise({"S", "p1"}, Money{7}, 1));
  expect_error([] { PairStatistics::from_json("[]"); }, "expected pair statistics");
  expect_error(
      [] {
        PairStatistics::from_json(R"({"seen":[1,1],"items":[],"pairs":[[0,1,1,1]],"lines":[]})");
      },
      "a pair of items that are not there");
  expect_error([] { PairStatistics::from_json("{\"seen\": 3}"); }, "expected pair statistics");
}

}  // namespace
}  // namespace clearhead::claims
