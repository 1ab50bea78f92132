// The command `clearhead claims read`.
#include "apps/cli/claims/read.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/csv_mapping.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/writer.h"

namespace clearhead::cli {
namespace {

using claims::Claim;

constexpr std::size_t kShown = 10;  // refusals and warnings

struct Options {
  std::string path;
  claims::ReadOptions read;
  std::string out, refusals;
  bool schema = false;
};

using Counts = std::map<std::string, std::int64_t>;

// What claims have in them.
class Contents {
 public:
  void add(const Claim& claim) {
    ++types_[claim.type ? to_string(*claim.type) : "without a type"];
    if (claim.member.id) members_.insert(*claim.member.id);
    note(claim.from);
    note(claim.to);
    for (const claims::Diagnosis& d : claim.diagnoses) count(d.code, diagnoses_);
    for (const claims::Field<claims::Code>& code : claim.procedures) count(code, procedures_);
    for (const claims::Line& line : claim.lines) {
      note(line.from);
      note(line.to);
      count(line.code, codes_);
      count(line.revenue, codes_);
      count(line.drug, codes_);
    }
  }

  void add(const claims::ProviderAdjustment& adjustment) {
    ++provider_adjustments_;
    taken_off_ = taken_off_ + adjustment.amount.value.value_or(claims::Money{});
  }

  std::string text(const claims::ReadSummary& summary) const {
    std::string text = row("claims", console::with_commas(summary.claims) + listed(types_));
    text += row("lines", console::with_commas(summary.lines));
    text += row("members", console::with_commas(std::ssize(members_)));
    if (first_)
      text += row("service", claims::to_string(*first_) + " to " + claims::to_string(*last_));
    text +=
        codes("codes", codes_) + codes("diagnoses", diagnoses_) + codes("procedures", procedures_);
    text += row("refused", console::with_commas(summary.refusals));
    text += row("warnings", console::with_commas(summary.warnings));
    if (provider_adjustments_ == 0) return text;
    return text +
           row("providers", fmt::format("{} that belong to no claim (PLB): {} taken off",
                                        console::counted(provider_adjustments_, "adjustment"),
                                        claims::to_string(taken_off_)));
  }

 private:
  static std::string row(const std::string& name, const std::string& what) {
    return fmt::format("  {:<12}{}\n", name, what);
  }
  static std::string codes(const std::string& name, const Counts& counts) {
    std::int64_t sum = 0;
    for (const auto& [system, count] : counts) sum += count;
    return sum == 0 ? "" : row(name, console::with_commas(sum) + listed(counts));
  }

  // ": 12 a, 3 b", the most frequent first.
  static std::string listed(const Counts& counts) {
    std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text;
    for (const auto& [name, count] : sorted) {
      text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", console::with_commas(count), name);
    }
    return text;
  }

  void note(const claims::Field<claims::Date>& date) {
    if (!date) return;
    first_ = std::min(first_.value_or(*date), *date);
    last_ = std::max(last_.value_or(*date), *date);
  }
  static void count(const claims::Field<claims::Code>& code, Counts& counts) {
    if (code) ++counts[code->system.empty() ? "of a system that is not said" : code->system];
  }

  Counts types_, codes_, diagnoses_, procedures_;
  std::set<std::string> members_;
  std::optional<claims::Date> first_, last_;
  std::int64_t provider_adjustments_ = 0;
  claims::Money taken_off_;
};

// The first few lines of a kind, and how many more there are.
class FirstFew {
 public:
  void add(std::string line) {
    if (lines_.size() < kShown) lines_.push_back(std::move(line));
    ++count_;
  }
  std::string text(const std::string& title) const {
    if (lines_.empty()) return "";
    std::string text = "\n" + title + ":\n";
    for (const std::string& line : lines_) text += "  " + console::wrapped(line, 76, 4) + "\n";
    if (count_ > lines_.size()) text += fmt::format("  … and {} more\n", count_ - lines_.size());
    return text;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t count_ = 0;
};

// All that is said about what was read.
class Report {
 public:
  // Gives each claim to `write` too, if there is one.
  claims::ReadSummary read(const Options& o, const claims::WriteClaim& write) {
    claims::ClaimSink sink;
    sink.claim = [&](Claim&& claim) {
      contents_.add(claim);
      if (write) write(claim);
    };
    sink.refusal = [&](claims::Refusal&& refusal) {
      refusals_.add(to_string(refusal));
      if (!o.refusals.empty()) table_ += claims::csv_row(refusal);
    };
    sink.provider_adjustment = [&](claims::ProviderAdjustment&& adjustment) {
      contents_.add(adjustment);
    };
    sink.warning = [&](const claims::Place& place, const std::string& text) {
      warnings_.add(to_string(place) + ": " + text);
    };
    return summary_ = claims::read_claims(o.path, o.read, sink);
  }

  // As a table.
  const std::string& refusals() const { return table_; }

  std::string text(const std::string& path) const {
    return path + ": " + summary_.format + "\n" + contents_.text(summary_) +
           refusals_.text("Refused, while the others were read") +
           warnings_.text("Read, but look at it");
  }

 private:
  claims::ReadSummary summary_;
  Contents contents_;
  FirstFew refusals_, warnings_;
  std::string table_ = "file,line,byte,part,claim,reason\n";
};

void read(const Options& o) {
  if (o.schema) {
    return console::write_output(claims::csv_mapping_schema() + "\n");
  }
  if (o.path.empty()) throw console::UsageError("read needs a path: PATH");
  Report report;
  std::string wrote;
  if (!o.refusals.empty()) check_writable(o.refusals);
  if (o.out.empty()) {
    report.read(o, nullptr);
  } else {
    claims::check_claims_writable(o.out, o.path);
    claims::write_claims(o.out, [&](const claims::WriteClaim& write) { report.read(o, write); });
    wrote += console::wrote(o.out);
  }
  if (!o.refusals.empty()) {
    write_file(o.refusals, [&](std::ostream& out) { out << report.refusals(); });
    wrote += console::wrote(o.refusals);
  }
  console::write_text(report.text(o.path));
  console::write_output(wrote);
}

}  // namespace

std::function<void()> set_up_claims_read(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("path", o->path, "A file or folder of claims")->type_name("PATH");
  console::OptionGroup group(app, "What is read");
  group.text("--mapping", "FILE", "Which columns of tables mean what (JSON)",
             [o](const std::string& file) { o->read.mapping = file; });
  group.flag("--schema", "Print what a mapping may say, as a JSON schema",
             [o] { o->schema = true; });
  console::OptionGroup written(app, "What is written");
  written.text("--out", "FOLDER",
               "Write the claims as members.csv, claims.csv and lines.csv into this folder; or, as "
               "a JSON object a line, into FILE.ndjson",
               [o](const std::string& path) { o->out = path; });
  written.text("--refusals", "FILE", "Write where and why claims were refused (CSV)",
               [o](const std::string& file) { o->refusals = file; });
  return [o] { read(*o); };
}

}  // namespace clearhead::cli
