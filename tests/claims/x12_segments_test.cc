// Segments of X12, whatever stands between them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/claims/x12.h"
#include "clearhead/claims/x12_segments_internal.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

std::string isa(const std::string& end, char separator = '*') {
  std::string text =
      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240101*1200*^*00501"
      "*000000001*0*T*" +
      end;
  std::replace(text.begin(), text.end(), '*', separator);
  return text;
}

// Identifiers and bytes of all segments.
std::vector<std::string> ids_of(const std::string& text) {
  ByteStream stream(text, "a");
  X12Segments segments(stream);
  X12Segment segment;
  std::vector<std::string> ids;
  while (segments.next(segment)) {
    EXPECT_EQ(text.substr(segment.byte, segment.id().size()), segment.id());
    ids.emplace_back(segment.id());
  }
  return ids;
}

const std::vector<std::string> kIds = {"ISA", "GS", "IEA"};

TEST(X12Segments, TheTerminatorIsThatOfIsaAndLineEndsMayFollowIt) {
  EXPECT_EQ(ids_of(isa(":~") + "GS*HC~IEA*1*1~"), kIds);
  EXPECT_EQ(ids_of(isa(":~\n") + "GS*HC~\nIEA*1*1~\n"), kIds);
  EXPECT_EQ(ids_of(isa(":~\r\n") + "GS*HC~\r\n\r\n  IEA*1*1~\r\n\x1a"), kIds);
  EXPECT_EQ(ids_of(isa(":\n") + "GS*HC\nIEA*1*1\n"), kIds);
  EXPECT_EQ(ids_of(isa(":\r\n") + "GS*HC\r\nIEA*1*1"), kIds);
  EXPECT_EQ(ids_of(isa(">!") + "GS*HC!IEA*1*1!!"), kIds);
  EXPECT_EQ(ids_of(isa(":\x1c", '\x1d') + "GS\x1dHC\x1cIEA\x1d"
                                          "1\x1d"
                                          "1\x1c"),
            kIds);
}

TEST(X12Segments, SloppyInterchangesAreReadByCountingElements) {
  EXPECT_EQ(ids_of("\xEF\xBB\xBF\n" + isa(":~") + "GS*HC~IEA*1*1~"), kIds);
  EXPECT_EQ(ids_of("ISA*00**00**ZZ*S*ZZ*R*240101*1200*^*00501*1*0*T*:~GS*HC~IEA*1*1~"), kIds);
  EXPECT_EQ(ids_of(isa(":  ~") + "GS*HC~IEA*1*1~"), kIds);
}

TEST(X12Segments, EachInterchangeHasItsOwnDelimiters) {
  const std::string text = isa(":~") + "GS*HC~" + isa("^'", '|') + "GS|a^b'IEA|1'";
  EXPECT_EQ(ids_of(text), (std::vector<std::string>{"ISA", "GS", "ISA", "GS", "IEA"}));
}

TEST(X12Segments, WithoutIsaTheUsualDelimitersAreGuessed) {
  for (const std::string text : {"GS*HC*S~ST*837~", "GS*HC*S\nST*837\n", "ISA*00*x~GS*HC~"}) {
    ByteStream stream(text, "a");
    X12Segments segments(stream);
    X12Segment segment;
    ASSERT_TRUE(segments.next(segment));
    EXPECT_FALSE(segments.delimiters_known());
    ASSERT_TRUE(segments.next(segment)) << text;
    EXPECT_EQ(segment.size(), 1u) << text;
  }
}

TEST(X12Segments, ElementsAndComponentsAreCountedFromOne) {
  ByteStream stream(isa(":~") + "SV1*HC: 99213 :25**  12.5 *~", "a");
  X12Segments segments(stream);
  X12Segment segment;
  ASSERT_TRUE(segments.next(segment) && segments.next(segment));
  EXPECT_EQ(segment.size(), 4u);
  EXPECT_EQ(segment[1], "HC: 99213 :25");
  EXPECT_EQ(segment[2], "");
  EXPECT_EQ(segment[3], "12.5");
  EXPECT_EQ(segment[9], "");
  EXPECT_EQ(segment.component(1, 1), "HC");
  EXPECT_EQ(segment.component(1, 2), "99213");
  EXPECT_EQ(segment.component(1, 3), "25");
  EXPECT_EQ(segment.component(1, 4), "");
  EXPECT_EQ(segment.component(3, 1), "12.5");
  EXPECT_EQ(to_string(segment.place(1, 2)), "a, byte 106, SV1-01-2");
  EXPECT_EQ(to_string(segment.place(12)), "a, byte 106, SV1-12");
}

TEST(X12Segments, AnEndlessSegmentIsCutAndWhatFollowsIsRead) {
  ByteStream stream(isa(":~") + "NTE*" + std::string(3 * X12Segments::kLongest, 'x') + "~SE*1~",
                    "a");
  X12Segments segments(stream);
  X12Segment segment;
  ASSERT_TRUE(segments.next(segment) && segments.next(segment));
  EXPECT_TRUE(segment.too_long);
  EXPECT_LE(segment[1].size(), X12Segments::kLongest);
  ASSERT_TRUE(segments.next(segment));
  EXPECT_EQ(segment.id(), "SE");
  EXPECT_FALSE(segment.too_long);
}

TEST(X12Segments, BeginningsOfOtherFilesAreNotX12) {
  for (const char* text : {"ISA*00*", "ISA|00|", "ISA~00~", "GS*HC*", "ST*835*1"}) {
    EXPECT_TRUE(begins_as_x12(text)) << text;
  }
  for (const char* text : {"", "ISA", "ISA*", "ISAAC*1", "ST|CITY\n", "GS,AB,CD", "GS;x",
                           "{\"ISA\": 1}", "claim,GS*"}) {
    EXPECT_FALSE(begins_as_x12(text)) << text;
  }
}

}  // namespace
}  // namespace clearhead::claims
