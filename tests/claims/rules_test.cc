// Each rule on a claim that breaks it, and on one that nearly does.
#include "clearhead/claims/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/claims/billed_claim.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

CodeTables tables_of(const std::vector<std::string>& texts) {
  const TemporaryFolder folder;
  CodeTables tables;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    tables.add(folder.write("table" + std::to_string(i) + ".csv", texts[i]));
  }
  return tables;
}

// What one claim breaks, without memory of others.
std::vector<Finding> check(const Claim& claim, const std::vector<std::string>& tables = {},
                           const PairStatistics* learnt = nullptr) {
  const CodeTables all = tables_of(tables);
  return Rules(all, learnt).check(claim);
}

std::vector<std::string> names_of(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.emplace_back(to_string(finding.rule));
  return names;
}

using Names = std::vector<std::string>;

Claim claim_with(const std::vector<std::string>& codes) {
  Claim claim = billed_claim("C1");
  std::int64_t number = 0;
  for (const std::string& code : codes) add_line(claim, billed_line(++number, code, 10000));
  return claim;
}

TEST(Rules, ANormalClaimBreaksNone) {
  EXPECT_EQ(names_of(check(claim_with({"99213", "A0021"}), {"code\nA0021\n"})), Names{});
}

TEST(Rules, DuplicatesWithinAClaim) {
  const std::vector<Finding> same = check(claim_with({"99213", "99213"}));
  ASSERT_EQ(names_of(same), Names{"duplicate"});
  EXPECT_EQ(same[0].line, 2);
  EXPECT_EQ(same[0].at_stake, Money{10000});
  EXPECT_EQ(same[0].reason, "HCPCS 99213 on 2024-03-01 stands in another line too");
  Claim modified = claim_with({"99213", "99213"});
  modified.lines[1].modifiers.push_back(field(std::string("25")));
  EXPECT_EQ(names_of(check(modified)), Names{"near_duplicate"});
}

TEST(Rules, DuplicatesAcrossClaimsOfAMember) {
  const CodeTables tables;
  Rules rules(tables);
  EXPECT_EQ(names_of(rules.check(claim_with({"99213"}))), Names{});
  Claim again = claim_with({"99213"});
  again.id.value = "C2";
  const std::vector<Finding> found = rules.check(again);
  ASSERT_EQ(names_of(found), Names{"duplicate"});
  EXPECT_EQ(found[0].other_claim, "C1");
  EXPECT_EQ(found[0].reason, "HCPCS 99213 on 2024-03-01 stands in claim C1 too");
  Claim other = again;
  other.member.id.value = "M2";
  EXPECT_EQ(names_of(rules.check(other)), Names{});
  Claim later = again;
  later.from.value = day(2024, 3, 2);
  EXPECT_EQ(names_of(rules.check(later)), Names{});
  Claim replaces = again;
  replaces.frequency.value = "7";
  EXPECT_EQ(names_of(rules.check(replaces)), Names{});
  Claim takes_back = again;
  takes_back.status.value = "22";
  EXPECT_EQ(names_of(rules.check(takes_back)), Names{});
}

TEST(Rules, ABillThatReplacesAnotherIsComparedWithItselfAlone) {
  const CodeTables tables;
  Rules rules(tables);
  rules.check(claim_with({"99213"}));
  Claim replaces = claim_with({"99213", "99213"});
  replaces.id.value = "C2";
  replaces.frequency = field(std::string("7"));
  const std::vector<Finding> found = rules.check(replaces);
  ASSERT_EQ(names_of(found), Names{"duplicate"});
  EXPECT_EQ(found[0].other_claim, "");
  Claim third = claim_with({"99213"});
  third.id.value = "C3";
  EXPECT_EQ(rules.check(third).at(0).other_claim, "C1");
}

TEST(Rules, AnAnswerToAClaimIsNotAnother) {
  const CodeTables tables;
  Rules rules(tables);
  rules.check(claim_with({"99213"}));
  Claim answer = claim_with({"99213"});
  answer.status = field(std::string("1"));
  EXPECT_EQ(names_of(rules.check(answer)), Names{});
  answer.id.value = "C2";
  EXPECT_EQ(names_of(rules.check(answer)), Names{"duplicate"});
  EXPECT_EQ(names_of(rules.check(claim_with({"99213"}))), Names{"duplicate"});  // billed again
}

TEST(SeenLines, TheDaysThatCameFirstAreForgotten) {
  SeenLines seen(3);
  for (const std::uint64_t day : {1, 2, 1, 3}) {
    SeenLine line;
    line.number = static_cast<std::int64_t>(day);
    seen.add(day, line);
  }
  EXPECT_TRUE(seen.of(1).empty());
  EXPECT_EQ(seen.of(2).size(), 1u);
  EXPECT_EQ(seen.of(3).at(0).number, 3);
}

TEST(SeenLines, ADayHasAThousand) {
  SeenLines seen;
  for (int i = 0; i < 1200; ++i) seen.add(7, {});
  EXPECT_EQ(seen.of(7).size(), 1000u);
}

TEST(Rules, UnitsOverTheMostOfALineOrADay) {
  const std::string table = "code,max_units,adjudication_indicator\nA1,2,3\nA2,2,1\n";
  Claim claim = claim_with({"A1", "A1"});
  claim.lines[0].units.value = 2;
  claim.lines[1].units.value = 4;
  claim.lines[1].charge.value = Money{20000};
  claim.charge.value = Money{30000};
  const std::vector<Finding> found = check(claim, {table});
  ASSERT_EQ(names_of(found), (Names{"near_duplicate", "units"}));
  EXPECT_EQ(found[1].line, 2);
  EXPECT_EQ(found[1].places.size(), 2u);
  EXPECT_EQ(found[1].row->line, 2u);
  EXPECT_EQ(found[1].reason, "6 units of HCPCS A1 on a day, at most 2");
  EXPECT_EQ(found[1].at_stake, Money{20000});  // the whole line is too much
  for (Line& line : claim.lines) line.code.value->value = "A2";
  const std::vector<Finding> line = check(claim, {table});
  ASSERT_EQ(names_of(line), (Names{"near_duplicate", "units"}));
  EXPECT_EQ(line[1].reason, "4 units of HCPCS A2 in a line, at most 2");
  EXPECT_EQ(line[1].at_stake, Money{10000});  // two units of four
}

TEST(Rules, PairsUnlessAModifierSaysTheyWereApart) {
  const std::string table =
      "column1,column2,deleted,modifier_indicator,rationale\n"
      "A1,A2,,1,Mutually exclusive\nA1,A3,,0,Never\nA1,A4,2020-12-31,0,Once\n";
  Claim claim = claim_with({"A2", "A1", "A3", "A4"});
  const std::vector<Finding> found = check(claim, {table});
  ASSERT_EQ(names_of(found), (Names{"pair", "pair"}));
  EXPECT_EQ(found[0].line, 1);  // the second column is what is not paid
  EXPECT_EQ(found[1].line, 3);
  EXPECT_EQ(found[1].row->line, 3u);
  claim.lines[1].modifiers.push_back(field(std::string("59")));
  EXPECT_EQ(names_of(check(claim, {table})), Names{"pair"});
  claim.lines[1].from.value = day(2024, 3, 2);
  EXPECT_EQ(names_of(check(claim, {table})), Names{});
}

TEST(Rules, UnitsOfADayAcrossClaimsOfAProvider) {
  const CodeTables tables = tables_of({"code,max_units,adjudication_indicator\nA1,2,3\n"});
  Rules rules(tables);
  const auto claim_of = [](const std::string& id, double units, const std::string& provider) {
    Claim claim = claim_with({"A1"});
    claim.id.value = id;
    claim.lines[0].units.value = units;
    claim.provider.value = provider;
    return claim;
  };
  EXPECT_EQ(names_of(rules.check(claim_of("C1", 2, "P1"))), Names{});
  EXPECT_EQ(names_of(rules.check(claim_of("C2", 1, "P2"))), Names{"near_duplicate"});
  const std::vector<Finding> found = rules.check(claim_of("C3", 1, "P1"));
  ASSERT_EQ(names_of(found), (Names{"near_duplicate", "units"}));
  EXPECT_EQ(found[1].reason, "3 units of HCPCS A1 on a day, with claim C1, at most 2");
  EXPECT_EQ(found[1].other_claim, "C1");
  EXPECT_EQ(found[1].at_stake, Money{10000});
  EXPECT_EQ(found[1].places.size(), 2u);
}

TEST(Rules, PairsAcrossClaimsOfADayAndProvider) {
  const CodeTables tables = tables_of({"column1,column2,modifier_indicator\nA1,A2,0\n"});
  Rules rules(tables);
  const auto claim_of = [](const std::string& id, const std::string& code) {
    Claim claim = claim_with({"A9", code});
    claim.lines[0].code.value->value = "A8" + id;
    claim.id.value = id;
    return claim;
  };
  EXPECT_EQ(names_of(rules.check(claim_of("C1", "A1"))), Names{});
  const std::vector<Finding> second = rules.check(claim_of("C2", "A2"));
  ASSERT_EQ(names_of(second), Names{"pair"});
  EXPECT_EQ(second[0].reason, "A2 is not paid beside A1 of claim C1 on one day");
  EXPECT_EQ(second[0].line, 2);
  EXPECT_EQ(second[0].other_claim, "C1");
  const std::vector<Finding> first =
      rules.check(claim_of("C3", "A1"));  // what is not paid came first
  ASSERT_EQ(names_of(first), (Names{"duplicate", "pair"}));
  EXPECT_EQ(first[1].reason, "A2 of claim C2 is not paid beside A1 on one day");
  EXPECT_EQ(first[1].line, 2);
  for (const auto& change : std::vector<std::function<void(Claim&)>>{
           [](Claim& claim) { claim.provider.value = "P2"; },
           [](Claim& claim) { claim.member.id.value = "M2"; },
           [](Claim& claim) { claim.from.value = day(2024, 3, 2); },
           [](Claim& claim) { claim.frequency = field(std::string("7")); }}) {
    Claim other = claim_of("C4", "A2");
    change(other);
    const Names names = names_of(rules.check(other));
    EXPECT_EQ(std::count(names.begin(), names.end(), "pair"), 0);
  }
}

TEST(Rules, SexAndAgeByTable) {
  const std::string table = "code,sex,min_age,max_age\nA1,F,,\nA2,,65,\nA3,M,18,50\n";
  const std::vector<Finding> found = check(claim_with({"A1", "A2", "A3"}), {table});
  ASSERT_EQ(names_of(found), (Names{"sex", "age"}));
  EXPECT_EQ(found[0].reason, "HCPCS A1 is for F, the member is M");
  EXPECT_EQ(found[0].places[1].part, "sex");
  EXPECT_EQ(found[1].reason, "HCPCS A2 is for ages from 65, the member was 43");
  EXPECT_EQ(found[1].line, 2);
}

TEST(Rules, SexAndAgeAsLearnt) {
  PairStatistics learnt;  // forty women of 70 with A1; forty men of 43 and of 7 with A2
  const auto add = [&](int k, const std::string& sex, int born, const std::string& code) {
    Claim claim = claim_with({code});
    claim.member.id.value = sex + std::to_string(born) + "-" + std::to_string(k);
    claim.member.sex.value = sex;
    claim.member.birth_date.value = day(born, 1, 1);
    learnt.add(claim);
  };
  for (int k = 0; k < 40; ++k) {
    add(k, "F", 1954, "A1");
    add(k, "M", 1980, "A2");
    add(k, "M", 2016, "A2");
  }
  const std::vector<Finding> found = check(claim_with({"A1", "A2"}), {}, &learnt);
  ASSERT_EQ(names_of(found), (Names{"sex", "age"}));
  EXPECT_EQ(found[0].reason,
            "of 40 members with HCPCS A1 in the claims learnt from, none is of sex M");
  EXPECT_EQ(found[0].row, std::nullopt);
  Claim younger = claim_with({"A1"});  // 66: next to the band that has all of them
  younger.member.sex.value = "F";
  younger.member.birth_date.value = day(1958, 1, 1);
  EXPECT_EQ(names_of(check(younger, {}, &learnt)), Names{});
}

TEST(Rules, DaysInTheirOrder) {
  Claim claim = claim_with({"A1"});
  claim.to = field(day(2024, 2, 28), "to");
  claim.lines[0].from = field(day(2024, 2, 27), "date");
  claim.member.birth_date.value = day(2024, 3, 2);
  const std::vector<Finding> found = check(claim);
  ASSERT_EQ(names_of(found), (Names{"dates", "dates", "dates"}));
  EXPECT_EQ(found[0].reason, "service before birth, on 2024-03-01");
  EXPECT_EQ(found[1].reason, "the claim ends before it begins: 2024-03-01 is after 2024-02-28");
  EXPECT_EQ(found[2].reason, "the line begins before its claim: 2024-03-01 is after 2024-02-27");
  EXPECT_EQ(found[2].line, 1);
}

TEST(Rules, TotalsThatAddUp) {
  Claim claim = claim_with({"A1", "A2"});
  claim.charge.value = Money{20001};
  const std::vector<Finding> found = check(claim);
  ASSERT_EQ(names_of(found), Names{"totals"});
  EXPECT_EQ(found[0].reason, "the lines' charges add up to 200.00, stated 200.01");
  EXPECT_EQ(found[0].at_stake, Money{1});
  claim.lines[1].charge.value.reset();  // then nothing is known
  EXPECT_EQ(names_of(check(claim)), Names{});
}

TEST(Rules, ALineOfTotalsIsNotAddedToThem) {
  Claim claim = claim_with({"A1", "A2"});
  Line total = billed_line(3, "", 20000);
  total.code.value.reset();
  total.revenue = field(Code{"NUBC", "0001"});
  claim.lines.push_back(total);
  claim.lines.push_back(total);
  EXPECT_EQ(names_of(check(claim)), Names{});
}

TEST(Rules, LinesWithoutAmountsHaveNoSum) {
  Claim claim = claim_with({"A1", "A2"});
  for (Line& line : claim.lines) line.charge.value = Money{0};
  EXPECT_EQ(names_of(check(claim)), Names{});
}

TEST(Rules, PaymentsBalance) {
  Claim claim = claim_with({"A1", "A2"});
  for (Line& line : claim.lines) {
    line.paid = field(Money{8000}, "paid");
    line.adjustments.push_back({{}, {}, field(Money{2000}), {}});
  }
  claim.adjustments.push_back({{}, {}, field(Money{1000}), {}});
  claim.paid = field(Money{15000}, "paid");
  claim.status = field(std::string("1"));
  EXPECT_EQ(names_of(check(claim)), Names{});
  claim.lines[1].paid.value = Money{8500};
  EXPECT_EQ(names_of(check(claim)), (Names{"totals", "totals"}));
  claim.status.value.reset();  // a bill, which tells what others paid
  EXPECT_EQ(names_of(check(claim)), Names{});
}

TEST(Rules, CodesByTableAndDay) {
  const std::string table = "code,added,terminated\nA1,2020-01-01,2023-12-31\nA2,2020-01-01,\n";
  const std::vector<Finding> found = check(claim_with({"A1", "A2", "A3", "99213"}), {table});
  ASSERT_EQ(names_of(found), (Names{"code_dates", "unknown_code"}));
  EXPECT_EQ(found[0].reason,
            "HCPCS A1 on 2024-03-01: the code is valid from 2020-01-01 until 2023-12-31");
  EXPECT_FALSE(found[0].is_warning);
  EXPECT_EQ(found[1].line, 3);
  EXPECT_TRUE(found[1].is_warning);
}

}  // namespace
}  // namespace clearhead::claims
