// What the fuzzers of tokenizers share.
#ifndef CLEARHEAD_FUZZ_TOKENIZER_ROUND_TRIP_H_
#define CLEARHEAD_FUZZ_TOKENIZER_ROUND_TRIP_H_

#include <sstream>

#include "clearhead/text/tokenizer_file.h"
#include "fuzz/same.h"

namespace clearhead {

/// Written as tokenizer.json, read and written again, it must be the same text.
inline void require_round_trip(const Tokenizer& tokenizer) {
  std::ostringstream written, again;
  write_tokenizer(written, tokenizer);
  write_tokenizer(again, *parse_tokenizer(written.str(), "output"));
  require(written.str() == again.str(), "same tokenizer");
}

}  // namespace clearhead

#endif  // CLEARHEAD_FUZZ_TOKENIZER_ROUND_TRIP_H_
