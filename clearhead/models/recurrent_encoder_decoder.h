// A translation model of two recurrent networks. The encoder reads the source; the decoder begins
// with the encoder's last state and writes the target. With attention it looks back at all that was
// read.
//
//     memory, final = states of the encoder, and the last of them
//     state_0 = tanh(final·Wᵀ + b)
//     h_t = state of the decoder after target token t
//     z_t = additive attention of h_t to memory
//     logits = tanh([h_t, z_t]·Wᵀ + b)·W_Uᵀ + b_U      without attention: h_t·W_Uᵀ + b_U
//
// z_t does not go into the next state, so z and logits of all target tokens are calculated at once.
//
// Sources: Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks" (2014);
// Bahdanau, Cho and Bengio (2015), section 3 and appendix A.2.2, the score and the first state;
// Luong, Pham and Manning, "Effective approaches to attention-based neural machine translation"
// (2015), section 3.1, where attention stands.
#ifndef CLEARHEAD_MODELS_RECURRENT_ENCODER_DECODER_H_
#define CLEARHEAD_MODELS_RECURRENT_ENCODER_DECODER_H_

#include <optional>
#include <vector>

#include "clearhead/models/recurrent.h"
#include "clearhead/nn/additive_attention.h"
#include "clearhead/nn/linear.h"

namespace clearhead {

/// A translation model of two recurrent stacks (Sutskever et al. 2014), with additive attention
/// between them (Bahdanau et al. 2015) or without.
class RecurrentEncoderDecoder : public TranslationModel {
 public:
  /// Parameters are called embed.W_E, encoder.layers.0.W, …, bridge.0.W_h, …, decoder.layers.0.W,
  /// …, decoder.cross_attn.W_Q, …, unembed.W_U. Throws Error if the config does not fit together.
  explicit RecurrentEncoderDecoder(const RecurrentModelConfig& config, Seed seed = 0,
                                   DType dtype = DType::f32);

  /// Records what the encoder does within `encoder`; states are [B, S, H], or 2·H if it reads in
  /// two directions.
  Memory encode(const Var& tokens, const Tensor& lengths, const Pass& pass) const override;
  /// Records what the decoder does within `decoder`, with attention also cross_attn.hook_pattern
  /// [B, T, S] and the like and cross_attn.hook_attn_out [B, T, H], and logits.
  Var decode(const Memory& memory, const Var& tokens, const Pass& pass,
             DecodingState* state = nullptr) const override;

 private:
  struct
      Bridge {  // from a layer's final states, in each direction, to the first ones of the decoder
    Linear h;
    std::optional<Linear> c;  // of an LSTM
  };
  struct Attention {
    AdditiveAttention scores;
    Linear out;
  };
  std::vector<Bridge> make_bridges(const RecurrentModelConfig& config);
  std::optional<Attention> make_attention(const RecurrentModelConfig& config);
  RecurrentState first_state(const RecurrentState& final, const Pass& pass) const;
  Var attend(const Var& h, const Memory& memory, const Pass& pass) const;

  bool bidirectional_;
  Embedding table_;
  RecurrentStack encoder_;
  std::vector<Bridge> bridges_;  // by layer
  RecurrentStack decoder_;
  std::optional<Attention> attention_;
  Unembed unembed_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_RECURRENT_ENCODER_DECODER_H_
