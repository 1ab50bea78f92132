// A translation model of transformer blocks.
#include "clearhead/models/encoder_decoder.h"

namespace clearhead {
namespace {

EncoderStack encoder(Parameters& parameters, const TransformerConfig& config) {
  const auto scope = parameters.scope("encoder");
  return EncoderStack(parameters, config);
}

DecoderStack decoder(Parameters& parameters, TransformerConfig config) {
  const auto scope = parameters.scope("decoder");
  if (config.decoder_layers > 0) config.layers = config.decoder_layers;
  return DecoderStack(parameters, config, /*cross_attention=*/true);
}

}  // namespace

EncoderDecoder::EncoderDecoder(const TransformerConfig& config, Seed seed, DType dtype)
    : TranslationModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      encoder_(encoder(parameters_, config)),
      decoder_(decoder(parameters_, config)),
      unembed_(unembed(parameters_, config, table_)) {}

Memory EncoderDecoder::encode(const Var& tokens, const Tensor& lengths, const Pass& pass) const {
  const auto scope = tokens.tape().scope("encoder");
  return {.states = encoder_.forward(table_, tokens, lengths, pass),  // [B, S, C]
          .lengths = lengths,
          .final = {}};
}

Var EncoderDecoder::decode(const Memory& memory, const Var& tokens, const Pass& pass,
                           DecodingState* state) const {
  Var x;  // [B, T, C]
  {
    const auto scope = tokens.tape().scope("decoder");
    x = decoder_.forward(table_, tokens, pass, state, memory);
  }
  return unembed_.forward(x, pass);  // [B, T, V]
}

}  // namespace clearhead
