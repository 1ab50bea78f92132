// What commands that read claims with a model have in common.
#ifndef CLEARHEAD_APPS_CONSOLE_CLAIMS_INPUTS_H_
#define CLEARHEAD_APPS_CONSOLE_CLAIMS_INPUTS_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/surprise.h"

namespace CLI {
class App;
}

namespace clearhead::console {

/// Which claims, and which model reads them.
struct ClaimsInputOptions {
  std::string data = {};
  std::string model = "claims";
  std::string models = {};
  claims::ReadOptions read = {};
  int threads = 0;
};

/// Adds --data, --mapping, --model, --models and --threads.
void add_claims_inputs(CLI::App& app, ClaimsInputOptions& options);

/// A model, and claims as it reads them.
struct ClaimsInputs {
  std::filesystem::path folder;  ///< of the model
  std::string model_hash;        ///< SHA-256 of that folder (claims/audit_log.h)
  claims::ClaimsModel model;
  std::vector<claims::MemberClaims> members;
};

/// Opens and reads them, and says on stderr and in the audit log what was read. Throws UsageError,
/// naming `command`, if --data is missing, and Error if the model has no calibration or something
/// cannot be read, or written into the log. `take` sees each claim as it is read.
ClaimsInputs read_claims_inputs(const ClaimsInputOptions& options, const std::string& command,
                                const std::function<void(const claims::Claim&)>& take = nullptr);

/// The claim with this number; of several, the first. Throws Error if there is none.
claims::ClaimView find_claim(const ClaimsInputs& inputs, const std::string& id);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_CLAIMS_INPUTS_H_
