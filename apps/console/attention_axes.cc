// Finds a stack of attention, and names its queries and keys.
#include "apps/console/attention_axes.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/console/usage_error.h"

namespace clearhead::console {
namespace {

// In the order of AttentionKind.
constexpr const char* kKindWords[] = {"encoder", "decoder", "cross"};

}  // namespace

void add_attention(OptionGroup& group, std::optional<AttentionKind>& kind) {
  group.choice<AttentionKind>(
      "--attention",
      {{"encoder", AttentionKind::encoder},
       {"decoder", AttentionKind::decoder},
       {"cross", AttentionKind::cross}},
      "Of a translation model: attention of the source to itself, of the translation to itself, or "
      "of the translation to the source (cross if not given)",
      [&kind](AttentionKind x) { kind = x; });
}

std::optional<AttentionAxes> find_attention(const Reading& reading,
                                            std::optional<AttentionKind> kind) {
  if (kind && !reading.is_translation()) {
    throw UsageError("--attention is for translation models; " + reading.name + " is none");
  }
  const std::vector<AttentionStack> stacks = attention_stacks(reading.tape);
  if (stacks.empty()) return std::nullopt;
  const AttentionKind wanted = kind.value_or(AttentionKind::cross);
  const auto stack = std::find_if(stacks.begin(), stacks.end(), [&](const AttentionStack& other) {
    return !reading.is_translation() || kind_of(other) == wanted;
  });
  if (stack == stacks.end()) {
    throw UsageError(fmt::format("--attention {0}: the {0} of {1} has none",
                                 kKindWords[static_cast<int>(wanted)], reading.name));
  }
  return attention_axes(reading, *stack);
}

void require_same_tokens(const AttentionAxes& axes, const std::string& what) {
  if (axes.same_tokens) return;
  throw UsageError(what +
                   " is of tokens that look at each other; give --attention encoder or "
                   "--attention decoder");
}

}  // namespace clearhead::console
