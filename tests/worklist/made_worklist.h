// A worklist of made claims, to test the page with and to look at it.
#ifndef CLEARHEAD_TESTS_WORKLIST_MADE_WORKLIST_H_
#define CLEARHEAD_TESTS_WORKLIST_MADE_WORKLIST_H_

#include <cstddef>
#include <cstdint>

#include "apps/cli/claims/page.h"

namespace clearhead::cli {

/// `count` claims, "C-1" … in the order of their ranks; every ninth is in the queue of rules too,
/// and every thirtieth there alone. The same seed gives the same list.
Worklist made_worklist(std::size_t count, std::uint64_t seed = 1);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_TESTS_WORKLIST_MADE_WORKLIST_H_
