// Attention weights say how much of a value is taken; these say what that is worth.
//
//     norms          ‖P_ts · v_s·W_O,hᵀ‖          the length of what key s adds to query t
//                    (Kobayashi et al., "Attention is not only a weight" 2020, equation 6)
//     gradients      P_ts · ∂L/∂P_ts              the first-order change of L that the weight makes
//                    (Barkan et al., "Grad-SAM" 2021; Chefer et al. 2021, without their maximum)
//     rollout        A_L·…·A_1, A_l = (mean_h P_l + 1) / 2      how tokens mix through layers
//                    (Abnar and Zuidema, "Quantifying attention flow in transformers" 2020)
//     value zeroing  1 − cos(x_t, x_t without v_s), over s summed to 1      how much the result of
//                    a block needs a token (Mohebbi et al., "Quantifying context mixing" 2023)
//
// All are matrices [T, S] of queries and keys, f64, −∞ where a query does not see a key, as those
// of `visible_weights`. Rows are calculated when they are asked for; only value zeroing, which
// needs a run for each key, holds its matrices.
#ifndef CLEARHEAD_LENS_WEIGHED_ATTENTION_H_
#define CLEARHEAD_LENS_WEIGHED_ATTENTION_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "clearhead/lens/attention_heads.h"
#include "clearhead/lens/reading.h"

namespace clearhead {

/// ‖P_ts · v_s·W_O,hᵀ‖ of a head. Throws Error if it has no values or no W_O, as additive
/// attention.
WeightMatrix norm_weights(const Tape& tape, const HeadPlace& place);

/// P_ts · ∂L/∂P_ts of a head, after `backward` from L. Where attention was calculated fused, it is
/// P_ts · (∂L/∂z_t · v_s). Throws Error before `backward`.
WeightMatrix gradient_weights(const Tape& tape, const HeadPlace& place);

/// Rollout through all layers of a stack, for one of the batch; row t sums to 1. Each request for
/// rows goes through all layers. Throws Error unless queries and keys are the same tokens, as in
/// one run over a whole text.
WeightMatrix rollout(const Tape& tape, const AttentionStack& stack, std::int64_t batch = 0);

/// Rows of the rollout together: row i is the mean of those of queries [i·step, (i + 1)·step), over
/// the queries that see the key. All of it, [T/step, T] rounded up, is held: one walk through the
/// layers. Throws Error as `rollout`.
WeightMatrix mean_rollout(const Tape& tape, const AttentionStack& stack, std::int64_t step,
                          std::int64_t batch = 0);

/// Sums of rows of the rollout: `parts`, f64 [n, T], times its matrix, in which what a query does
/// not see is 0. Any number of rows costs one walk through the layers. Throws Error as `rollout`,
/// and if `parts` is no such matrix.
Tensor sums_of_rollout(const Tape& tape, const AttentionStack& stack, const Tensor& parts,
                       std::int64_t batch = 0);

/// Value zeroing in each layer of a stack: one matrix a layer, whose rows sum to 1 (0 where no
/// token matters). Runs the network once for each key. Throws Error if the network has no blocks,
/// and if the matrices would take more than 1 GiB.
std::vector<Tensor> value_zeroing(const Reading& reading, const AttentionStack& stack);

/// The mean of such matrices of one shape, −∞ where all are. Throws Error if there is none.
WeightMatrix mean_weights(std::vector<WeightMatrix> weights);

/// The sum of the weights of these queries for these keys; what is not seen adds nothing. Throws
/// Error if one does not exist.
double sum_of_weights(const WeightMatrix& weights, std::span<const std::int64_t> queries,
                      std::span<const std::int64_t> keys);

/// Keys that most queries look at whatever they are, such as the first: those which on average get
/// at least `share` of the weight of the queries that see them and of which there are `least`.
std::vector<std::int64_t> sinks(const WeightMatrix& weights, double share = 1.0 / 3,
                                std::int64_t least = 4);

/// The same matrix with −∞ at these keys, so that what is left has the colours to itself.
WeightMatrix without_keys(const WeightMatrix& weights, std::span<const std::int64_t> keys);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_WEIGHED_ATTENTION_H_
