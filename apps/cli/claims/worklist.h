// What the page of claims shows, put together: scores, evidence, findings of rules, and what people
// decided before.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/claims/page.h"
#include "apps/console/claims_inputs.h"
#include "clearhead/claims/clause_search.h"
#include "clearhead/claims/code_tables.h"
#include "clearhead/claims/decisions.h"
#include "clearhead/claims/score_table.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

/// What a page shows besides scores.
struct WorklistOptions {
  std::vector<std::string> tables;   ///< of codes, units, pairs, persons
  std::vector<std::string> clauses;  ///< policies
  bool fuse = false;                 ///< late interaction reads the best clauses again
  std::string decisions;             ///< what people decided, as a page saved it
  std::int64_t most = 5000;          ///< claims of each queue
  std::int64_t details = 200;        ///< claims with all evidence
  bool show_identifiers = false;     ///< of members
};

/// Adds --decisions, and those of a page: --tables, --clauses, --fuse, --list, --details and
/// --show-identifiers.
void add_worklist_options(CLI::App& app, WorklistOptions& options);

/// Throws UsageError if options contradict each other, or are for a page and there is none.
void check_worklist_options(const WorklistOptions& options, bool has_page);

/// What the user brings besides claims and a model.
struct WorklistSources {
  claims::CodeTables tables;                    ///< for rules, and the texts of codes
  claims::Decisions decisions;                  ///< from before
  std::optional<claims::ClauseSearch> clauses;  ///< of the policies
};

/// Reads them; `models` is the folder where models are looked for, or empty. Says on stderr which
/// rows of the decisions are left out. Throws Error if a file cannot be read.
WorklistSources open_worklist_sources(const WorklistOptions& options, const std::string& models);

/// The claims that rank highest, and those in which rules found something. `ranked` are the scores
/// of all claims, the first in the list first. The claims are read again for what the network does
/// not keep. Throws Error if they cannot be.
Worklist make_worklist(const console::ClaimsInputs& in, const console::ClaimsInputOptions& inputs,
                       const std::vector<claims::ScoreRow>& ranked, const WorklistSources& sources,
                       const WorklistOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_WORKLIST_H_
