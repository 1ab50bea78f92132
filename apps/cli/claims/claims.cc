// The table of these commands. Each has a file of its own in this folder.
#include "apps/cli/claims/claims.h"

#include "apps/cli/claims/read.h"

namespace clearhead::cli {

std::vector<Command> claims_commands() {
  return {
      {"read", "check, count and convert claims in CSV, X12 or FHIR", "PATH [OPTIONS]",
       R"(  What is in a folder of tables, an X12 file, or a FHIR bundle?
    clearhead claims read claims/
    clearhead claims read 837.txt.gz

  Tables with other names of columns (docs/claims.md says how a mapping is made):
    clearhead claims read export.csv --mapping mapping.json
)",
       set_up_claims_read},
  };
}

}  // namespace clearhead::cli
