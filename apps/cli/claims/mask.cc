// The command `clearhead claims mask`.
#include "apps/cli/claims/mask.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/claims/masking.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/writer.h"

namespace clearhead::cli {
namespace {

struct Options {
  std::string path, out, key;
  claims::ReadOptions read;
};

// What is refused is counted, not shown: it might tell who.
void mask(const Options& o) {
  if (o.out.empty()) throw console::UsageError("give --out FOLDER, where the claims are written");
  if (o.key.empty()) {
    throw console::UsageError(
        "give --key FILE, of 16 bytes or more; one is made by: head -c 32 /dev/urandom | base64 > "
        "key");
  }
  const claims::Masker masker(claims::MaskingKey::read(o.key));
  claims::check_claims_writable(o.out, o.path);
  claims::ReadSummary summary;
  claims::write_claims(o.out, [&](const claims::WriteClaim& write) {
    claims::ClaimSink sink;
    sink.claim = [&](claims::Claim&& claim) {
      masker.mask(claim);
      write(claim);
    };
    summary = claims::read_claims(o.path, o.read, sink);
  });
  console::write_output(console::wrote(o.out));
  console::write_output(fmt::format("{} masked, {} refused\n",
                                    console::counted(summary.claims, "claim"), summary.refusals));
}

}  // namespace

std::function<void()> set_up_claims_mask(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("path", o->path, "A file or folder of claims")->type_name("PATH")->required();
  console::OptionGroup group(app, "Masking");
  group.text("--out", "FOLDER",
             "Where members.csv, claims.csv and lines.csv are written; or "
             "FILE.ndjson",
             [o](const std::string& path) { o->out = path; });
  group.text("--key", "FILE",
             "What identifiers and days are masked with: whoever has it can tell "
             "which mask is whose",
             [o](const std::string& file) { o->key = file; });
  group.text("--mapping", "FILE", "Which columns of tables mean what (JSON)",
             [o](const std::string& file) { o->read.mapping = file; });
  return [o] { mask(*o); };
}

}  // namespace clearhead::cli
