// Where one number of a reading comes from, with the tokens that it belongs to.
#ifndef CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_
#define CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_

#include <optional>
#include <string>

#include "apps/cli/see/attention_view.h"
#include "apps/cli/see/reading.h"

namespace clearhead::cli {

/// Explains the number that `asked` names, `depth` steps back: "T,S" of the large head, or
/// "NAME:I,J,…", counted from 0; a batch of one may be left out. Throws Error if there is no such
/// number.
std::string print_explanation(const Reading& reading, const std::optional<AttentionView>& view,
                              const std::string& asked, int depth);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_
