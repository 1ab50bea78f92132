// Feeds any bytes to the reader of tokenizers. What it accepts must survive being written and read,
// find offsets within a text, for which the same bytes serve, and lose nothing of it where tokens
// stand for bytes.
#include <cstdint>
#include <memory>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/text/utf8.h"
#include "fuzz/same.h"
#include "fuzz/tokenizer_round_trip.h"

namespace {

using namespace clearhead;

void encode(const Tokenizer& tokenizer, std::string_view text) {
  Encoding encoding;
  try {
    encoding = tokenizer.encoding(text);
  } catch (const Error&) {
    return;  // a character, or all text, that it has no token for
  }
  require(encoding.offsets.size() == encoding.ids.size(), "an offset for each token");
  for (const TextRange& range : encoding.offsets) {
    require(range.begin <= range.end && range.end <= text.size(), "offsets within the text");
  }
  require(tokenizer.encode(text) == encoding.ids, "same ids");
  for (const std::int64_t id : encoding.ids) {
    if (id < tokenizer.size()) tokenizer.token(id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const Tokenizer> tokenizer;
  try {
    tokenizer = parse_tokenizer(text, "input");
  } catch (const Error&) {
    return 0;
  }
  require_round_trip(*tokenizer);
  encode(*tokenizer, text);
  encode(*tokenizer, replace_invalid_utf8(text));
  return 0;
}
