// Learned, sinusoidal, ALiBi and T5's positions.
#include "clearhead/nn/positions.h"

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/alibi.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/reshape.h"

namespace clearhead {

Positions::Positions(Parameters& parameters, const PositionsConfig& config, std::int64_t C,
                     std::int64_t heads)
    : config_(config), heads_(heads) {
  if (config_.kind == PositionKind::learned) {
    if (config_.max_length < 1) throw Error("positions: learned ones need a max_length");
    table_ = parameters.matrix("W_pos", config_.offset + config_.max_length, C);
  } else if (config_.kind == PositionKind::relative) {
    table_ = parameters.matrix("rel_attn_bias", config_.buckets, heads);
  }
}

Var Positions::add_to(const Var& x, std::int64_t first) const {
  const std::int64_t T = x.size(1);
  Var positions;  // [T, C]
  if (config_.kind == PositionKind::sinusoidal) {
    positions = sinusoid(x.tape(), first, T, x.size(2), x.dtype(), config_.order);
  } else if (config_.kind == PositionKind::learned) {
    if (first + T > config_.max_length) {
      throw Error("positions: there are " + std::to_string(config_.max_length) +
                  ", and the text has " + std::to_string(first + T) +
                  " tokens; shorten it, or train with a larger max_length");
    }
    const std::int64_t row = config_.offset + first;
    positions = cast(slice(stored_on(x.tape(), table_), 0, row, row + T), x.dtype());
  } else {
    return x;
  }
  return add(x, positions.named("hook_pos_embed"));
}

Var Positions::bias(Tape tape, std::int64_t first, std::int64_t T, std::int64_t S,
                    DType dtype) const {
  if (config_.kind == PositionKind::alibi) {
    return alibi(tape, heads_, first, T, S, dtype).named("hook_pos_bias");
  }
  if (config_.kind == PositionKind::relative) {
    return relative_bias(on(tape, table_), first, T, S, config_.relative).named("hook_pos_bias");
  }
  return {};
}

}  // namespace clearhead
