// The parts of the page of a worklist.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_PAGE_INTERNAL_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_PAGE_INTERNAL_H_

#include <string>
#include <string_view>

#include "apps/cli/claims/page.h"

namespace clearhead::cli {

/// The worklist as compact JSON, which the scripts read. Throws as `render_worklist` does.
std::string worklist_json(const Worklist& worklist);

// The files of page/, scripts one after the other.
std::string_view worklist_body();
std::string_view worklist_style();
std::string_view worklist_script();

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_PAGE_INTERNAL_H_
