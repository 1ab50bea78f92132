// The command `clearhead claims evaluate`.
#include "apps/cli/claims/evaluate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "apps/cli/claims/evaluation_report.h"
#include "apps/console/claims_inputs.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/progress.h"
#include "clearhead/claims/baselines.h"
#include "clearhead/claims/evaluation.h"
#include "clearhead/claims/evaluation_files.h"
#include "clearhead/claims/network_measures.h"
#include "clearhead/claims/reader.h"

namespace clearhead::cli {
namespace {

using claims::Claim;

constexpr std::array<std::pair<const char*, claims::GuessBy>, 3> kGuesses = {
    {{"history", claims::GuessBy::history},
     {"diagnoses", claims::GuessBy::diagnoses},
     {"both", claims::GuessBy::both}}};

struct Options {
  std::string altered;
  std::string reference;
  std::vector<std::string> models;  // NAME=MODEL, or MODEL
  std::vector<std::string> scores;  // NAME=FILE
  claims::Sample sample = {.share = 0.1};
  std::string out;
};

// Members by number, as they come.
class MemberNumbers {
 public:
  std::int64_t of(const Claim& claim) {
    const auto next = static_cast<std::int64_t>(numbers_.size());
    return numbers_.emplace(claim.member.id.value.value_or(""), next).first->second;
  }
  std::int64_t count() const { return std::ssize(numbers_); }

 private:
  std::unordered_map<std::string, std::int64_t> numbers_;
};

// Claims that nobody has learnt from or was calibrated with.
bool is_tested(const std::string& split) {
  return split != "train" && split != "valid" && split != "validation";
}

// Somebody's scores, and how often the altered line is their first evidence: rank 1.
struct Scorer {
  std::string name;
  claims::ScoreFile file;
  std::vector<claims::GuessRank> evidence = {}, evidence_of_several = {};
};

// A network, and what only it can be asked.
struct Network {
  std::string name, model;
  claims::ProcedureRanks ranks = {};
  std::vector<claims::GuessRank> moves = {};
  std::int64_t members = 0, altered_members = 0;
};

Scorer open_scorer(const std::string& option) {
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw console::UsageError("--scores: expected NAME=FILE, not \"" + option + "\"");
  }
  return {.name = option.substr(0, equals),
          .file = claims::read_score_file(option.substr(equals + 1))};
}

Network named_network(const std::string& option) {
  const std::size_t equals = option.find('=');
  if (equals == 0) {
    throw console::UsageError("--model: expected NAME=MODEL or MODEL, not \"" + option + "\"");
  }
  return {.name = option.substr(0, equals),
          .model = equals == std::string::npos ? option : option.substr(equals + 1)};
}

// As if the scores had been read from a file.
claims::ScoreFile file_of(const std::vector<claims::ScoreRow>& rows) {
  claims::ScoreFile file;
  file.columns = {"score"};
  file.columns.insert(file.columns.end(), claims::kKindNames.begin(), claims::kKindNames.end());
  for (const claims::ScoreRow& row : rows) {
    claims::ScoreFile::Row& scored = file.rows[row.claim];
    scored.scores = {row.score};
    scored.scores.insert(scored.scores.end(), row.kinds.begin(), row.kinds.end());
    scored.evidence_line = row.evidence_line;
  }
  return file;
}

console::ClaimsInputs read_tested(const std::string& data, const std::string& model) {
  console::ClaimsInputs in =
      console::read_claims_inputs({.data = data, .model = model}, "claims evaluate");
  std::erase_if(in.members,
                [](const claims::MemberClaims& member) { return !is_tested(member.split); });
  return in;
}

using Labels = std::unordered_map<std::string, claims::Label>;

// Asks the network about both, and returns its scores of the altered claims.
Scorer measure(const Options& o, const Labels& labels, Network& network) {
  std::unique_ptr<Progress> progress;
  const auto showing = [&](const char* what) {
    progress = nullptr;  // its line ends before the next begins
    return [&progress, what](std::int64_t done, std::int64_t all) {
      if (!progress) {
        progress = std::make_unique<Progress>(std::cerr, all, detect_progress(STDERR_FILENO));
      }
      progress->update(done, what);
    };
  };
  const console::ClaimsInputs altered = read_tested(o.altered, network.model);
  network.altered_members = std::ssize(altered.members);
  const auto is_altered = [&](const std::string& claim) { return labels.contains(claim); };
  claims::MeasuredScores measured = claims::measured_scores(
      altered.model, altered.members, is_altered, o.sample, showing("scored"));
  const console::ClaimsInputs normal = read_tested(o.reference, network.model);
  network.members = std::ssize(normal.members);
  network.ranks =
      claims::procedure_ranks(normal.model, normal.members, o.sample, showing("with hidden lines"));
  network.moves = std::move(measured.moves);
  return {.name = network.name, .file = file_of(measured.rows)};
}

// What the baselines know once the reference is read, and how well they guess hidden procedures.
struct Reference {
  claims::Baselines baselines;
  claims::CodeSets known;
  std::array<claims::ProcedureRanks, kGuesses.size()> ranks;
  std::int64_t members = 0;
};

Reference read_reference(const Options& o) {
  Reference r;
  claims::read_claims(o.reference, {}, {.claim = [&](const Claim& claim) {
                        if (split_of(claim) != "train") return;
                        r.baselines.learn(claim);
                        r.known.add(claim);
                      }});
  MemberNumbers numbers;
  claims::ProcedureGuesses guesses = r.baselines.guesses();
  std::int64_t calibrated = 0;
  const auto guess = [&](const Claim& claim) {
    const std::int64_t member = numbers.of(claim);
    const std::string id = claim.id.value.value_or("");
    if (!o.sample.has(id)) return;
    const std::size_t drawn = o.sample.line(id, claim.lines.size());
    for (std::size_t i = 0; i < kGuesses.size(); ++i) {
      for (std::size_t line = 0; line < claim.lines.size(); ++line) {
        const claims::GuessRank rank{guesses.rank(claim, claim.lines[line], kGuesses[i].second),
                                     member};
        r.ranks[i].of_lines.push_back(rank);
        if (line == drawn) r.ranks[i].of_claims.push_back(rank);
      }
    }
  };
  claims::read_claims(o.reference, {}, {.claim = [&](const Claim& claim) {
                        const std::string split = split_of(claim);
                        if (split == "validation") {
                          r.baselines.calibrate(claim);
                          ++calibrated;
                        }
                        if (!is_tested(split) || claim.lines.empty()) return;
                        guess(claim);
                        guesses.remember(claim);
                      }});
  r.members = numbers.count();
  if (calibrated == 0 || r.members == 0) {
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

// Adds the scorers' scores of a claim, and notes their evidence.
void add_scores(const Claim& claim, const claims::Label* label, std::int64_t member,
                std::vector<Scorer>& scorers, std::vector<double>& scores) {
  const std::string id = claim.id.value.value_or("");
  for (Scorer& scorer : scorers) {
    const auto row = scorer.file.rows.find(id);
    if (row == scorer.file.rows.end()) {
      throw Error(fmt::format("{}: there is no score of claim {}", scorer.name, id));
    }
    scores.insert(scores.end(), row->second.scores.begin(), row->second.scores.end());
    if (!label || label->line == 0) continue;
    const claims::GuessRank rank{is_evidence(claim, label->line, row->second.evidence_line) ? 1 : 0,
                                 member};
    scorer.evidence.push_back(rank);
    if (claim.lines.size() > 1) scorer.evidence_of_several.push_back(rank);
  }
}

claims::Evaluation score_altered(const Options& o, const Labels& labels, Reference& reference,
                                 std::vector<Scorer>& scorers, std::int64_t& members) {
  std::vector<std::string> names = claims::Baselines::names();
  for (const Scorer& scorer : scorers) {
    for (const std::string& column : scorer.file.columns) {
      names.push_back(column == "score" ? scorer.name : scorer.name + "." + column);
    }
  }
  claims::Evaluation evaluation(std::move(names));
  MemberNumbers numbers;
  claims::read_claims(o.altered, {}, {.claim = [&](const Claim& claim) {
                        if (!is_tested(split_of(claim))) return;
                        const auto found = labels.find(claim.id.value.value_or(""));
                        const claims::Label* label =
                            found == labels.end() ? nullptr : &found->second;
                        std::vector<double> scores = reference.baselines.score(claim);
                        add_scores(claim, label, numbers.of(claim), scorers, scores);
                        evaluation.add(claim.member.id.value.value_or(""),
                                       label ? std::optional(label->alteration) : std::nullopt,
                                       !reference.known.has(claim), scores);
                      }});
  members = numbers.count();
  return evaluation;
}

void add_recall(const Reference& reference, const std::vector<Network>& networks,
                EvaluationReport& report) {
  std::vector<NamedRanks> of_claims, of_lines;
  const auto add = [&](const std::string& name, const claims::ProcedureRanks& ranks,
                       std::int64_t members) {
    of_claims.push_back({name, ranks.of_claims, members});
    of_lines.push_back({name, ranks.of_lines, members});
  };
  for (std::size_t i = 0; i < kGuesses.size(); ++i) {
    add(kGuesses[i].first, reference.ranks[i], reference.members);
  }
  for (const Network& network : networks) add(network.name, network.ranks, network.members);
  const std::size_t claims = of_claims.front().ranks.size(), lines = of_lines.front().ranks.size();
  report.add_recall(fmt::format("hidden procedure, one of each of {}",
                                console::counted(static_cast<std::int64_t>(claims), "claim")),
                    "recall", of_claims);
  report.add_recall(
      fmt::format("each of their {}", console::counted(static_cast<std::int64_t>(lines), "line")),
      "recall_of_lines", of_lines);
}

void add_evidence(const std::vector<Scorer>& scorers, const std::vector<Network>& networks,
                  std::int64_t members, EvaluationReport& report) {
  if (!scorers.empty()) {
    EvaluationReport::Share all{"all altered claims", "evidence", {}};
    EvaluationReport::Share several{"with two lines or more", "evidence_of_several", {}};
    for (const Scorer& scorer : scorers) {
      all.ranks.push_back({scorer.name, scorer.evidence, members});
      several.ranks.push_back({scorer.name, scorer.evidence_of_several, members});
    }
    report.add_shares("the altered line is the first evidence", {all, several});
  }
  if (!networks.empty()) {
    const auto asked = static_cast<std::int64_t>(networks.front().moves.size());
    EvaluationReport::Share moves{
        console::counted(asked, "claim") + " with two lines or more", "evidence_lowers_more", {}};
    for (const Network& network : networks) {
      moves.ranks.push_back({network.name, network.moves, network.altered_members});
    }
    report.add_shares("without the first evidence the score falls more than without another line",
                      {moves});
  }
}

void evaluate(const Options& o) {
  if (o.reference.empty()) {
    throw console::UsageError(
        "claims evaluate needs --reference: the claims before any alteration");
  }
  if (!o.out.empty()) check_writable(o.out);
  std::vector<Scorer> scorers;
  std::vector<Network> networks;
  for (const std::string& option : o.models) networks.push_back(named_network(option));
  for (const std::string& option : o.scores) scorers.push_back(open_scorer(option));
  const Labels labels = claims::read_labels(std::filesystem::path(o.altered) / "labels.csv");
  Reference reference = read_reference(o);
  for (Network& network : networks) scorers.push_back(measure(o, labels, network));
  std::int64_t members = 0;
  const claims::Evaluation evaluation = score_altered(o, labels, reference, scorers, members);
  EvaluationReport report(o.sample.seed);
  add_recall(reference, networks, report);
  std::vector<std::string> shown = claims::Baselines::names();
  for (const Scorer& scorer : scorers) shown.push_back(scorer.name);
  for (const bool only_novel : {false, true}) {
    const claims::EvaluationTable table =
        evaluation.table(only_novel, EvaluationReport::kSamples, o.sample.seed);
    if (!only_novel && table.altered == 0) {
      throw Error("\"" + o.altered + "\": none of the claims of labels.csv is a test member's");
    }
    report.add_text(fmt::format("{}{}, {} of them altered:\n",
                                console::counted(table.claims, "claim"),
                                only_novel ? " whose set of codes no training claim has" : "",
                                console::with_commas(table.altered)));
    report.add_table(only_novel ? "novel" : "all", table, shown);
  }
  add_evidence(scorers, networks, members, report);
  if (!o.out.empty()) {
    report.write(o.out);
    report.add_text(console::wrote(o.out));
  }
  console::write_output(report.text());
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
  group.repeated_text("--model", "NAME=MODEL",
                      "A network to measure, under a name of your own; may be given several times",
                      [o](const std::vector<std::string>& all) { o->models = all; });
  group.repeated_text("--scores", "NAME=FILE",
                      "Scores of the altered claims, by `claims score` or anybody else",
                      [o](const std::vector<std::string>& all) { o->scores = all; });
  group.number("--sample",
               "The share of claims of which lines are hidden, or left out beside the first "
               "evidence (0.1 if not given)",
               {"a number above 0, up to 1", [](double x) { return x > 0 && x <= 1; }},
               [o](double share) { o->sample.share = share; });
  group.integer("--seed", "Of this sample, and of samples of members (0 if not given)", 0,
                [o](std::int64_t seed) { o->sample.seed = static_cast<std::uint64_t>(seed); });
  console::OptionGroup results(app, "Results");
  results.text("--out", "FILE", "All numbers with their intervals, as CSV",
               [o](const std::string& file) { o->out = file; });
  return [o] { evaluate(*o); };
}

}  // namespace clearhead::cli
