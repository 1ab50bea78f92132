// Puts the page together.
#include "apps/cli/claims/page.h"

#include "apps/cli/claims/page_internal.h"
#include "clearhead/plot/html_page.h"

namespace clearhead::cli {

std::string render_worklist(const Worklist& worklist) {
  return plot::html_page("Claims to look at", std::string(worklist_body()), worklist_json(worklist),
                         std::string(worklist_script()), std::string(worklist_style()));
}

}  // namespace clearhead::cli
