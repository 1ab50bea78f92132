// Where one number of a reading comes from, with the tokens that it belongs to.
#ifndef CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_
#define CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_

#include <optional>
#include <string>

#include "apps/cli/see/attention_view.h"
#include "apps/cli/see/reading.h"
#include "apps/console/named_numbers.h"

namespace clearhead::cli {

/// Explains one number, `depth` steps back; without a name it is that of a query and a key in the
/// pattern of the large head. Throws UsageError if there is no such number.
std::string print_explanation(const Reading& reading, const std::optional<AttentionView>& view,
                              const console::Numbers& asked, int depth);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_EXPLANATION_H_
