// The command `clearhead claims inject`.
#include "apps/cli/claims/inject.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/claims/evaluation.h"
#include "clearhead/claims/evaluation_files.h"
#include "clearhead/claims/inject.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/writer.h"

namespace clearhead::cli {
namespace {

struct Options {
  std::string path;
  std::string out;
  std::string split;
  std::uint64_t seed = 0;
  double share = 0.1;
  claims::ReadOptions read;
};

std::string summary_of(const std::vector<claims::Label>& labels, std::int64_t written) {
  std::array<std::int64_t, claims::kAlterations> counts{};
  for (const claims::Label& label : labels) ++counts[static_cast<std::size_t>(label.alteration)];
  std::string text = fmt::format("{} of {} altered:\n", console::with_commas(std::ssize(labels)),
                                 console::counted(written, "claim"));
  for (std::size_t i = 0; i < claims::kAlterations; ++i) {
    text += fmt::format("  {:<20}{}\n", to_string(static_cast<claims::Alteration>(i)),
                        console::with_commas(counts[i]));
  }
  return text;
}

void inject(const Options& o) {
  if (o.out.empty()) throw console::UsageError("claims inject needs --out: a folder to write into");
  claims::check_claims_writable(o.out, o.path);
  claims::Donors donors;
  claims::read_claims(o.path, o.read, {.claim = [&](const claims::Claim& c) { donors.add(c); }});
  const claims::Injector injector(donors, o.seed, o.share);
  std::vector<claims::Label> labels;
  std::int64_t written = 0;
  claims::write_claims(o.out, [&](const claims::WriteClaim& write) {
    claims::read_claims(o.path, o.read, {.claim = [&](claims::Claim&& claim) {
                          if (!o.split.empty() && split_of(claim) != o.split) return;
                          if (auto label = injector.alter(claim)) labels.push_back(*label);
                          write(claim);
                          ++written;
                        }});
  });
  const std::string file = (std::filesystem::path(o.out) / "labels.csv").string();
  claims::write_labels(file, labels);
  console::write_output(summary_of(labels, written) + console::wrote(file));
}

}  // namespace

std::function<void()> set_up_claims_inject(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("path", o->path, "A file or folder of claims that are taken for normal")
      ->type_name("PATH")
      ->required();
  console::OptionGroup group(app, "What is read");
  group.text("--mapping", "FILE", "Which columns of tables mean what (JSON)",
             [o](const std::string& file) { o->read.mapping = file; });
  group.choice<std::string>("--split",
                            {{"train", "train"}, {"validation", "validation"}, {"test", "test"}},
                            "Write the claims of these members only; others still lend lines",
                            [o](const std::string& split) { o->split = split; });
  console::OptionGroup how(app, "What is done");
  how.integer("--seed", "Another seed alters other claims (0 if not given)", 0,
              [o](std::int64_t seed) { o->seed = static_cast<std::uint64_t>(seed); });
  how.number("--share", "How many of the claims are altered (0.1 if not given)",
             {"a number from 0 to 1", [](double x) { return x >= 0 && x <= 1; }},
             [o](double share) { o->share = share; });
  how.text("--out", "FOLDER", "Gets members.csv, claims.csv, lines.csv and labels.csv",
           [o](const std::string& folder) { o->out = folder; });
  return [o] { inject(*o); };
}

}  // namespace clearhead::cli
