// What models remember while they generate, with its rows reordered for beam search.
#include "clearhead/models/model.h"

#include "clearhead/ops/embedding.h"

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

}  // namespace clearhead
