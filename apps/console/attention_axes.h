// Which attention of a reading is looked at, and what its axes count.
#ifndef CLEARHEAD_APPS_CONSOLE_ATTENTION_AXES_H_
#define CLEARHEAD_APPS_CONSOLE_ATTENTION_AXES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/console/option_group.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"

namespace clearhead::console {

/// One kind of attention in all its layers.
struct AttentionAxes {
  AttentionStack stack;
  std::string title;                     ///< "attention of the translation to the source"
  std::int64_t heads = 0;                ///< of a layer
  std::vector<std::string> query_names;  ///< tokens
  std::vector<std::string> key_names;
  std::string query_title, key_title;
  bool same_tokens = true;  ///< query t and key t are one

  std::int64_t layers() const { return static_cast<std::int64_t>(stack.scopes.size()); }
  /// Of all heads.
  std::int64_t count() const { return layers() * heads; }
};

/// --attention.
void add_attention(OptionGroup& group, std::optional<AttentionKind>& kind);

/// The attention of this kind; nothing if the network has none at all. Without a kind it is the
/// only one, or of a translation model that to the source. Throws UsageError if it has no such
/// kind.
std::optional<AttentionAxes> find_attention(const Reading& reading,
                                            std::optional<AttentionKind> kind);

/// Throws UsageError, which says that `what` is of tokens that look at each other, if these look at
/// others.
void require_same_tokens(const AttentionAxes& axes, const std::string& what);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_ATTENTION_AXES_H_
