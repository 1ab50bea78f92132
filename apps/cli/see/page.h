// The page of `see`: every layer and head of a reading, in a browser.
#ifndef CLEARHEAD_APPS_CLI_SEE_PAGE_H_
#define CLEARHEAD_APPS_CLI_SEE_PAGE_H_

#include "apps/cli/see/attention_view.h"
#include "clearhead/lens/reading.h"
#include "clearhead/plot/attention_page.h"

namespace clearhead::cli {

/// The page of all attention of a reading, which it must outlive; the head of `view` is open.
plot::AttentionPage page_of(const Reading& reading, const AttentionView& view);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_SEE_PAGE_H_
