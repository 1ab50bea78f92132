// Decoders: from tokens, as they are spelt, back to text.
#ifndef CLEARHEAD_TEXT_TOKEN_DECODER_INTERNAL_H_
#define CLEARHEAD_TEXT_TOKEN_DECODER_INTERNAL_H_

#include <memory>
#include <string>
#include <vector>

#include "clearhead/text/json_place_internal.h"

namespace clearhead {

/// Changes tokens, so that joined they are the text.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  virtual void apply(std::vector<std::string>& tokens) const = 0;
  /// Whether tokens are bytes in their spelling.
  virtual bool spells_bytes() const { return false; }
};

/// The decoder that `place` describes; none if it is null.
std::unique_ptr<const TokenDecoder> make_token_decoder(const JsonPlace& place);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKEN_DECODER_INTERNAL_H_
