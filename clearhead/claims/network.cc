// Embedding, blocks, and the answers to what was hidden.
#include "clearhead/claims/network.h"

#include <string>

#include "clearhead/base/error.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/reshape.h"

namespace clearhead::claims {
namespace {

constexpr double kInitialStd = 0.02;  // as BERT

// What the fields of events and positions are called on the tape. A position is the header, a
// diagnosis or a line, and of those the first three fields are others.
constexpr const char* kEventFields[] = {"code", "diagnosis", "gap", "ago", "times", "provider"};
constexpr const char* kPositionFields[] = {"type_diagnosis_or_code",
                                           "specialty_rank_or_units",
                                           "place_or_amount",
                                           "sex",
                                           "age",
                                           "month",
                                           "gap"};

BlockConfig block_config(const ClaimNetworkConfig& config) {
  BlockConfig block;
  block.attention = {.embed_dim = config.channels, .num_heads = config.heads, .bias = true};
  if (config.uniform) block.attention.scale = 0;  // all scores are 0
  block.feed_forward.hidden_dim = config.hidden;
  return block;
}

std::vector<Block> stack(Parameters& parameters, const ClaimNetworkConfig& config,
                         std::int64_t layers, bool cross_attention) {
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < layers; ++i) {
    const auto scope = parameters.scope("blocks." + std::to_string(i));
    blocks.emplace_back(parameters, block_config(config), cross_attention);
  }
  return blocks;
}

std::vector<Block> history_stack(Parameters& parameters, const ClaimNetworkConfig& config) {
  const auto scope = parameters.scope("history");
  return stack(parameters, config, config.history > 0 ? config.history_layers : 0, false);
}

}  // namespace

void ClaimNetworkConfig::validate() const {
  if (channels % heads != 0) {
    throw Error("claims model: channels " + std::to_string(channels) + " do not divide into " +
                std::to_string(heads) + " heads; choose a multiple of heads");
  }
}

void describe(Fields& fields, ClaimNetworkConfig& config) {
  fields.integer("channels", config.channels, {1, 4096},
                 "numbers that stand for a position, a multiple of heads");
  fields.integer("heads", config.heads, {1, 256}, "attentions side by side");
  fields.integer("hidden", config.hidden, {1, 1 << 16}, "numbers within the feed-forward part");
  fields.integer("layers", config.layers, {1, 100}, "blocks that read the claim");
  fields.integer("history_layers", config.history_layers, {0, 100}, "blocks that read the history");
  fields.integer("history", config.history, {0, 4096},
                 "the most events of earlier claims; 0: none are read");
  fields.flag("uniform", config.uniform,
              "attention gives all that it sees the same weight, to compare");
}

ClaimNetwork::ClaimNetwork(const ClaimNetworkConfig& config, std::int64_t vocabulary, Seed seed,
                           DType dtype)
    : config_((config.validate(), config)),
      parameters_(InitialWeights{seed, kInitialStd}, dtype),
      table_(parameters_, vocabulary, config.channels, "embed.W_E"),
      history_blocks_(history_stack(parameters_, config)),
      blocks_(stack(parameters_, config, config.layers, config.history > 0)),
      norm_(parameters_, "ln_final", config.channels),
      head_(parameters_, config.channels, config.channels, "head.W", "head.b"),
      head_norm_(parameters_, "head.ln", config.channels),
      unembed_(parameters_, vocabulary, config.channels, table_.table(), {.bias = true}),
      dropout_events_(parameters_, "hook_events"),
      dropout_positions_(parameters_, "hook_positions") {}

// The sum over fields of the table's rows: [B, n, C]
Var ClaimNetwork::embed(Tape& tape, const std::vector<Tensor>& fields,
                        std::span<const char* const> names) const {
  Var sum;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Var row = table_.forward(tape.input(names[i], fields[i]));
    sum = sum.defined() ? add(sum, row) : row;
  }
  return sum.named("hook_embed");
}

Var ClaimNetwork::forward(Tape& tape, const ClaimBatch& batch, const Pass& pass) const {
  BlockContext context{.own = {.attn_mask = tape.input("same_version", batch.same_version)}};
  if (config_.history > 0) {
    const auto scope = tape.scope("history");
    Var memory = dropout_events_.forward(embed(tape, batch.events, kEventFields), pass);
    const BlockContext seen{.own = {.nonpad_kv_seqlen = batch.event_counts}};
    for (std::size_t i = 0; i < history_blocks_.size(); ++i) {
      const auto block = tape.scope("blocks." + std::to_string(i));
      memory = history_blocks_[i].forward(memory, pass, seen);  // [B, S, C]
    }
    context.memory = memory;
    context.of_memory.nonpad_kv_seqlen = batch.event_counts;
  }
  Var x = dropout_positions_.forward(embed(tape, batch.positions, kPositionFields), pass);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto scope = tape.scope("blocks." + std::to_string(i));
    x = blocks_[i].forward(x, pass, context);  // [B, T, C]
  }
  const Var rows = reshape(x, {-1, config_.channels});  // [B·T, C]
  const Var y = embedding(tape.input("asked", batch.asked), norm_.forward(rows, pass));  // [N, C]
  const Var kinds = table_.forward(tape.input("kinds", batch.kinds));                    // [N, C]
  const Var answer = gelu(add(head_.forward(y, pass), kinds));
  return unembed_.forward(head_norm_.forward(answer, pass), pass);  // [N, V]
}

}  // namespace clearhead::claims
