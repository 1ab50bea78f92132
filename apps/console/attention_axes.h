// Which attention of a reading is looked at, and what its axes count.
#ifndef CLEARHEAD_APPS_CONSOLE_ATTENTION_AXES_H_
#define CLEARHEAD_APPS_CONSOLE_ATTENTION_AXES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/console/option_group.h"
#include "clearhead/lens/attention_axes.h"

namespace clearhead::console {

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
