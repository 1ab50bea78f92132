// For tests of ranks: the one Ranks of the process, which main has made.
#ifndef CLEARHEAD_TESTS_DISTRIBUTED_RANKS_H_
#define CLEARHEAD_TESTS_DISTRIBUTED_RANKS_H_

#include "clearhead/distributed/ranks.h"

namespace clearhead::distributed {

/// All ranks run all tests, in the same order.
Ranks& ranks();

}  // namespace clearhead::distributed

#endif  // CLEARHEAD_TESTS_DISTRIBUTED_RANKS_H_
