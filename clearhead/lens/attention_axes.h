// One kind of attention of a reading: which layers have it, and what its axes count.
#ifndef CLEARHEAD_LENS_ATTENTION_AXES_H_
#define CLEARHEAD_LENS_ATTENTION_AXES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"

namespace clearhead {

/// One kind of attention in all its layers.
struct AttentionAxes {
  AttentionStack stack;                  ///< its layers
  std::string title;                     ///< "attention of the translation to the source"
  std::int64_t heads = 0;                ///< of a layer
  std::vector<std::string> query_names;  ///< tokens
  std::vector<std::string> key_names;    ///< likewise
  std::string query_title;               ///< what a query is
  std::string key_title;                 ///< what a key is
  bool same_tokens = true;               ///< query t and key t are one

  /// How many have it.
  std::int64_t layers() const { return static_cast<std::int64_t>(stack.scopes.size()); }
  /// Of all heads.
  std::int64_t count() const { return layers() * heads; }
};

/// Those of a stack of the reading. The query of a decoder that looks at the source is called by
/// the token that it is about to write, as in figures of alignments.
AttentionAxes attention_axes(const Reading& reading, const AttentionStack& stack);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_ATTENTION_AXES_H_
