// The layouts of queries, keys and values, and the way to [B, H, T, D] and back.
#include "apps/console/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "clearhead/base/error.h"
#include "clearhead/ops/attention_steps.h"

namespace clearhead::console {

Layout::Layout(const std::string& letters) : letters_(letters) {
  if (std::find(names().begin(), names().end(), letters) == names().end()) {
    throw Error(
        fmt::format("layout \"{}\" is not known; known are {}", letters, fmt::join(names(), ", ")));
  }
}

const std::vector<std::string>& Layout::names() {
  static const std::vector<std::string> all = {"td", "btc", "thd", "htd", "bthd", "bhtd"};
  return all;
}

Layout Layout::usual(const Shape& shape, const std::string& what) {
  switch (shape.size()) {
    case 2:
      return Layout("td");
    case 3:
      return Layout("btc");
    case 4:
      return Layout("bhtd");
    default:
      throw Error(fmt::format(
          "{} is {}; expected 2 axes [tokens, components], 3 [batch, tokens, components] "
          "or 4 [batch, heads, tokens, components]",
          what, to_string(shape)));
  }
}

Tensor Layout::to_bhtd(const Tensor& tensor, std::int64_t heads, const std::string& what) const {
  Shape shape = tensor.shape();
  if (shape.size() != letters_.size()) {
    throw Error(fmt::format(
        "{} is {}, that is {} axes, but layout {} has {}; all inputs are laid out alike, and "
        "--layout says how",
        what, to_string(shape), shape.size(), letters_, letters_.size()));
  }
  Tensor axes = tensor;
  if (!has_heads()) {  // [.., T, H·D] → [.., T, H, D]
    if (heads < 1 || shape.back() % heads != 0) {
      throw Error(fmt::format("{} is {}: its {} numbers per token do not divide into {} heads",
                              what, to_string(shape), shape.back(), heads));
    }
    shape.back() /= heads;
    shape.insert(shape.end() - 1, heads);
    axes = axes.reshape(shape);
  }
  if (!has_batch()) {
    shape.insert(shape.begin(), 1);
    axes = axes.reshape(shape);
  }
  const std::size_t h = has_heads() ? letters_.find('h') : letters_.find('t') + 1;
  const std::size_t head_axis = h + (has_batch() ? 0 : 1);
  return head_axis == 2 ? axes.transpose(1, 2) : axes;
}

Tensor Layout::from_bhtd(const Tensor& tensor) const {
  const bool heads_after_tokens = !has_heads() || letters_.find('h') > letters_.find('t');
  Tensor axes = (heads_after_tokens ? tensor.transpose(1, 2) : tensor).contiguous();
  Shape shape = axes.shape();
  if (!has_heads()) {  // [B, T, H, D] → [B, T, H·D]
    shape = {shape[0], shape[1], shape[2] * shape[3]};
  }
  if (!has_batch()) shape.erase(shape.begin());
  return axes.reshape(shape);
}

Layout choose_layout(const std::string& layout, const Array& q, std::vector<std::string>& notes) {
  if (!layout.empty()) return Layout(layout);
  const std::int64_t rank = q.tensor.rank();
  if (!activation_name(q.source).empty() && (rank == 3 || rank == 4)) {
    notes.push_back(
        fmt::format("{} is named like an activation of TransformerLens, so its axes are taken for "
                    "{}tokens, heads and numbers; --layout says otherwise",
                    q.source, rank == 4 ? "batch, " : ""));
    return Layout(rank == 3 ? "thd" : "bthd");
  }
  return Layout::usual(q.tensor.shape(), q.title);
}

std::string activation_name(const std::string& name) {
  static const std::vector<std::string> known = {steps::kQ, steps::kK, steps::kV, steps::kRotQ,
                                                 steps::kRotK};
  const std::string last = name.substr(name.rfind('.') + 1);
  return std::find(known.begin(), known.end(), last) == known.end() ? "" : last;
}

void check_heads(std::int64_t heads, std::int64_t kv_heads) {
  if (kv_heads == 0 || heads % kv_heads != 0) {
    throw Error(
        fmt::format("{} query heads cannot share {} key/value heads evenly; the first number must "
                    "be a multiple of the second",
                    heads, kv_heads));
  }
}

}  // namespace clearhead::console
