// The logit lens: what the network would predict if its last blocks did nothing.
//
//     logits_l = unembed(norm(x_l))      x_l: the residual stream after block l
//
// The network itself goes from x_l to the logits: it is run once more with the result of its last
// block replaced by x_l. So the lens holds for every head that a network has, whatever it is made
// of. Early layers need not speak the language of the last one: what the lens shows of them may
// mean little (Belrose et al., "Eliciting latent predictions from transformers with the tuned
// lens", 2023).
//
// Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
#ifndef CLEARHEAD_LENS_LOGIT_LENS_H_
#define CLEARHEAD_LENS_LOGIT_LENS_H_

#include <string>
#include <vector>

#include "clearhead/lens/reading.h"

namespace clearhead {

/// The names of the residual stream of the stack that predicts: what its first block gets, and what
/// each block gives ("blocks.0.hook_resid_pre", "blocks.0.hook_resid_post", …; after their norms,
/// where norms come last). None if the network has no blocks.
std::vector<std::string> residual_names(const Tape& tape);

/// [1, T, V]: the logits if the last block gave what `name`, one of `residual_names`, is. Runs the
/// network once. Of more than 256 MiB they are a computed view, whose rows are calculated when they
/// are asked for. Throws Error if the network has no blocks.
Var logits_of_residual(const Reading& reading, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_LOGIT_LENS_H_
