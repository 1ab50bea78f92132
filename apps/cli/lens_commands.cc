// The table of these commands.
#include "apps/cli/lens_commands.h"

#include "apps/cli/lens/attention.h"
#include "apps/cli/lens/decompose.h"
#include "apps/cli/lens/heads.h"
#include "apps/cli/lens/logits.h"
#include "apps/cli/lens/sweeps.h"

namespace clearhead::cli {

std::vector<Command> lens_commands() {
  return {
      {"pattern", "attention weights of chosen heads and layers, or their mean",
       "MODEL \"TEXT\" [OPTIONS]",
       R"(  The mean of layers 4 and 5, without the keys that all look at:
    clearhead lens pattern shakespeare "First Citizen:" --layers 4,5 --mean \
      --hide-sinks
)",
       set_up_lens_pattern},
      {"norms", "attention weighed by the length of what it carries", "MODEL \"TEXT\" [OPTIONS]",
       R"(  Which keys matter, all heads together?
    clearhead lens norms shakespeare "First Citizen:" --mean
)",
       set_up_lens_norms},
      {"gradients", "which attention weights a prediction depends on, to first order",
       "MODEL \"TEXT\" [OPTIONS]",
       R"(  For the next token, and for one token rather than another:
    clearhead lens gradients shakespeare "First Citizen:" --mean
    clearhead lens gradients shakespeare "To be, or" --token "," --against " "
)",
       set_up_lens_gradients},
      {"rollout", "how much of each token is in each, through all layers",
       "MODEL \"TEXT\" [OPTIONS]",
       R"(  Of a decoder; of the source of a translation:
    clearhead lens rollout shakespeare "First Citizen:"
    clearhead lens rollout en-fr "two dogs play" --attention encoder
)",
       set_up_lens_rollout},
      {"zeroing", "how much each token's result in a layer needs each other token",
       "MODEL \"TEXT\" [OPTIONS]",
       R"(  All layers; one of them, as a figure:
    clearhead lens zeroing shakespeare "First Citizen:"
    clearhead lens zeroing shakespeare "First Citizen:" --layers 2 --out zeroing.png
)",
       set_up_lens_zeroing},
      {"logits", "what would be predicted after each layer", "MODEL \"TEXT\" [OPTIONS]",
       R"(  When does the network know? And after the fifth token?
    clearhead lens logits shakespeare "First Citizen:"
    clearhead lens logits shakespeare "First Citizen:" --at 4
)",
       set_up_lens_logits},
      {"decompose", "what each head and layer adds to a logit", "MODEL \"TEXT\" [OPTIONS]",
       R"(  Why this token? Why this one and not that?
    clearhead lens decompose shakespeare "First Citizen:"
    clearhead lens decompose shakespeare "To be, or" --token "," --against " "
)",
       set_up_lens_decompose},
      {"ablate", "what changes if a head, a token or a value is set to 0",
       "MODEL \"TEXT\" [OPTIONS]",
       R"(  Each head by itself; each token in the residual of each layer:
    clearhead lens ablate shakespeare "First Citizen:"
    clearhead lens ablate shakespeare "First Citizen:" \
      --of "blocks.*.hook_resid_pre" --each token
)",
       set_up_lens_ablate},
      {"patch", "what changes if a head, a token or a value is as in another text",
       "MODEL \"TEXT\" --from TEXT [OPTIONS]",
       R"(  Where is it decided what a King says, and what a Duke?
    clearhead lens patch shakespeare "KING EDWARD" --from "DUKE EDWARD" \
      --of "blocks.*.hook_resid_pre" --each token
)",
       set_up_lens_patch},
      {"attribute", "the same as patch to first order, in two runs",
       "MODEL \"TEXT\" --from TEXT [OPTIONS]",
       R"(  All heads at once:
    clearhead lens attribute shakespeare "KING EDWARD" --from "DUKE EDWARD"
)",
       set_up_lens_attribute},
      {"heads", "which heads look at the token before, at the same token, or behind it",
       "MODEL [\"TEXT\"] [OPTIONS]",
       R"(  On random tokens said twice, and on a text:
    clearhead lens heads shakespeare
    clearhead lens heads shakespeare "to be or not to be"
)",
       set_up_lens_heads},
  };
}

}  // namespace clearhead::cli
