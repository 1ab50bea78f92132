// Post-processors: the special tokens around a text, and offsets without blanks.
#ifndef CLEARHEAD_TEXT_POST_PROCESSOR_INTERNAL_H_
#define CLEARHEAD_TEXT_POST_PROCESSOR_INTERNAL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/text/json_place_internal.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// What post-processors may ask.
struct PostContext {
  std::vector<std::string_view> texts;  ///< one, or the two of a pair
  bool add_special_tokens = true;
  /// How an encoding's token is spelt: that of its id, or the text of an added token.
  std::function<std::string_view(std::int64_t id, std::string_view text)> spelling;
};

/// Changes the encodings of a text, or of both of a pair, which at the end are joined.
class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  virtual void apply(std::vector<Encoding>& encodings, const PostContext& context) const = 0;
};

/// Appends the tokens of an encoding to another.
void append_encoding(Encoding& to, const Encoding& more);

/// The post-processor that `place` describes; none if it is null.
std::unique_ptr<const PostProcessor> make_post_processor(const JsonPlace& place);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_POST_PROCESSOR_INTERNAL_H_
