// One kind of attention after the other, as the page takes them.
#include "apps/cli/see/page.h"

#include <vector>

namespace clearhead::cli {
namespace {

plot::PageAttention attention_of(const Reading& reading, const AttentionAxes& axes) {
  return {
      .title = axes.title,
      .query_title = axes.query_title,
      .key_title = axes.key_title,
      .queries = axes.query_names,
      .keys = axes.key_names,
      .same_tokens = axes.same_tokens,
      .layers = axes.layers(),
      .heads = axes.heads,
      .weights = [tape = reading.tape, stack = axes.stack](std::int64_t layer, std::int64_t head,
                                                           std::int64_t t, std::int64_t t_end) {
        const std::string& scope = stack.scopes[static_cast<std::size_t>(layer)];
        return visible_weights(tape, {.scope = scope, .head = head}, t, t_end);
      }};
}

}  // namespace

plot::AttentionPage page_of(const Reading& reading, const AttentionView& view) {
  plot::AttentionPage page{.title = reading.name, .layer = view.layer, .head = view.head};
  for (const AttentionStack& stack : attention_stacks(reading.tape)) {
    if (stack.name == view.stack.name) page.kind = page.kinds.size();
    const std::optional<AttentionKind> kind =
        reading.is_translation() ? std::optional(kind_of(stack)) : std::nullopt;
    page.kinds.push_back(attention_of(reading, *console::find_attention(reading, kind)));
  }
  return page;
}

}  // namespace clearhead::cli
