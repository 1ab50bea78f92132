// Feeds any bytes to the reader of SentencePiece's models; what it accepts must survive being
// written as tokenizer.json.
#include <cstdint>
#include <memory>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/text/sentence_piece.h"
#include "clearhead/text/utf8.h"
#include "fuzz/tokenizer_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const Tokenizer> tokenizer;
  try {
    tokenizer = parse_sentence_piece(bytes, "input");
  } catch (const Error&) {
    return 0;
  }
  require_round_trip(*tokenizer);
  try {
    tokenizer->encoding(replace_invalid_utf8(bytes));
  } catch (const Error&) {
    return 0;  // a character that it has no token for
  }
  return 0;
}
