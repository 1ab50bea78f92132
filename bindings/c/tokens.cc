// Text to ids and back, for C.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bindings/c/tokens_internal.h"
#include "clearhead/base/error.h"
#include "clearhead/text/tokenizer_file.h"

struct clearhead_encoding {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> offsets;  // begin and end of each
};

namespace clearhead::c {

std::string_view text_of(const clearhead_text& text) {
  if (text.length == 0) return {};
  return {&required(text.data, "text"), text.length};
}

std::span<const std::int64_t> ids_of(const std::int64_t* ids, std::int64_t count) {
  if (count < 0) throw Error("ids: there cannot be " + std::to_string(count) + " of them");
  if (count == 0) return {};
  return {&required(ids, "ids"), static_cast<std::size_t>(count)};
}

}  // namespace clearhead::c

using namespace clearhead::c;

clearhead_text clearhead_string_text(const clearhead_string* string) {
  return {string->value.c_str(), string->value.size()};
}

void clearhead_string_free(clearhead_string* string) { delete string; }

clearhead_status clearhead_tokenizer_open(const char* file, clearhead_tokenizer** tokenizer) {
  return guarded([&] {
    required(tokenizer, "tokenizer") = nullptr;
    *tokenizer = new clearhead_tokenizer{clearhead::read_tokenizer(&required(file, "file"))};
  });
}

void clearhead_tokenizer_free(clearhead_tokenizer* tokenizer) { delete tokenizer; }

int64_t clearhead_tokenizer_size(const clearhead_tokenizer* tokenizer) {
  return tokenizer->value->size();
}

int64_t clearhead_token_id(const clearhead_tokenizer* tokenizer, const char* spelling) {
  return tokenizer->value->find(spelling).value_or(-1);
}

clearhead_status clearhead_encode(const clearhead_tokenizer* tokenizer, clearhead_text text,
                                  int32_t add_special_tokens, clearhead_encoding** encoding) {
  return guarded([&] {
    required(encoding, "encoding") = nullptr;
    const clearhead::Encoding found =
        required(tokenizer, "tokenizer")
            .value->encoding(text_of(text), {.add_special_tokens = add_special_tokens != 0});
    auto result = std::make_unique<clearhead_encoding>();
    result->ids = found.ids;
    for (const clearhead::TextRange& range : found.offsets) {
      result->offsets.push_back(static_cast<std::int64_t>(range.begin));
      result->offsets.push_back(static_cast<std::int64_t>(range.end));
    }
    *encoding = result.release();
  });
}

int64_t clearhead_encoding_length(const clearhead_encoding* encoding) {
  return std::ssize(encoding->ids);
}

const int64_t* clearhead_encoding_ids(const clearhead_encoding* encoding) {
  return encoding->ids.data();
}

const int64_t* clearhead_encoding_offsets(const clearhead_encoding* encoding) {
  return encoding->offsets.data();
}

void clearhead_encoding_free(clearhead_encoding* encoding) { delete encoding; }

clearhead_status clearhead_decode(const clearhead_tokenizer* tokenizer, const int64_t* ids,
                                  int64_t count, clearhead_string** text) {
  return guarded([&] {
    required(text, "text") = nullptr;
    *text =
        new clearhead_string{required(tokenizer, "tokenizer").value->decode(ids_of(ids, count))};
  });
}

clearhead_status clearhead_token(const clearhead_tokenizer* tokenizer, int64_t id,
                                 clearhead_string** text) {
  return guarded([&] {
    required(text, "text") = nullptr;
    *text = new clearhead_string{required(tokenizer, "tokenizer").value->token(id)};
  });
}
