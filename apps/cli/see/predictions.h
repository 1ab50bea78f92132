// What the model predicts for the text: the tokens that it finds likely.
#ifndef CLEARHEAD_APPS_CLI_SEE_PREDICTIONS_H_
#define CLEARHEAD_APPS_CLI_SEE_PREDICTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "clearhead/lens/reading.h"

namespace clearhead::cli {

/// The `top` likeliest tokens with their probabilities: for the next token, or for each <mask>; or
/// the translation, token by token, each with the `top` − 1 likeliest others. `before`, if given,
/// is the same reading without interventions, whose probabilities stand beside.
std::string print_predictions(const Reading& reading, const std::optional<Reading>& before,
                              std::int64_t top, int width);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_PREDICTIONS_H_
