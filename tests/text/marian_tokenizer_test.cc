// The tokenizer of Marian's translators. (Ids of such folders were compared with MarianTokenizer of
// transformers.)
#include <gmock/gmock.h>

#include <bit>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/text/sentence_piece.h"
#include "clearhead/text/tokenizer_file.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A field of bytes in the wire format.
std::string field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

std::string piece(const std::string& text, float score, int type = 1) {
  std::string fields = field(1, text) + static_cast<char>(2 << 3 | 5);
  for (int i = 0; i < 4; ++i) {
    fields += static_cast<char>(std::bit_cast<std::uint32_t>(score) >> 8 * i);
  }
  return field(1, fields + static_cast<char>(3 << 3) + static_cast<char>(type));
}

// Of the source's pieces "ab" has no id; "é" and "▁c" are the target's alone.
class MarianTokenizer : public testing::Test {
 protected:
  MarianTokenizer() {
    folder_.write("source.spm", piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) +
                                    piece("▁", -2) + piece("a", -3) + piece("b", -4) +
                                    piece("▁a", -1) + piece("ab", -1));
    write_vocabulary(R"({"</s>": 0, "<unk>": 1, "b": 2, "a": 3, "▁a": 4, "▁": 5, "é": 6, "▁c": 7,)"
                     R"( ">>fr<<": 8, "<pad>": 9})");
  }
  void write_vocabulary(const std::string& json) const { folder_.write("vocab.json", json); }
  std::shared_ptr<const Tokenizer> read() const {
    return read_marian_tokenizer(folder_ / "source.spm", folder_ / "vocab.json");
  }

  const TemporaryFolder folder_;
};

TEST_F(MarianTokenizer, FindsPiecesOfTheSourceAndIdsOfTheVocabulary) {
  const auto tokenizer = read();
  EXPECT_EQ(tokenizer->size(), 10);
  EXPECT_THAT(tokenizer->encode("a b"), ElementsAre(4, 5, 2, 0));
  EXPECT_THAT(tokenizer->encode("b"), ElementsAre(5, 2, 0));
  EXPECT_THAT(tokenizer->encode("  a   a "), ElementsAre(4, 4, 0));
  EXPECT_THAT(tokenizer->encode(""), ElementsAre(0));
  EXPECT_THAT(tokenizer->encode("bab"), ElementsAre(5, 2, 1, 0));  // "ab" without an id
}

TEST_F(MarianTokenizer, TakesTheTargetsPieceForWhatTheSourceDoesNotKnow) {
  EXPECT_THAT(read()->encode("aé"), ElementsAre(4, 6, 0));
  EXPECT_THAT(read()->encode("aéé"), ElementsAre(4, 1, 0));  // together they are none
  EXPECT_THAT(read()->encode("c"), ElementsAre(5, 1, 0));
}

TEST_F(MarianTokenizer, KnowsLanguages) {
  EXPECT_THAT(read()->encode(">>fr<< a"), ElementsAre(8, 4, 0));
}

TEST_F(MarianTokenizer, WritesTheTargetsPieces) {
  const std::vector<std::int64_t> ids = {7, 2, 6, 4, 1, 0};
  EXPECT_EQ(read()->decode(ids), "cbé a");
}

TEST_F(MarianTokenizer, SaysWhatIsWrong) {
  std::ostringstream stream;
  expect_error([&] { write_tokenizer(stream, *read()); }, "cannot be written as tokenizer.json");
  write_vocabulary(R"({"</s>": 0})");
  expect_error([&] { read(); }, "vocab.json: expected a token <unk>, as Marian's have");
  write_vocabulary("[]");
  expect_error([&] { read(); }, "vocab.json: /: expected an object of tokens and their ids");
  write_vocabulary(R"({"</s>": 0, "<unk>": 0})");
  expect_error([&] { read(); }, "two tokens have the id 0");
  folder_.write("source.spm", "text");
  write_vocabulary(R"({"</s>": 0, "<unk>": 1})");
  expect_error([&] { read(); }, "source.spm: expected a model of SentencePiece");
}

}  // namespace
}  // namespace clearhead
