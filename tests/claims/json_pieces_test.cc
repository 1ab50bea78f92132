// Objects cut out of streams of JSON, and what is wrong with a stream.
#include "clearhead/claims/json_pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clearhead::claims {
namespace {

std::vector<JsonPiece> pieces_of(const std::string& text, JsonLimits limits = {}) {
  ByteStream stream(text, "a.json");
  JsonPieces pieces(stream, limits);
  std::vector<JsonPiece> all;
  JsonPiece piece;
  while (pieces.next(piece)) all.push_back(piece);
  return all;
}

std::vector<std::string> texts_of(const std::string& text) {
  std::vector<std::string> texts;
  for (const JsonPiece& piece : pieces_of(text)) {
    texts.push_back(piece.fault.empty() ? piece.text : "fault");
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(JsonPieces, AnObjectByItselfIsAPiece) {
  EXPECT_EQ(texts_of("{\n  \"a\": {\"b\": [1, 2]}\n}\n"), Texts{"{\n  \"a\": {\"b\": [1, 2]}\n}"});
  EXPECT_EQ(texts_of("\xef\xbb\xbf{}"), Texts{"{}"});
  EXPECT_EQ(texts_of(" \n "), Texts{});
}

TEST(JsonPieces, LinesKnowTheirNumbers) {
  const auto pieces = pieces_of("{\"a\":1}\r\n\n{\"b\":2}\n");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].line, 1u);
  EXPECT_EQ(pieces[1].line, 3u);
  EXPECT_EQ(pieces[1].byte, 10u);
  EXPECT_EQ(pieces[1].text, "{\"b\":2}");
}

TEST(JsonPieces, EntriesOfABundleAreCutOutWhereverTheyStand) {
  const auto pieces = pieces_of(R"({"entry": [ {"x": 1} , {"y": [{"entry": []}]}], "type": "z"})");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].text, R"({"x": 1})");
  EXPECT_EQ(pieces[0].path, "entry[0]");
  EXPECT_EQ(pieces[0].line, 0u);
  EXPECT_EQ(pieces[0].byte, 12u);
  EXPECT_EQ(pieces[1].text, R"({"y": [{"entry": []}]})");
  EXPECT_EQ(pieces[1].path, "entry[1]");
  EXPECT_EQ(texts_of(R"({"a":1,"entry":[{}],"b":2} {"c":3})"), (Texts{"{}", R"({"c":3})"}));
  EXPECT_EQ(texts_of(R"({"a":"entry","b":[{}]})"), Texts{R"({"a":"entry","b":[{}]})"});
}

TEST(JsonPieces, ElementsOfAListAreCutOut) {
  const auto pieces = pieces_of("[{\"a\":1},\n[{}],{\"b\":2}]");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1].text, "{\"b\":2}");
  EXPECT_EQ(pieces[1].path, "[1]");
}

TEST(JsonPieces, BundlesMayBeLines) {
  const auto pieces = pieces_of("{\"entry\":[{\"a\":1}]}\n{\"entry\":[{\"a\":2},{\"a\":3}]}\n");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[2].line, 2u);
  EXPECT_EQ(pieces[2].path, "entry[1]");
}

TEST(JsonPieces, BracketsInStringsDoNotCount) {
  EXPECT_EQ(texts_of(R"({"a":"}\"]}\\"} {})"), (Texts{R"({"a":"}\"]}\\"})", "{}"}));
}

TEST(JsonPieces, AfterAFaultTheNextLineIsTried) {
  EXPECT_EQ(texts_of("{\"a\":[1\n{\"b\":2}\n{\"c\":\"\n}\nx{}\n{\"d\":4}"),
            (Texts{"fault", "{\"b\":2}", "fault", "fault", "fault", "{\"d\":4}"}));
}

TEST(JsonPieces, OtherTextIsRefusedOnce) {
  EXPECT_EQ(texts_of("abc def"), Texts{"fault"});
  EXPECT_EQ(texts_of("{} abc, ] def {} "), (Texts{"{}", "fault", "{}"}));
}

TEST(JsonPieces, AFileThatEndsTooEarlyIsAFault) {
  EXPECT_EQ(texts_of("{\"a\":1"), Texts{"fault"});
  EXPECT_EQ(texts_of("{\"entry\":[{},{\"a\":"), (Texts{"{}", "fault"}));
  EXPECT_EQ(texts_of("{\"entry\":[{}"), (Texts{"{}", "fault"}));
  EXPECT_EQ(texts_of("[{}"), (Texts{"{}", "fault"}));
}

TEST(JsonPieces, LimitsHoldForEachPiece) {
  const std::string large = "{\"a\":\"" + std::string(100, 'x') + "\"}";
  const auto wide = pieces_of("{\"entry\":[" + large + ",{\"b\":2}]}", {.bytes = 50, .depth = 64});
  ASSERT_EQ(wide.size(), 2u);
  EXPECT_NE(wide[0].fault.find("at most 50 bytes"), std::string::npos);
  EXPECT_TRUE(wide[0].text.empty());
  EXPECT_EQ(wide[1].text, "{\"b\":2}");

  const std::string deep = "{\"a\":" + std::string(9, '[') + std::string(9, ']') + "}";
  const auto high = pieces_of(deep + "\n" + deep + "\n{\"b\":[[]]}", {.bytes = 1000, .depth = 9});
  ASSERT_EQ(high.size(), 3u);
  EXPECT_NE(high[0].fault.find("at most 9 brackets"), std::string::npos);
  EXPECT_NE(high[1].fault.find("at most 9 brackets"), std::string::npos);
  EXPECT_EQ(high[2].text, "{\"b\":[[]]}");
}

}  // namespace
}  // namespace clearhead::claims
