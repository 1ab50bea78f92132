// The reading that `clearhead see` shows.
#ifndef CLEARHEAD_APPS_CLI_SEE_READING_H_
#define CLEARHEAD_APPS_CLI_SEE_READING_H_

#include <cstdint>
#include <string>

#include "apps/console/model_options.h"
#include "clearhead/lens/reading.h"

namespace clearhead::cli {

/// Opens the model and has it read the text, or its last tokens (0: all), recorded on `tape`.
/// Throws Error if there is no such model, or if they do not fit it.
Reading read(const console::ModelOptions& options, const std::string& text, std::int64_t last,
             Tape tape = Tape(Keep::everything));

/// "shakespeare, a decoder: 6 layers × 6 heads, …"
std::string describe(const Reading& reading);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_READING_H_
