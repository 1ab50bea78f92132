// What transformers have before and after their blocks.
#include "clearhead/models/transformer_parts.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
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
  if (config.token_types > 0) {
    const auto scope = parameters.scope("token_type_embed");
    token_types_.emplace(parameters, config.token_types, config.channels, "W_token_type");
  }
  if (config.embedding_norm) {
    norm_.emplace(parameters, "ln_embed", config.channels, norm_config(config));
  }
}

Var Input::forward(const Embedding& table, const Var& tokens, const Pass& pass, std::int64_t first,
                   const Tensor& token_types) const {
  if (first + tokens.size(1) > context_) {
    throw Error("model: it reads " + std::to_string(context_) + " tokens at most, and these are " +
                std::to_string(first + tokens.size(1)) + "; shorten the text");
  }
  Var x = table.forward(tokens);  // [B, T, C]
  if (embedding_scale_ != 1) x = scale(x, embedding_scale_);
  x = positions_.add_to(x.named("hook_embed"), first);
  if (token_types_) {
    const Tensor types = token_types.defined() ? token_types : Tensor(tokens.shape(), DType::i64);
    const Var vectors = token_types_->forward(tokens.tape().input("token_types", types, false));
    x = add(x, vectors.named("hook_token_type_embed"));
  } else if (token_types.defined()) {
    throw Error("model: it knows no types of tokens; leave token_types out");
  }
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
  const double C = static_cast<double>(config.channels);
  return Unembed(parameters, config.vocabulary, config.channels,
                 config.tied_embedding ? table.table() : nullptr,
                 {.bias = bias || config.logit_bias,
                  .scale = config.scale_logits ? 1 / std::sqrt(C) : 1,
                  .cap = config.logit_softcap});
}

std::vector<Block> stack(Parameters& parameters, const TransformerConfig& config,
                         bool cross_attention) {
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const auto scope = parameters.scope("blocks." + std::to_string(i));
    blocks.emplace_back(parameters, block_config(config, i), cross_attention);
  }
  return blocks;
}

}  // namespace clearhead
