// The envelope of X12: interchanges, groups and transaction sets, and what they count.
#include "clearhead/claims/x12.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/claims/x12_testing.h"

namespace clearhead::claims {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kClaim =
    "HL*1**20*1~NM1*85*2*CLINIC*****XX*1111111112~HL*2*1*22*0~NM1*IL*1*DOE*ANN****MI*M100~"
    "CLM*C-1*80***11:B:1~HI*ABK:I10~LX*1~SV1*HC:99213*80*UN*1***1~DTP*472*D8*20240105~";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

TEST(X12, InterchangesGroupsAndSetsMayBeSeveral) {
  const std::string set = "ST*837*1*005010X222A1~" + kClaim + "SE*11*1~";
  const std::string group = "GS*HC*S*R*20240101*1200*7*X*005010X222A1~" + set + set + "GE*2*7~";
  const std::string institutional = replaced(
      replaced(replaced(kClaim, "SV1*", "SV2*0300*"), "11:B:1", "13:A:1"), "UN*1***1", "UN*1");
  const std::string other =
      "GS*HC*S*R*20240101*1200*8*X*004010X096A1~ST*837*1~" + institutional + "SE*11*1~GE*1*8~";
  const Reading given = read_x12_text(kIsa + group + other + "IEA*2*000000001~\r\n" + kIsa + group +
                                      "IEA*1*000000001~");
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_THAT(given.refusals, IsEmpty());
  EXPECT_EQ(given.summary.claims, 5);
  EXPECT_EQ(given.summary.format, "X12 837P 5010, X12 837I 4010");
  EXPECT_EQ(*given.claims.at(2).type, ClaimType::institutional);
}

TEST(X12, TheSameClaimIsReadWithAnyDelimiters) {
  const std::string text = interchange("005010X222A1", kClaim);
  const Reading expected = read_x12_text(text);
  ASSERT_EQ(expected.claims.size(), 1u);
  for (const std::string& other :
       {replaced(text, "~", "~\n"), replaced(text, "~", "\n"), replaced(text, "~", "\r\n"),
        replaced(replaced(text, "*", "|"), ":", ">"),
        replaced(replaced(text, "~", "!"), "*", "~")}) {
    const Reading given = read_x12_text(other);
    EXPECT_THAT(given.warnings, IsEmpty()) << other;
    ASSERT_EQ(given.claims.size(), 1u) << other;
    EXPECT_EQ(*given.claims[0].id, "C-1");
    EXPECT_EQ(*given.claims[0].lines.at(0).code, *expected.claims[0].lines.at(0).code);
    EXPECT_EQ(*given.claims[0].lines[0].from, *expected.claims[0].lines[0].from);
  }
}

TEST(X12, CountsAndControlNumbersThatDoNotAgreeAreWarnings) {
  const std::string text = interchange("005010X222A1", kClaim);
  const auto warnings = [&](const std::string& from, const std::string& to) {
    const Reading given = read_x12_text(replaced(text, from, to));
    EXPECT_EQ(given.claims.size(), 1u);
    EXPECT_EQ(given.summary.warnings, static_cast<std::int64_t>(given.warnings.size()));
    return given.warnings;
  };
  EXPECT_THAT(warnings("SE*11*", "SE*12*"),
              ElementsAre(HasSubstr("SE-01: expected the number of segments, 11, got \"12\"")));
  EXPECT_THAT(warnings("SE*11*0042", "SE*11*0043"),
              ElementsAre(HasSubstr("SE-02: expected the control number 0042, got \"0043\"")));
  EXPECT_THAT(warnings("GE*1*", "GE*2*"),
              ElementsAre(HasSubstr("GE-01: expected the number of transaction sets, 1")));
  EXPECT_THAT(warnings("GE*1*7", "GE*1*8"), ElementsAre(HasSubstr("GE-02")));
  EXPECT_THAT(warnings("IEA*1*", "IEA*3*"),
              ElementsAre(HasSubstr("IEA-01: expected the number of groups, 1, got \"3\"")));
  EXPECT_THAT(warnings("IEA*1*0", "IEA*1*9"), ElementsAre(HasSubstr("IEA-02")));
  EXPECT_THAT(warnings("SE*11*", "SE*00011*"), IsEmpty());
  EXPECT_THAT(warnings("SE*11*0042~", ""), ElementsAre(HasSubstr("GE: expected SE before")));
  EXPECT_THAT(warnings("GE*1*7~", ""), ElementsAre(HasSubstr("IEA: expected GE before")));
  EXPECT_THAT(warnings("IEA*1*000000001~", ""),
              ElementsAre(HasSubstr("expected IEA before the end of the file")));
}

TEST(X12, AFileThatIsCutOffLosesItsLastClaimOnly) {
  const std::string second = replaced(kClaim.substr(kClaim.find("CLM")), "C-1", "C-2");
  const std::string text = interchange("005010X222A1", kClaim + second);
  for (const std::size_t cut : {text.find("SE*"), text.find("99213", text.find("C-2"))}) {
    const Reading given = read_x12_text(text.substr(0, cut));
    ASSERT_EQ(given.claims.size(), 1u);
    EXPECT_THAT(given.refusals, ElementsAre(HasSubstr(": C-2: expected ")));
  }
}

TEST(X12, AnEndlessClaimIsRefusedAndNotKept) {
  std::string endless = "CLM*C-2*80***11:B:1~";
  for (int i = 0; i < 60'000; ++i) endless += "LX*1~";
  const std::string last = replaced(kClaim.substr(kClaim.find("CLM")), "C-1", "C-3");
  const Reading given = read_x12_text(interchange("005010X222A1", kClaim + endless + last));
  EXPECT_THAT(given.refusals,
              ElementsAre(HasSubstr("LX: C-2: expected at most 50000 segments in a claim")));
  ASSERT_EQ(given.claims.size(), 2u);
  EXPECT_EQ(*given.claims[1].id, "C-3");
}

TEST(X12, SetsWithoutClaimsAreSaidOnce) {
  for (const std::string set : {"270", "271", "276", "277", "999"}) {
    const std::string text = kIsa + "GS*HN*S*R*20240101*1200*7*X*005010X214~ST*" + set +
                             "*1~BHT*1~SE*3*1~ST*" + set + "*2~BHT*1~SE*3*2~GE*2*7~" +
                             "IEA*1*000000001~";
    const Reading given = read_x12_text(text);
    EXPECT_EQ(given.summary.claims, 0);
    EXPECT_EQ(given.summary.format, "X12 " + set + " 5010");
    EXPECT_THAT(given.warnings, ElementsAre(HasSubstr("ST-01: a transaction set " + set +
                                                      " holds no claims; 837 and 835 do")));
  }
}

TEST(X12, WithoutIsaClaimsAreReadWithAWarning) {
  const std::string text = interchange("005010X222A1", kClaim);
  const Reading group = read_x12_text(text.substr(text.find("GS*")));
  EXPECT_EQ(group.claims.size(), 1u);
  EXPECT_THAT(group.warnings, ElementsAre(HasSubstr("byte 0, GS: expected ISA with 16 elements"),
                                          HasSubstr("IEA: expected ISA before it")));
  const Reading set = read_x12_text("ST*837*1~" + kClaim + "SE*11*1~");
  EXPECT_EQ(set.claims.size(), 1u);
  EXPECT_EQ(set.summary.format, "X12 837");
  EXPECT_THAT(set.warnings, ElementsAre(HasSubstr("byte 0, ST: expected ISA with 16 elements")));
  const Reading broken = read_x12_text("ISA*00*HELLO~" + text.substr(text.find("GS*")));
  EXPECT_EQ(broken.claims.size(), 1u);
  EXPECT_THAT(broken.warnings.at(0), HasSubstr("byte 0, ISA: expected ISA with 16 elements"));
}

TEST(X12, WhatIsNoSegmentIsLeftOut) {
  const Reading given =
      read_x12_text(interchange("005010X222A1", kClaim + "Nd4*X~*IC~NM31*IL~\x1b[2J~"));
  EXPECT_EQ(given.claims.size(), 1u);
  EXPECT_THAT(given.warnings,
              Each(HasSubstr("expected a segment's identifier, such as CLM, got other text")));
  EXPECT_EQ(given.warnings.size(), 4u);
}

TEST(X12, AnEmptySinkAndAnEmptyFileAreFine) {
  ByteStream stream(interchange("005010X222A1", kClaim + "Nd4~CLM**~"), "a");
  const ReadSummary summary = read_x12(stream, {});
  EXPECT_EQ(summary.claims, 1);
  EXPECT_EQ(summary.refusals, 1);
  EXPECT_EQ(summary.warnings, 1);
  EXPECT_EQ(read_x12_text("").summary.format, "");
}

}  // namespace
}  // namespace clearhead::claims
