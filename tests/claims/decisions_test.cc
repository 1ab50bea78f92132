// What people decided, as the page writes it and as Excel saves it.
#include "clearhead/claims/decisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  Decisions decisions;
  std::vector<std::string> faults;
};

Read read(const std::string& text) {
  Read result;
  ByteStream stream(text, "d.csv");
  result.decisions = Decisions::read(stream, [&](const Place& place, const std::string& fault) {
    result.faults.push_back(to_string(place) + ": " + fault);
  });
  return result;
}

TEST(Decisions, AreReadAsThePageWritesThem) {
  const Read result = read(
      "claim,queue,decision,note,date,by\n"
      "C1,rules,accept,\"twice, on one day\",2024-07-31,ann\n"
      "C1,unusual,dismiss,,2024-08-01,ben\n"
      "C2,unusual,,look again,,\n");
  EXPECT_THAT(result.faults, IsEmpty());
  const Decisions& decisions = result.decisions;
  ASSERT_EQ(decisions.all().size(), 3u);
  const ClaimDecision* first = decisions.find("C1", ReviewQueue::rules);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->verdict, Verdict::accept);
  EXPECT_EQ(first->note, "twice, on one day");
  EXPECT_EQ(to_string(*first->date), "2024-07-31");
  EXPECT_EQ(first->by, "ann");
  EXPECT_EQ(to_string(first->place), "d.csv, line 2");
  EXPECT_TRUE(decisions.dismissed("C1", ReviewQueue::unusual));
  EXPECT_FALSE(decisions.dismissed("C1", ReviewQueue::rules));
  EXPECT_FALSE(decisions.dismissed("C2", ReviewQueue::unusual));
  EXPECT_EQ(decisions.find("C2", ReviewQueue::unusual)->verdict, Verdict::none);
  EXPECT_EQ(decisions.find("C3", ReviewQueue::unusual), nullptr);
}

TEST(Decisions, AreReadAsExcelSavesThem) {
  const Read result = read(
      "\xef\xbb\xbf"
      "By;Decision;Claim;Queue;Date;Comments\r\n"
      "ann;DISMISS;C1;Rules;31.07.2024;\r\n"
      ";;;;;\r\n"
      "ben;Accept;C2;Unusual;1.8.2024;\"a; b\"\r\n");
  EXPECT_THAT(result.faults, IsEmpty());
  ASSERT_EQ(result.decisions.all().size(), 2u);
  EXPECT_TRUE(result.decisions.dismissed("C1", ReviewQueue::rules));
  EXPECT_EQ(to_string(*result.decisions.find("C2", ReviewQueue::unusual)->date), "2024-08-01");
}

TEST(Decisions, TheLastRowOfAClaimCounts) {
  const Read result =
      read("claim,queue,decision\nC1,rules,dismiss\nC1,unusual,dismiss\nC1,rules,accept\n");
  EXPECT_FALSE(result.decisions.dismissed("C1", ReviewQueue::rules));
  EXPECT_TRUE(result.decisions.dismissed("C1", ReviewQueue::unusual));
  EXPECT_EQ(result.decisions.all().size(), 2u);
}

TEST(Decisions, ARowThatCannotBeReadDoesNotStopTheOthers) {
  const Read result = read(
      "claim,queue,decision,date\n"
      "C1,all,dismiss,\n"
      "C2,rules,maybe,\n"
      ",rules,accept,\n"
      "1.23E+15,rules,accept,\n"
      "C3,rules,accept,soon\n"
      "C4,rules,accept,2024-01-01\n");
  EXPECT_THAT(
      result.faults,
      ElementsAre("d.csv, line 2, queue: expected rules or unusual, got \"all\"",
                  "d.csv, line 3, decision: expected accept, dismiss or nothing, got \"maybe\"",
                  "d.csv, line 4, claim: expected the number of a claim, got \"\"",
                  "d.csv, line 5, claim: expected the number of a claim, which Excel keeps in a "
                  "column formatted as text, got \"1.23E+15\"",
                  "d.csv, line 6, date: expected a day, got \"soon\""));
  EXPECT_EQ(result.decisions.all().size(), 1u);
}

TEST(Decisions, ATableOfSomethingElseIsAnError) {
  expect_error([] { read("claim,score\nC1,2\n"); },
               "d.csv: expected a table of decisions with the columns claim, queue and decision, "
               "got none called queue");
}

}  // namespace
}  // namespace clearhead::claims
