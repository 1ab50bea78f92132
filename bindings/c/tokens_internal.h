// A text and a tokenizer as C has them; the tokenizer is opened by itself, or a model's.
#ifndef CLEARHEAD_BINDINGS_C_TOKENS_INTERNAL_H_
#define CLEARHEAD_BINDINGS_C_TOKENS_INTERNAL_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bindings/c/boundary_internal.h"
#include "clearhead/text/tokenizer.h"

struct clearhead_string {
  std::string value;
};

struct clearhead_tokenizer {
  std::shared_ptr<const clearhead::Tokenizer> value;
};

namespace clearhead::c {

/// Throws Error if the text has bytes, but nowhere.
std::string_view text_of(const clearhead_text& text);
/// Throws Error if there are less than 0, or more but nowhere.
std::span<const std::int64_t> ids_of(const std::int64_t* ids, std::int64_t count);

}  // namespace clearhead::c

#endif  // CLEARHEAD_BINDINGS_C_TOKENS_INTERNAL_H_
