// What models remember while they generate, with its rows reordered for beam search, and what they
// say of the token to come.
#include "clearhead/models/model.h"

#include "clearhead/ops/embedding.h"
#include "clearhead/ops/reshape.h"

namespace clearhead {
namespace {

// Rows of a state [B, H].
void reorder_rows(std::vector<Var>& states, std::span<const std::int64_t> rows) {
  const Tensor numbers = Tensor::of({static_cast<std::int64_t>(rows.size())}, rows);
  for (Var& state : states) state = embedding(state.tape().input("rows", numbers), state);
}

}  // namespace

void DecodingState::reorder(std::span<const std::int64_t> rows) {
  for (BlockCache& block : blocks) {
    block.self.reorder(rows);
    block.cross.reorder(rows);
  }
  reorder_rows(recurrent.h, rows);
  reorder_rows(recurrent.c, rows);
}

Var LanguageModel::forward_last(const Var& tokens, const Pass& pass, DecodingState& state) const {
  return slice(forward(tokens, pass, &state), 1, tokens.size(1) - 1, tokens.size(1));
}

}  // namespace clearhead
