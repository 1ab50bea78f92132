// The command `clearhead claims evaluate`.
#include "apps/cli/claims/evaluate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/hash.h"
#include "clearhead/base/random.h"
#include "clearhead/claims/baselines.h"
#include "clearhead/claims/evaluation.h"
#include "clearhead/claims/evaluation_files.h"
#include "clearhead/claims/metrics.h"
#include "clearhead/claims/reader.h"

namespace clearhead::cli {
namespace {

using claims::Claim;
using claims::Estimate;

constexpr std::int64_t kSamples = 200;  // of members, for an interval
constexpr std::array<std::pair<const char*, claims::GuessBy>, 3> kGuesses = {
    {{"history", claims::GuessBy::history},
     {"diagnoses", claims::GuessBy::diagnoses},
     {"both", claims::GuessBy::both}}};
constexpr std::array<std::int64_t, 3> kRanks = {1, 5, 10};

struct Options {
  std::string altered;
  std::string reference;
  std::vector<std::string> scores;  // NAME=FILE
  std::string out;
  std::uint64_t seed = 0;
};

// Somebody's scores, and the share of altered lines that are their first evidence.
struct Scorer {
  std::string name;
  claims::ScoreFile file;
  std::int64_t asked = 0, found = 0;
};

Scorer open_scorer(const std::string& option) {
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw console::UsageError("--scores: expected NAME=FILE, not \"" + option + "\"");
  }
  return {option.substr(0, equals), claims::read_score_file(option.substr(equals + 1))};
}

// What the baselines know once the reference is read, and how well they guess hidden procedures.
struct Reference {
  claims::Baselines baselines;
  claims::CodeSets known;
  std::array<std::vector<claims::GuessRank>, kGuesses.size()> ranks;
  std::int64_t members = 0;
};

// One line of the claim is hidden, the same for everyone who asks with this seed.
const claims::Line& hidden_line(const Claim& claim, std::uint64_t seed) {
  Random random(seed, hash_of(claim.id.value.value_or("")));
  return claim.lines[static_cast<std::size_t>(random.below(std::ssize(claim.lines)))];
}

Reference read_reference(const Options& o) {
  Reference r;
  claims::read_claims(o.reference, {}, {.claim = [&](const Claim& claim) {
                        if (split_of(claim) != "train") return;
                        r.baselines.learn(claim);
                        r.known.add(claim);
                      }});
  std::unordered_map<std::string, std::int64_t> members;
  claims::ProcedureGuesses guesses = r.baselines.guesses();
  std::int64_t calibrated = 0;
  claims::read_claims(
      o.reference, {}, {.claim = [&](const Claim& claim) {
        if (split_of(claim) == "validation") {
          r.baselines.calibrate(claim);
          ++calibrated;
        }
        if (split_of(claim) != "test" || claim.lines.empty()) return;
        const auto next = static_cast<std::int64_t>(members.size());
        const std::string id = claim.member.id.value.value_or("");
        const std::int64_t member = members.emplace(id, next).first->second;
        const claims::Line& line = hidden_line(claim, o.seed);
        for (std::size_t i = 0; i < kGuesses.size(); ++i) {
          r.ranks[i].push_back({guesses.rank(claim, line, kGuesses[i].second), member});
        }
        guesses.remember(claim);
      }});
  r.members = std::ssize(members);
  if (calibrated == 0 || members.empty()) {
    throw Error("\"" + o.reference +
                "\": expected members of the splits train, validation and test (column split)");
  }
  return r;
}

// Whether the line that the scorer names is the altered one; of two equal lines, either.
bool is_evidence(const Claim& claim, std::int64_t altered, std::int64_t evidence) {
  const auto numbered = [&](std::int64_t number) -> const claims::Line* {
    for (const claims::Line& line : claim.lines) {
      if (line.number.value == number) return &line;
    }
    return nullptr;
  };
  const claims::Line* a = numbered(altered);
  const claims::Line* b = numbered(evidence);
  return a && b && a->code.value == b->code.value && a->charge.value == b->charge.value;
}

claims::Evaluation score_altered(const Options& o, Reference& reference,
                                 std::vector<Scorer>& scorers) {
  const auto labels = claims::read_labels(std::filesystem::path(o.altered) / "labels.csv");
  std::vector<std::string> names = claims::Baselines::names();
  for (const Scorer& scorer : scorers) {
    for (const std::string& column : scorer.file.columns) {
      names.push_back(column == "score" ? scorer.name : scorer.name + "." + column);
    }
  }
  claims::Evaluation evaluation(std::move(names));
  claims::read_claims(
      o.altered, {}, {.claim = [&](const Claim& claim) {
        const std::string split = split_of(claim);
        if (split == "train" || split == "validation") return;
        const std::string id = claim.id.value.value_or("");
        const auto label = labels.find(id);
        std::vector<double> scores = reference.baselines.score(claim);
        for (Scorer& scorer : scorers) {
          const auto row = scorer.file.rows.find(id);
          if (row == scorer.file.rows.end()) {
            throw Error(fmt::format("{}: there is no score of claim {}", scorer.name, id));
          }
          scores.insert(scores.end(), row->second.scores.begin(), row->second.scores.end());
          if (label == labels.end() || label->second.line == 0 || claim.lines.size() < 2) continue;
          ++scorer.asked;
          scorer.found += is_evidence(claim, label->second.line, row->second.evidence_line) ? 1 : 0;
        }
        evaluation.add(
            claim.member.id.value.value_or(""),
            label == labels.end() ? std::nullopt : std::optional(label->second.alteration),
            !reference.known.has(claim), scores);
      }});
  return evaluation;
}

// A value, and half its interval.
std::string cell(const Estimate& e) {
  return std::isnan(e.value) ? "" : fmt::format("{:.3f} ±{:.3f}", e.value, (e.high - e.low) / 2);
}

// A column a scorer, a row a measure.
std::string text_of(const claims::EvaluationTable& table) {
  plot::TextTable text{.columns = {{"AUROC", true}}, .rows = {}};
  for (const claims::EvaluationRow& row : table.rows) text.columns.push_back({row.scorer, true});
  for (std::size_t i = 0; i <= claims::kAlterations; ++i) {
    const bool is_last = i == claims::kAlterations;
    std::vector<std::string> cells = {is_last ? "average precision"
                                              : to_string(static_cast<claims::Alteration>(i))};
    for (const claims::EvaluationRow& row : table.rows) {
      cells.push_back(cell(is_last ? row.average_precision : row.auroc[i]));
    }
    text.rows.push_back(std::move(cells));
  }
  return text.text();
}

// Everything again as rows, with whole intervals, for a file.
class Results {
 public:
  void add(const std::string& about, const std::string& scorer, const std::string& measure,
           const Estimate& e) {
    if (std::isnan(e.value)) return;  // there are no such claims
    rows_ += fmt::format("{},{},{},{:.6f},{:.6f},{:.6f}\n", about, scorer, measure, e.value, e.low,
                         e.high);
  }
  void add(const std::string& about, const claims::EvaluationTable& table) {
    for (const claims::EvaluationRow& row : table.rows) {
      for (std::size_t i = 0; i < claims::kAlterations; ++i) {
        add(about, row.scorer, to_string(static_cast<claims::Alteration>(i)), row.auroc[i]);
      }
      add(about, row.scorer, "average_precision", row.average_precision);
    }
  }
  void write(const std::string& file) const {
    write_file(file, [&](std::ostream& out) {
      out << "claims,scorer,measure,value,low,high\n" << rows_;
    });
  }

 private:
  std::string rows_;
};

std::string guesses_text(const Reference& reference, std::uint64_t seed, Results& results) {
  plot::TextTable text{.columns = {{"recall of a hidden procedure", true}}, .rows = {}};
  for (const std::int64_t k : kRanks) text.columns.push_back({fmt::format("at {}", k), true});
  for (std::size_t i = 0; i < kGuesses.size(); ++i) {
    std::vector<std::string> cells = {kGuesses[i].first};
    for (const std::int64_t k : kRanks) {
      const Estimate e = claims::bootstrap(
          [&](std::span<const double> weights) {
            return claims::recall_at(k, reference.ranks[i], weights);
          },
          reference.members, kSamples, seed);
      results.add("normal", kGuesses[i].first, fmt::format("recall_at_{}", k), e);
      cells.push_back(cell(e));
    }
    text.rows.push_back(std::move(cells));
  }
  return text.text();
}

void evaluate(const Options& o) {
  if (o.reference.empty()) {
    throw console::UsageError(
        "claims evaluate needs --reference: the claims before any alteration");
  }
  if (!o.out.empty()) check_writable(o.out);
  std::vector<Scorer> scorers;
  for (const std::string& option : o.scores) scorers.push_back(open_scorer(option));
  Reference reference = read_reference(o);
  const claims::Evaluation evaluation = score_altered(o, reference, scorers);
  Results results;
  std::string text = guesses_text(reference, o.seed, results);
  for (const bool only_novel : {false, true}) {
    const claims::EvaluationTable table = evaluation.table(only_novel, kSamples, o.seed);
    if (!only_novel && table.altered == 0) {
      throw Error("\"" + o.altered + "\": none of the claims of labels.csv is a test member's");
    }
    results.add(only_novel ? "novel" : "all", table);
    text += fmt::format("\n{}{}, {} of them altered:\n", console::counted(table.claims, "claim"),
                        only_novel ? " whose set of codes no training claim has" : "",
                        console::with_commas(table.altered));
    text += text_of(table);
  }
  for (const Scorer& scorer : scorers) {
    text += fmt::format("\n{}: the altered line is the first evidence of {} of {}\n", scorer.name,
                        console::with_commas(scorer.found),
                        console::counted(scorer.asked, "altered claim with two lines or more"));
  }
  if (!o.out.empty()) {
    results.write(o.out);
    text += "\n" + console::wrote(o.out);
  }
  console::write_output(text);
}

}  // namespace

std::function<void()> set_up_claims_evaluate(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("altered", o->altered, "A folder that `claims inject` wrote")
      ->type_name("FOLDER")
      ->required();
  console::OptionGroup group(app, "What is compared");
  group.text("--reference", "PATH", "The claims before any alteration, with members' splits",
             [o](const std::string& path) { o->reference = path; });
  group.repeated_text("--scores", "NAME=FILE", "Scores of the altered claims, by `claims score`",
                      [o](const std::vector<std::string>& all) { o->scores = all; });
  group.integer("--seed", "Of hidden lines and of samples of members (0 if not given)", 0,
                [o](std::int64_t seed) { o->seed = static_cast<std::uint64_t>(seed); });
  console::OptionGroup results(app, "Results");
  results.text("--out", "FILE", "All numbers with their intervals, as CSV",
               [o](const std::string& file) { o->out = file; });
  return [o] { evaluate(*o); };
}

}  // namespace clearhead::cli
