// The header of the C interface is one of C++, too.
#include <clearhead.h>

#include <cstddef>

// A struct that ends in padding could grow into it, and keep its size.
#define ENDS_WITH(type, member) \
  static_assert(offsetof(type, member) + sizeof(type::member) == sizeof(type))

ENDS_WITH(clearhead_attention_options, reserved);
ENDS_WITH(clearhead_attention_results, qk_matmul_output);
ENDS_WITH(clearhead_attention_gradients, past_value);
ENDS_WITH(clearhead_model_options, reserved);
ENDS_WITH(clearhead_generate_options, user);
ENDS_WITH(clearhead_translate_options, reserved);
ENDS_WITH(clearhead_claims_options, mapping);
ENDS_WITH(clearhead_claim_score, at_stake);

int main() {
  constexpr clearhead_attention_options kAttention = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  constexpr clearhead_model_options kModel = CLEARHEAD_MODEL_OPTIONS_INIT;
  constexpr clearhead_generate_options kGenerate = CLEARHEAD_GENERATE_OPTIONS_INIT;
  constexpr clearhead_translate_options kTranslate = CLEARHEAD_TRANSLATE_OPTIONS_INIT;
  constexpr clearhead_claims_options kClaims = CLEARHEAD_CLAIMS_OPTIONS_INIT;
  const bool holds = kAttention.left_window_size == -1 && kModel.keep_bf16 == 0 &&
                     kGenerate.top_p == 1 && kTranslate.beam == 5 && kClaims.mapping == nullptr;
  return holds && clearhead_abi() == CLEARHEAD_ABI ? 0 : 1;
}
