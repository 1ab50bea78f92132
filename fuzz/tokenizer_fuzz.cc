// Feeds any bytes to the reader of tokenizers; what it accepts must survive being written and read,
// and lose nothing of a text, for which the same bytes serve.
#include <cstdint>
#include <memory>
#include <sstream>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/tokenizer_file.h"
#include "fuzz/same.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const Tokenizer> tokenizer;
  try {
    tokenizer = parse_tokenizer(text, "input");
  } catch (const Error&) {
    return 0;
  }
  std::ostringstream written, again;
  write_tokenizer(written, *tokenizer);
  write_tokenizer(again, *parse_tokenizer(written.str(), "output"));
  require(written.str() == again.str(), "same tokenizer");
  const auto* pairs = dynamic_cast<const BytePairTokenizer*>(tokenizer.get());
  if (pairs != nullptr && !pairs->lowercases() && pairs->vocabulary().specials.empty()) {
    require(pairs->decode(pairs->encode(text)) == text, "same text");
  }
  return 0;
}
