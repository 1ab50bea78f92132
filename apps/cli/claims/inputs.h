// What commands that read claims with a model have in common.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_INPUTS_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_INPUTS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/reader.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Which claims, and which model reads them.
struct ClaimsInputOptions {
  std::string data;
  std::string model = "claims";
  std::string models;
  claims::ReadOptions read;
  int threads = 0;
};

/// Adds --data, --mapping, --model, --models and --threads.
void add_claims_inputs(CLI::App& app, ClaimsInputOptions& options);

/// A model, and claims as it reads them.
struct ClaimsInputs {
  std::filesystem::path folder;  ///< of the model
  claims::ClaimsModel model;
  std::vector<claims::MemberClaims> members;
};

/// Opens and reads them, and says on stderr what was read. Throws UsageError, naming `command`, if
/// --data is missing, and Error if the model has no calibration or something cannot be read.
ClaimsInputs read_claims_inputs(const ClaimsInputOptions& options, const std::string& command);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_INPUTS_H_
