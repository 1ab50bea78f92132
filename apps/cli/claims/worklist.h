// What the page of claims shows, put together: scores, evidence, findings of rules, and what people
// decided before.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "apps/cli/claims/page.h"
#include "apps/console/claims_inputs.h"
#include "clearhead/claims/score_table.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

/// What a page shows besides scores.
struct WorklistOptions {
  std::vector<std::string> tables;  ///< of codes, units, pairs, persons
  std::string decisions;            ///< what people decided, as a page saved it
  std::int64_t most = 5000;         ///< claims of each queue
  std::int64_t details = 200;       ///< claims with all evidence
  bool show_identifiers = false;    ///< of members
};

/// Adds --tables, --decisions, --list, --details and --show-identifiers.
void add_worklist_options(CLI::App& app, WorklistOptions& options);

/// The claims that score highest, and those in which rules found something. `rows` are the scores
/// of the members' claims, in their order. The claims are read again for what the network does not
/// keep. Throws Error if a table or the decisions cannot be read.
Worklist make_worklist(const console::ClaimsInputs& in, const claims::ReadOptions& read,
                       const std::string& data, const std::vector<claims::ScoreRow>& rows,
                       const WorklistOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_
