// Tokens of the source, of the translation, or of the one text that there is.
#include "clearhead/lens/attention_axes.h"

namespace clearhead {
namespace {

// In the order of AttentionKind.
constexpr const char* kKindTitles[] = {"attention within the source",
                                       "attention within the translation",
                                       "attention of the translation to the source"};

}  // namespace

AttentionAxes attention_axes(const Reading& reading, const AttentionStack& stack) {
  AttentionAxes axes;
  axes.stack = stack;
  axes.heads = attention_head_count(reading.tape, stack.scopes.front());
  axes.title = "attention";
  axes.query_names = axes.key_names = reading.text.names;
  axes.query_title = "query";
  axes.key_title = "key";
  if (!reading.is_translation()) return axes;
  const AttentionKind kind = kind_of(stack);
  axes.title = kKindTitles[static_cast<int>(kind)];
  switch (kind) {
    case AttentionKind::encoder:
      axes.query_names = axes.key_names = reading.source.names;
      break;
    case AttentionKind::decoder:
      break;
    case AttentionKind::cross:
      axes.key_names = reading.source.names;
      axes.query_names = reading.written.names;
      axes.query_title = "token that is written next";
      axes.key_title = "token of the source";
      axes.same_tokens = false;
  }
  return axes;
}

}  // namespace clearhead
