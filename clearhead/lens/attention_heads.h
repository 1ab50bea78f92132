// What the heads of a network look at, and how they differ, read from a tape that kept everything.
#ifndef CLEARHEAD_LENS_ATTENTION_HEADS_H_
#define CLEARHEAD_LENS_ATTENTION_HEADS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/lens/weight_matrix.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// The attention of one kind in all layers of a network.
struct AttentionStack {
  std::string name;                 ///< "blocks.attn" or "decoder.blocks.cross_attn"
  std::vector<std::string> scopes;  ///< of its layers: "blocks.0.attn.", "blocks.1.attn.", …
};

/// The stacks on the tape, in the order in which they were recorded. Scopes that differ only in
/// numbers are layers of one stack. Each layer has a hook_pattern [B, H, T, S]; additive attention,
/// which has one head, has [B, T, S].
std::vector<AttentionStack> attention_stacks(const Tape& tape);

/// H of the layer with this scope.
std::int64_t attention_head_count(const Tape& tape, const std::string& scope);

/// Which attention of a network it is: that of its encoder; that of its decoder, or of a model with
/// only one stack; or that of the decoder to what the encoder has read.
enum class AttentionKind { encoder, decoder, cross };
/// By the name of the stack.
AttentionKind kind_of(const AttentionStack& stack);

/// Whether the attention of this scope was calculated by hand, so that its steps are stored; those
/// of fused attention are computed views.
bool is_by_hand(const Tape& tape, const std::string& scope);

/// One head on a tape.
struct HeadPlace {
  std::string scope = {};  ///< "blocks.0.attn."; "" for attention by itself
  std::int64_t batch = 0;  ///< its place in the batch
  std::int64_t head = 0;   ///< counted from 0
};

/// The weights of queries [t, t_end), f64 [t_end − t, S], −∞ where a query does not see a key: the
/// score is −∞, and no intervention has put a weight there all the same.
Tensor visible_weights(const Tape& tape, const HeadPlace& place, std::int64_t t,
                       std::int64_t t_end);
/// The same of all queries. Those of fused attention are calculated when they are asked for.
WeightMatrix visible_weights(const Tape& tape, const HeadPlace& place);

/// Measures of a head: means over its queries t, whose weights are P_t.
struct HeadMeasures {
  double entropy = 0;  ///< −Σ P·ln P, in nats: 0 where one key has all, ln n where n have as much
  double first = 0;    ///< the weight of the first key
  double self = 0;     ///< the weight of key t, and
  double previous = 0;  ///< of key t − 1: both 0 unless queries and keys are the same tokens
  /// How much more weight a query gives to one key than if only the key's place mattered: max over
  /// s of P_ts − max(mean of P_.s, mean of P at the distance s − t). The means are over the queries
  /// that see such a key; distances count only if queries and keys are the same tokens. Near 0 for
  /// a head that looks everywhere, always at the same key, or always as far back; large if the text
  /// decides.
  double selectivity = 0;
};

/// The measures of weights from `visible_weights`; `same_tokens`: query t and key t are the same
/// token, or, if there are fewer queries, as with a cache, the queries are the last keys.
HeadMeasures measure_head(const WeightMatrix& weights, bool same_tokens);

/// A head of a stack and its measures.
struct MeasuredHead {
  std::int64_t layer = 0;      ///< of the stack, counted from 0
  HeadPlace place = {};        ///< on the tape
  HeadMeasures measures = {};  ///< over all queries
};

/// The heads of a stack, layer by layer: all, or those in `layer` or with the number `head`.
std::vector<MeasuredHead> measure_heads(const Tape& tape, const AttentionStack& stack,
                                        bool same_tokens, std::optional<std::int64_t> layer = {},
                                        std::optional<std::int64_t> head = {});

/// The most selective of them. There must be one.
MeasuredHead most_selective_head(const Tape& tape, const AttentionStack& stack, bool same_tokens,
                                 std::optional<std::int64_t> layer = {},
                                 std::optional<std::int64_t> head = {});

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_ATTENTION_HEADS_H_
