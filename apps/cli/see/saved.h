// All values of a reading, as a list and as a file.
#ifndef CLEARHEAD_APPS_CLI_SEE_SAVED_H_
#define CLEARHEAD_APPS_CLI_SEE_SAVED_H_

#include <string>

#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// Names, shapes and formulas, in the order of the calculation, at most `width` wide.
std::string print_list(const Tape& tape, int width);

/// Writes the tokens, each hook_… and the predictions into `path`, with the names and shapes of
/// TransformerLens: queries, keys, values and results are [B, T, H, D].
void save_activations(const Tape& tape, const std::string& path);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_SAVED_H_
