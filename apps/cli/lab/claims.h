// clearhead lab claims: where a network looks in a member's history, for a claim as it is and for
// the same claim with another code.
#ifndef CLEARHEAD_APPS_CLI_LAB_CLAIMS_H_
#define CLEARHEAD_APPS_CLI_LAB_CLAIMS_H_

#include "apps/cli/lab/options.h"

namespace clearhead::cli {

void run_lab_claims(const LabOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_CLAIMS_H_
