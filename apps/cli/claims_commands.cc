// The table of these commands. Each has a file of its own in this folder.
#include "apps/cli/claims_commands.h"

#include "apps/cli/claims/clauses.h"
#include "apps/cli/claims/evaluate.h"
#include "apps/cli/claims/explain.h"
#include "apps/cli/claims/inject.h"
#include "apps/cli/claims/mask.h"
#include "apps/cli/claims/read.h"
#include "apps/cli/claims/score.h"
#include "apps/cli/claims/train.h"

namespace clearhead::cli {

std::vector<Command> claims_commands() {
  return {
      {"read", "check, count and convert claims in CSV, X12 or FHIR", "PATH [OPTIONS]",
       R"(  What is in a folder of tables, an X12 file, or a FHIR bundle?
    clearhead claims read claims/
    clearhead claims read 837.txt.gz

  Tables with other names of columns (docs/claims-formats.md says how a mapping is made):
    clearhead claims read export.csv --mapping mapping.json

  As tables in our own form, as JSON; where and why claims were refused:
    clearhead claims read 837.txt --out claims/ --refusals refused.csv
    clearhead claims read 837.txt --out claims.ndjson
)",
       set_up_claims_read},
      {"mask", "claims without what tells who they are about", "PATH --out FOLDER --key FILE",
       R"(  Numbers of members, providers and claims, and days, with a key of your own:
    head -c 32 /dev/urandom | base64 > key
    clearhead claims mask claims/ --out masked/ --key key
)",
       set_up_claims_mask},
      {"train", "a network learns what normal claims look like", "RECIPE [OPTIONS]",
       R"(  On your own claims; stopped by Ctrl-C, the same command goes on:
    clearhead claims train recipes/claims.json --data claims/
)",
       set_up_claims_train},
      {"score", "how unusual each claim is, by kind, and which line makes it so", "[OPTIONS]",
       R"(  A row a claim, the most unusual first:
    clearhead claims score --data claims/ --out scores.csv

  A page with the clauses that each claim possibly touches, the highest amounts first:
    clearhead claims score --data claims/ --out page.html --tables codes.csv \
      --clauses policy.md --order stake
)",
       set_up_claims_score},
      {"explain", "why one claim is unusual, line by line", "CLAIM [OPTIONS]",
       R"(  What moves its score, what would be expected there, where the network looked:
    clearhead claims explain C0000123 --data claims/
)",
       set_up_claims_explain},
      {"clauses", "find the clauses of a policy that a text or a claim may touch",
       "POLICY [OPTIONS]",
       R"(  Which clauses are about hearing aids, in their own words?
    clearhead claims clauses policy.md --query "hearing aids"

  What may a code touch, and which token met which?
    clearhead claims clauses policy.html --code E0601 --tables codes.csv --heatmap match.html

  And a claim?
    clearhead claims clauses policy.txt --claim 17 --data claims/ --tables codes.csv
)",
       set_up_claims_clauses},
      {"inject", "alter claims in eight known ways, to measure what finds them",
       "PATH --out FOLDER [OPTIONS]",
       R"(  One in ten of the test members' claims; labels.csv says which, and how:
    clearhead claims inject claims/ --split test --seed 1 --out altered/
)",
       set_up_claims_inject},
      {"evaluate", "how well altered claims are found, by counts or by anybody's scores",
       "FOLDER --reference PATH [OPTIONS]",
       R"(  What do counts and rules find among altered claims of the test members?
    clearhead claims inject claims/ --split test --seed 1 --out altered/
    clearhead claims evaluate altered/ --reference claims/

  And the network, or somebody else's scores (columns claim, score)?
    clearhead claims score --data altered/ --out scores.csv
    clearhead claims evaluate altered/ --reference claims/ \
      --scores network=scores.csv --out results.csv
)",
       set_up_claims_evaluate},
  };
}

}  // namespace clearhead::cli
