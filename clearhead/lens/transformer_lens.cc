// Which axes differ follows from the catalogue of the steps of attention.
#include "clearhead/lens/transformer_lens.h"

#include <map>
#include <memory>
#include <utility>

#include "clearhead/ops/attention_steps.h"

namespace clearhead {
namespace {

bool has_heads_behind_tokens(std::string_view name, std::size_t rank) {
  const AttentionStep* const step = find_attention_step(name);
  return rank == 4 && step != nullptr && step->axes.size() == 4 &&
         step->axes.back() == StepAxis::component;
}

// What was made of an explanation, by it, so that what is shared stays shared.
using Known = std::map<const Explanation*, std::shared_ptr<const Explanation>>;

Explanation with_places(Explanation e, Known& known) {
  e.index = transformer_lens_axes(e.name, std::move(e.index));
  for (std::shared_ptr<const Explanation>& operand : e.operands) {
    auto found = known.find(operand.get());
    if (found == known.end()) {
      auto made = std::make_shared<const Explanation>(with_places(*operand, known));
      found = known.emplace(operand.get(), std::move(made)).first;
    }
    operand = found->second;
  }
  return e;
}

}  // namespace

Tensor transformer_lens_axes(std::string_view name, const Tensor& value) {
  return has_heads_behind_tokens(name, value.shape().size()) ? value.transpose(1, 2) : value;
}

Shape transformer_lens_axes(std::string_view name, Shape shape) {
  if (has_heads_behind_tokens(name, shape.size())) std::swap(shape[1], shape[2]);
  return shape;
}

Explanation transformer_lens_axes(const Explanation& explanation) {
  Known known;
  return with_places(explanation, known);
}

}  // namespace clearhead
