// Tokens decoded one by one: the same text as all together.
#include "clearhead/text/token_stream.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/text/utf8.h"
#include "tests/surroundings.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

std::string streamed(const Tokenizer& tokenizer, const std::vector<std::int64_t>& ids) {
  TokenStream stream(tokenizer);
  std::string text;
  for (const std::int64_t id : ids) text += stream.take(id);
  return text + stream.end();
}

TEST(TokenStream, WholeCharactersComeAtOnce) {
  const std::vector<std::string_view> texts{"x"};
  const Tokenizer bytes = learn_byte_pairs(texts, {.size = 257, .specials = {"<s>"}});
  TokenStream stream(bytes);
  const auto take = [&](const std::string& byte) { return stream.take(bytes.encode(byte)[0]); };
  EXPECT_EQ(take("a"), "a");
  EXPECT_EQ(take("\xe2"), "");
  EXPECT_EQ(stream.take(0), "");  // a special token within a character
  EXPECT_EQ(take("\x82"), "");
  EXPECT_EQ(take("\xac"), "€");
  EXPECT_EQ(take("\x82"), "\uFFFD");
  EXPECT_EQ(take("\xe2"), "");
  EXPECT_EQ(take("b"), "\uFFFDb");
  EXPECT_EQ(take("\xe2"), "");
  EXPECT_EQ(take("\x82"), "");
  EXPECT_EQ(stream.end(), "\uFFFD\uFFFD");
  EXPECT_EQ(stream.end(), "");
}

// Whatever the decoder does between tokens.
TEST(TokenStream, GivesWhatAllGiveTogether) {
  for (const Json& one : Json::parse(read_text(std::filesystem::path(CLEARHEAD_SOURCE_DIR) /
                                               "tests/text/data/models.json.gz"))) {
    SCOPED_TRACE(one["name"]);
    const auto tokenizer = parse_tokenizer(one["tokenizer"].dump(), "case");
    for (const Json& expected : one["expected"]) {
      const auto ids = expected["ids"].get<std::vector<std::int64_t>>();
      EXPECT_EQ(streamed(*tokenizer, ids), replace_invalid_utf8(tokenizer->decode(ids)));
    }
  }
}

}  // namespace
}  // namespace clearhead
