// The last block's result, replaced by earlier ones.
#include "clearhead/lens/logit_lens.h"

#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/lens/interventions.h"

namespace clearhead {
namespace {

constexpr std::string_view kBefore = ".hook_resid_pre";
constexpr std::string_view kAfter = ".hook_resid_post";
constexpr std::string_view kNormalized = ".hook_normalized_resid_post";

}  // namespace

std::vector<std::string> residual_names(const Tape& tape) {
  std::vector<std::string> names;
  for (const std::string& name : tape.names()) {
    // Block 0 of the last stack begins anew: an encoder does not predict.
    if (name.ends_with("blocks.0" + std::string(kBefore))) names = {name};
    if (!name.ends_with(kAfter)) continue;
    const std::string normalized =
        name.substr(0, name.size() - kAfter.size()) + std::string(kNormalized);
    names.push_back(tape.contains(normalized) ? normalized : name);
  }
  return names;
}

Var logits_of_residual(const Reading& reading, const std::string& name) {
  const std::vector<std::string> names = residual_names(reading.tape);
  if (names.empty()) {
    throw Error("logit lens: " + reading.name +
                " has no blocks whose results add up; the lens is for transformers");
  }
  Tape tape = reading.changed_tape(Keep::everything);
  tape.intervene(names.back(), patch(reading.tape[name].value()));
  return reading.run(tape);
}

}  // namespace clearhead
