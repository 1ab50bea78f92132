// A translation model: an encoder reads the source, a decoder writes the target and looks back at
// what was read.
//
//     memory = encoder of the source
//     x = embedding of the target + positions
//     for each block:  x → causal attention → add & norm → attention to memory → add & norm
//                        → feed-forward → add & norm
//     logits = norm(x)·W_Uᵀ
//
// Its config makes it the original transformer or T5. Source and target share one table of tokens.
//
// Sources: Vaswani et al., "Attention is all you need" (2017); Raffel et al., "Exploring the limits
// of transfer learning with a unified text-to-text transformer" (2020), T5.
#ifndef CLEARHEAD_MODELS_ENCODER_DECODER_H_
#define CLEARHEAD_MODELS_ENCODER_DECODER_H_

#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"

namespace clearhead {

/// A translation model of both stacks: the original transformer (Vaswani et al. 2017), T5 and their
/// like.
class EncoderDecoder : public TranslationModel {
 public:
  /// Parameters are called embed.W_E, encoder.blocks.0.attn.W_Q, …,
  /// decoder.blocks.0.cross_attn.W_Q, … Throws Error if the config does not fit together.
  explicit EncoderDecoder(const TransformerConfig& config, Seed seed = 0, DType dtype = DType::f32);

  /// Records what the encoder does within `encoder`.
  Memory encode(const Var& tokens, const Tensor& lengths, const Pass& pass) const override;
  /// Records what the decoder does within `decoder`, and logits.
  Var decode(const Memory& memory, const Var& tokens, const Pass& pass,
             DecodingState* state = nullptr) const override;

 private:
  Embedding table_;
  EncoderStack encoder_;
  DecoderStack decoder_;
  Unembed unembed_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_ENCODER_DECODER_H_
