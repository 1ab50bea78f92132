// --data and --model of the commands of claims.
#include "apps/console/claims_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <set>

#include "apps/console/find_model.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/claims/audit_log.h"

namespace clearhead::console {

void add_claims_inputs(CLI::App& app, ClaimsInputOptions& options) {
  ClaimsInputOptions* const o = &options;
  OptionGroup group(app, "Which claims, and which model");
  group.text("--data", "PATH", "Claims: a folder of tables, or files (claims read says which)",
             [o](const std::string& x) { o->data = x; });
  group.text("--mapping", "FILE", "Which columns of a table mean what (docs/claims-formats.md)",
             [o](const std::string& x) { o->read.mapping = x; });
  group.text("--model", "MODEL", "A model of claims: a name or a folder (claims if not given)",
             [o](const std::string& x) { o->model = x; });
  group.text("--models", "FOLDER", "Where models are looked for by name",
             [o](const std::string& x) { o->models = x; });
  group.threads(o->threads);
}

namespace {

// Lines whose codes are like none that a model has learnt.
class UnknownCodes {
 public:
  explicit UnknownCodes(const claims::ClaimVocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void add(const claims::Claim& claim) {
    using claims::FieldKind;
    for (const claims::Line& line : claim.lines) {
      const claims::Field<claims::Code>& code = code_of(line);
      if (!code) continue;
      ++lines_;
      const std::int64_t token = vocabulary_.code(FieldKind::code, code);
      if (token != vocabulary_.missing(FieldKind::code)) continue;
      ++unknown_;
      systems_.insert(code->system.empty() ? "no system" : code->system);
    }
  }

  // Empty if there are none.
  std::string text() const {
    if (unknown_ == 0) return {};
    return fmt::format(
        "the model has not learnt the codes of {} of {} ({}): it can say little about them",
        with_commas(unknown_), counted(lines_, "line"), fmt::join(systems_, ", "));
  }

 private:
  const claims::ClaimVocabulary& vocabulary_;
  std::int64_t lines_ = 0, unknown_ = 0;
  std::set<std::string> systems_;
};

}  // namespace

ClaimsInputs read_claims_inputs(const ClaimsInputOptions& o, const std::string& command,
                                const std::function<void(const claims::Claim&)>& take) {
  if (o.data.empty()) throw UsageError(command + " needs --data: claims to read");
  set_thread_count(o.threads);
  claims::AuditLog audit(claims::default_audit_log());
  ClaimsInputs inputs;
  inputs.folder = find_model(o.model, model_folders(o.models), kClaimsModel);
  inputs.model = claims::open_claims_model(inputs.folder);
  claims::require_calibration(inputs.model, inputs.folder);
  inputs.model_hash = claims::sha256_of(inputs.folder);
  claims::ClaimEncoder encoder(*inputs.model.vocabulary);
  UnknownCodes unknown(*inputs.model.vocabulary);
  const claims::ReadSummary summary =
      claims::read_claims(o.data, o.read, {.claim = [&](claims::Claim&& claim) {
                            encoder.add(claim);
                            unknown.add(claim);
                            if (take) take(claim);
                          }});
  const std::string refused =
      summary.refusals == 0 ? ""
                            : fmt::format(", {} refused (claims read says why)", summary.refusals);
  write_message(fmt::format("{}: {}, {}{}", o.data, summary.format,
                            counted(summary.claims, "claim"), refused));
  if (const std::string text = unknown.text(); !text.empty()) write_message(text);
  inputs.members = encoder.take();
  audit.add(
      {.command = command,
       .data = o.data,
       .data_hash = claims::sha256_of(o.data),
       .model = inputs.folder,
       .model_hash = inputs.model_hash,
       .counts = {
           {"claims", summary.claims}, {"lines", summary.lines}, {"refusals", summary.refusals}}});
  return inputs;
}

claims::ClaimView find_claim(const ClaimsInputs& in, const std::string& id) {
  for (const claims::MemberClaims& member : in.members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) {
      if (member.claims[i].id == id) return {&member, i};
    }
  }
  throw Error("no claim has the number " + id + "; claims score lists them");
}

}  // namespace clearhead::console
