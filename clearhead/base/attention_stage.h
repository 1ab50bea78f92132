// The stages of attention's scores, from the options of attention down to its kernels.
#ifndef CLEARHEAD_BASE_ATTENTION_STAGE_H_
#define CLEARHEAD_BASE_ATTENTION_STAGE_H_

namespace clearhead {

/// The steps from q·kᵀ to the pattern (ops/attention.h).
enum class AttentionStage {
  raw_scores,     ///< q·kᵀ
  scaled_scores,  ///< scale · q·kᵀ
  capped_scores,  ///< after the softcap
  attn_scores,    ///< after the mask: −∞ where a query does not see a key
  pattern,        ///< after the softmax: 0 where a query does not see a key
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ATTENTION_STAGE_H_
