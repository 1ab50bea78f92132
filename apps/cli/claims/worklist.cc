// From scores to the lists that people go through.
#include "apps/cli/claims/worklist.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "apps/console/find_model.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/progress.h"
#include "clearhead/claims/clauses.h"
#include "clearhead/claims/evidence.h"
#include "clearhead/claims/masking.h"
#include "clearhead/claims/training.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::cli {
namespace {

constexpr int kBins = 40;                 // of a distribution
constexpr std::size_t kLooksShown = 16;   // of a line
constexpr std::size_t kClausesShown = 3;  // of a claim

const std::array<std::string, claims::kKinds> kKindWords = {
    "What was done, for this member's history, type of claim and specialty.",
    "Lines and diagnoses that seldom stand together.",
    "How many units, for this code.",
    "How much for one unit, among the amounts of this code.",
    "The same service again, in the claim or on the same day.",
    "The member's sex or age, for what was done."};

// A claim that is listed, and the claim as the network reads it.
struct Listed {
  claims::ClaimView view;
  const claims::ScoreRow* row = nullptr;
  std::int64_t rank = 0;  // among the unusual; 0: not listed there
};
const claims::EncodedClaim& encoded(const Listed& listed) {
  return listed.view.member->claims[listed.view.claim];
}

// All claims in the order of the input, with their scores; the first `most` of these have a rank.
std::vector<Listed> listed_claims(const std::vector<claims::MemberClaims>& members,
                                  const std::vector<claims::ScoreRow>& ranked, std::int64_t most) {
  std::vector<Listed> listed(ranked.size());
  for (const claims::MemberClaims& member : members) {
    for (std::size_t c = 0; c < member.claims.size(); ++c) {
      listed.at(static_cast<std::size_t>(member.claims[c].input)).view = {&member, c};
    }
  }
  std::int64_t rank = 0;
  for (const claims::ScoreRow& row : ranked) {
    Listed& claim = listed.at(static_cast<std::size_t>(row.input));
    claim.row = &row;
    claim.rank = ++rank <= most ? rank : 0;
  }
  return listed;
}

claims::Code code_of(const std::string& text) {
  const std::size_t blank = text.find(' ');
  return blank == std::string::npos ? claims::Code{"", text}
                                    : claims::Code{text.substr(0, blank), text.substr(blank + 1)};
}

WorklistClaim shown(const claims::Claim& claim, const Listed& listed,
                    std::vector<claims::Finding> findings, const std::string& member) {
  WorklistClaim shown;
  shown.id = claim.id ? *claim.id : "no number";
  shown.member = member;
  shown.type = claim.type.value;
  shown.date = claim.from.value;
  shown.specialty = claim.specialty ? *claim.specialty : "";
  shown.rank = listed.rank;
  shown.score = listed.row->score;
  shown.kind_scores = listed.row->kinds;
  shown.at_stake = listed.row->at_stake;
  shown.place = claim.place;
  claims::Money total;
  for (const claims::Line& line : claim.lines) {
    WorklistLine& of_line = shown.lines.emplace_back();
    of_line.number = line.number ? *line.number : static_cast<std::int64_t>(shown.lines.size());
    if (line.code) of_line.code = *line.code;
    of_line.units = line.units.value;
    of_line.charge = line.charge.value;
    of_line.place = line.place;
    if (!line.charge) continue;
    total = total + *line.charge;
  }
  shown.charge = claim.charge ? claim.charge.value : total;
  for (const claims::Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) shown.diagnoses.push_back(*diagnosis.code);
  }
  shown.findings = std::move(findings);
  return shown;
}

void add_evidence(const console::ClaimsInputs& in, const Listed& listed, WorklistClaim& shown) {
  const claims::ClaimVocabulary& vocabulary = *in.model.vocabulary;
  const claims::Evidence evidence = claims::evidence_of(in.model, listed.view);
  shown.reasons = claims::reasons_of(listed.view, evidence.surprises, evidence.score, in.model);
  for (const claims::LineEvidence& line : evidence.lines) {
    const std::int32_t number = line.surprise.part.number;
    if (number >= std::ssize(shown.lines)) continue;
    WorklistLine& of_line = shown.lines[static_cast<std::size_t>(number)];
    if (!std::isnan(line.change)) of_line.change = line.change;
    of_line.expected = {code_of(vocabulary.text(line.surprise.expected)),
                        line.surprise.expected_probability, line.score_with_expected};
    of_line.similar = claims::similar_claims(in.members, listed.view, number);
    const Tape tape = claims::tape_of_line(in.model, listed.view, number);
    of_line.looks = claims::looks_of(in.model, tape, listed.view, number);
    of_line.looks.resize(std::min(of_line.looks.size(), kLooksShown));
  }
}

// The scores of all claims of a type.
struct TypeScores {
  std::size_t place = 0;       // of their distribution in the list
  std::vector<double> scores;  // descending
};

std::map<std::string, TypeScores> add_distributions(const claims::ClaimVocabulary& vocabulary,
                                                    const std::vector<Listed>& listed,
                                                    Worklist& list) {
  double most = 1;
  std::map<std::string, TypeScores> types;
  for (const Listed& claim : listed) {
    most = std::max(most, claim.row->score);
    types[vocabulary.text(encoded(claim).type)].scores.push_back(claim.row->score);
  }
  for (auto& [name, type] : types) {
    std::ranges::sort(type.scores, std::ranges::greater{});
    type.place = list.distributions.size();
    std::vector<std::int64_t> counts(kBins);
    for (const double score : type.scores) {
      const int bin = std::clamp(static_cast<int>(score / most * kBins), 0, kBins - 1);
      ++counts[static_cast<std::size_t>(bin)];
    }
    list.distributions.push_back({name, 0, most, std::move(counts)});
  }
  return types;
}

// The word of the claim, and which code it is from.
std::string met_word(const claims::WordSource& source) {
  return fmt::format("{} ({}{})", source.written, source.is_of_neighbour ? "codes like " : "",
                     source.code.value);
}

// Finds the clauses that claims possibly touch; those that were found have a place in the list.
class ClauseFinder {
 public:
  ClauseFinder(const WorklistSources& sources, bool fuse, Worklist& list)
      : sources_(sources),
        ranking_(fuse ? claims::ClauseRanking::fused : claims::ClauseRanking::words),
        list_(list) {}

  void add(const claims::Claim& claim, WorklistClaim& shown) {
    const claims::ClauseQuery query = claims::query_of_claim(claim, sources_.tables);
    for (const claims::FoundClause& found :
         sources_.clauses->find(query, kClausesShown, ranking_)) {
      const auto [place, is_new] = places_.emplace(found.clause, list_.clauses.size());
      if (is_new) list_.clauses.push_back(sources_.clauses->clauses()[found.clause]);
      WorklistClauseHit& hit = shown.clauses.emplace_back();
      hit = {place->second, found.begin, found.quote.size(), {}};
      for (const claims::MetWord& met : claims::met_words(found)) {
        hit.meetings.push_back({found.begin + met.begin, met.size,
                                met.word.share / found.words.front().share,
                                met_word(query.sources.at(met.word.word))});
      }
    }
  }

 private:
  const WorklistSources& sources_;
  claims::ClauseRanking ranking_;
  Worklist& list_;
  std::map<std::size_t, std::size_t> places_;  // of clauses, in the list
};

// Gathers the claims that are listed.
class Maker {
 public:
  Maker(const console::ClaimsInputs& in, const std::vector<claims::ScoreRow>& ranked,
        const WorklistSources& sources, const WorklistOptions& options)
      : in_(in),
        sources_(sources),
        options_(options),
        listed_(listed_claims(in.members, ranked, options.most)),
        rules_(sources.tables, in.model.people.get()),
        clauses_(sources, options.fuse, list_),
        progress_(std::cerr, std::min<std::int64_t>(options.details, std::ssize(ranked)),
                  detect_progress(STDERR_FILENO)) {
    list_.model = in.folder.filename().string();
    list_.model_hash = in.model_hash;
    list_.data_hash = claims::hash_of_claims(in.members);
    list_.scored = std::ssize(ranked);
    list_.compared = claims::kCalibrationClaims;
    list_.kinds = kKindWords;
    types_ = add_distributions(*in.model.vocabulary, listed_, list_);
  }

  void add(const claims::Claim& claim) {
    std::vector<claims::Finding> findings = rules_.check(claim);
    const Listed& listed = listed_.at(read_++);
    if (!findings.empty() && ++with_findings_ > options_.most) findings.clear();
    if (listed.rank == 0 && findings.empty()) return;
    const std::string id = claim.member.id ? *claim.member.id : "";
    WorklistClaim one = shown(claim, listed, std::move(findings),
                              options_.show_identifiers ? id : claims::masked(id, key_));
    const TypeScores& type = types_.at(in_.model.vocabulary->text(encoded(listed).type));
    one.distribution = type.place;
    one.as_high = std::ranges::upper_bound(type.scores, one.score, std::ranges::greater{}) -
                  type.scores.begin();
    for (const auto queue : {claims::ReviewQueue::rules, claims::ReviewQueue::unusual}) {
      const claims::ClaimDecision* decision = sources_.decisions.find(one.id, queue);
      if (decision != nullptr) one.decisions.push_back(*decision);
    }
    if (one.rank > 0 && one.rank <= options_.details) {
      add_evidence(in_, listed, one);
      if (sources_.clauses) clauses_.add(claim, one);
      progress_.update(++explained_, "claims explained");
    }
    add_texts(one);
    if (one.date && (!list_.from || *one.date < *list_.from)) list_.from = one.date;
    if (one.date && (!list_.to || *one.date > *list_.to)) list_.to = one.date;
    list_.claims.push_back(std::move(one));
  }

  Worklist take() { return std::move(list_); }

 private:
  void add_texts(const WorklistClaim& claim) {
    const auto add = [&](const claims::Code& code) {
      const claims::CodeRow* row = sources_.tables.row_of(code, {});
      if (row != nullptr && !row->description.empty()) list_.code_texts[code] = row->description;
    };
    for (const WorklistLine& line : claim.lines) {
      add(line.code);
      if (line.expected) add(line.expected->code);
    }
    for (const claims::Code& code : claim.diagnoses) add(code);
  }

  const console::ClaimsInputs& in_;
  const WorklistSources& sources_;
  const WorklistOptions& options_;
  const std::vector<Listed> listed_;
  const claims::MaskingKey key_ = claims::MaskingKey::random();
  claims::Rules rules_;
  Worklist list_;
  ClauseFinder clauses_;
  std::map<std::string, TypeScores> types_;
  Progress progress_;
  std::size_t read_ = 0;  // claims so far
  std::int64_t with_findings_ = 0, explained_ = 0;
};

}  // namespace

void add_worklist_options(CLI::App& app, WorklistOptions& options) {
  WorklistOptions* const o = &options;
  console::OptionGroup before(app, "What was decided before");
  before.text("--decisions", "FILE",
              "What people decided, as a page saved it: what was dismissed stays down",
              [o](const std::string& file) { o->decisions = file; });
  console::OptionGroup group(app, "A page (--out FILE.html)");
  group.repeated_text("--tables", "FILE",
                      "Your tables of codes, units, pairs, persons: rules check the claims by "
                      "them. May be given several times",
                      [o](const std::vector<std::string>& files) { o->tables = files; });
  group.repeated_text("--clauses", "POLICY",
                      "Quote the clauses that a claim possibly touches, by the texts of its codes "
                      "in --tables (claims clauses says how). May be given several times",
                      [o](const std::vector<std::string>& files) { o->clauses = files; });
  group.flag("--fuse", "Let late interaction read the best clauses again, and fuse both ranks",
             [o] { o->fuse = true; });
  group.integer("--list", "The most claims of each of its two lists (5000 if not given)", 1,
                [o](std::int64_t n) { o->most = n; });
  group.integer("--details", "Claims with all evidence, from the top (200 if not given)", 0,
                [o](std::int64_t n) { o->details = n; });
  group.flag("--show-identifiers", "Members by their own numbers; else they are masked",
             [o] { o->show_identifiers = true; });
}

void check_worklist_options(const WorklistOptions& o, bool has_page) {
  if (!has_page && !(o.tables.empty() && o.clauses.empty())) {
    throw console::UsageError("--tables and --clauses are for a page: add --out FILE.html");
  }
  if (!o.clauses.empty() && o.tables.empty()) {
    throw console::UsageError("--clauses needs --tables, with texts of the claims' codes");
  }
  if (o.fuse && o.clauses.empty()) throw console::UsageError("--fuse needs --clauses");
}

WorklistSources open_worklist_sources(const WorklistOptions& o, const std::string& models) {
  WorklistSources sources;
  for (const std::string& file : o.tables) sources.tables.add(file);
  if (!o.decisions.empty()) {
    ByteStream stream{std::filesystem::path(o.decisions)};
    sources.decisions =
        claims::Decisions::read(stream, [](const claims::Place& place, const std::string& fault) {
          console::write_message(claims::to_string(place) + ": " + fault);
        });
  }
  std::vector<claims::Clause> clauses;
  for (const std::string& file : o.clauses) {
    std::ranges::move(claims::read_clauses(file), std::back_inserter(clauses));
  }
  if (clauses.empty()) return sources;
  std::optional<claims::ClauseModel> model;
  if (o.fuse) {
    model =
        claims::open_clause_model(console::find_model("clauses", console::model_folders(models)));
  }
  sources.clauses.emplace(std::move(clauses), std::move(model));
  return sources;
}

Worklist make_worklist(const console::ClaimsInputs& in, const console::ClaimsInputOptions& inputs,
                       const std::vector<claims::ScoreRow>& ranked, const WorklistSources& sources,
                       const WorklistOptions& options) {
  Maker maker(in, ranked, sources, options);
  const claims::ReadSummary summary = claims::read_claims(
      inputs.data, inputs.read, {.claim = [&](claims::Claim&& claim) { maker.add(claim); }});
  Worklist list = maker.take();
  list.refused = summary.refusals;
  return list;
}

}  // namespace clearhead::cli
