// What transformers have before and after their blocks.
#include "clearhead/models/transformer_parts.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/scale.h"

namespace clearhead {
namespace {

Positions positions(Parameters& parameters, const TransformerConfig& config, bool bidirectional) {
  const auto scope = parameters.scope("pos_embed");
  return Positions(parameters, positions_config(config, bidirectional), config.channels,
                   config.heads);
}

}  // namespace

Input::Input(Parameters& parameters, const TransformerConfig& config, bool bidirectional)
    : context_(config.context),
      embedding_scale_(config.scale_embedding ? std::sqrt(static_cast<double>(config.channels))
                                              : 1),
      positions_(positions(parameters, config, bidirectional)),
      dropout_(parameters, "hook_embed") {
  if (config.embedding_norm) {
    norm_.emplace(parameters, "ln_embed", config.channels, norm_config(config));
  }
}

Var Input::forward(const Embedding& table, const Var& tokens, const Pass& pass,
                   std::int64_t first) const {
  if (first + tokens.size(1) > context_) {
    throw Error("model: it reads " + std::to_string(context_) + " tokens at most, and these are " +
                std::to_string(first + tokens.size(1)) + "; shorten the text");
  }
  Var x = table.forward(tokens);  // [B, T, C]
  if (embedding_scale_ != 1) x = scale(x, embedding_scale_);
  x = positions_.add_to(x.named("hook_embed"), first);
  if (norm_) x = norm_->forward(x, pass);
  return dropout_.forward(x, pass);
}

Var Input::score_bias(const Var& x, std::int64_t first) const {
  const std::int64_t T = x.size(1);
  return positions_.bias(x.tape(), first, T, first + T, x.dtype());
}

std::optional<Norm> final_norm(Parameters& parameters, const TransformerConfig& config) {
  if (!config.pre_norm) return std::nullopt;
  return Norm(parameters, "ln_final", config.channels, norm_config(config));
}

Unembed unembed(Parameters& parameters, const TransformerConfig& config, const Embedding& table,
                bool bias) {
  return Unembed(parameters, config.vocabulary, config.channels,
                 config.tied_embedding ? table.table() : nullptr, bias);
}

std::vector<Block> stack(Parameters& parameters, const TransformerConfig& config,
                         bool cross_attention) {
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const auto scope = parameters.scope("blocks." + std::to_string(i));
    blocks.emplace_back(parameters, block_config(config), cross_attention);
  }
  return blocks;
}

}  // namespace clearhead
