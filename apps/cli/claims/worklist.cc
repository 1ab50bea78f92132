// From scores to the lists that people go through.
#include "apps/cli/claims/worklist.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "clearhead/base/progress.h"
#include "clearhead/claims/code_tables.h"
#include "clearhead/claims/decisions.h"
#include "clearhead/claims/evidence.h"
#include "clearhead/claims/masking.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::cli {
namespace {

constexpr int kBins = 40;                // of a distribution
constexpr std::size_t kLooksShown = 16;  // of a line

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

claims::Decisions read_decisions(const std::string& path) {
  if (path.empty()) return {};
  ByteStream stream{std::filesystem::path(path)};
  return claims::Decisions::read(stream, [](const claims::Place& place, const std::string& fault) {
    console::write_message(claims::to_string(place) + ": " + fault);
  });
}

// All claims by their numbers; the highest scores have a rank, those that were dismissed the last.
std::unordered_map<std::string, Listed> ranked(const std::vector<claims::MemberClaims>& members,
                                               const std::vector<claims::ScoreRow>& rows,
                                               const claims::Decisions& decisions,
                                               std::int64_t most) {
  std::unordered_map<std::string, Listed> listed;
  std::size_t i = 0;
  for (const claims::MemberClaims& member : members) {
    for (std::size_t c = 0; c < member.claims.size(); ++c, ++i) {
      listed[rows[i].claim] = {{&member, c}, &rows[i]};
    }
  }
  std::vector<const claims::ScoreRow*> order;
  for (const claims::ScoreRow& row : rows) order.push_back(&row);
  const auto is_down = [&](const claims::ScoreRow* row) {
    return decisions.dismissed(row->claim, claims::ReviewQueue::unusual);
  };
  std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
    const bool a_down = is_down(a), b_down = is_down(b);
    return a_down != b_down ? b_down : a->score > b->score;
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(most)));
  for (std::size_t place = 0; place < order.size(); ++place) {
    listed.at(order[place]->claim).rank = static_cast<std::int64_t>(place) + 1;
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
  shown.id = *claim.id;
  shown.member = member;
  shown.type = claim.type.value;
  shown.date = claim.from.value;
  shown.specialty = claim.specialty ? *claim.specialty : "";
  shown.rank = listed.rank;
  shown.score = listed.row->score;
  shown.kind_scores = listed.row->kinds;
  shown.tail = std::pow(10, -shown.score);
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
    if (of_line.number == listed.row->evidence_line) shown.at_stake = *line.charge;
  }
  shown.charge = claim.charge ? claim.charge.value : total;
  for (const claims::Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) shown.diagnoses.push_back(*diagnosis.code);
  }
  for (const claims::Finding& finding : findings) {
    shown.at_stake = std::max(shown.at_stake, finding.at_stake);
  }
  shown.findings = std::move(findings);
  return shown;
}

void add_evidence(const console::ClaimsInputs& in, const Listed& listed, WorklistClaim& shown) {
  const claims::ClaimVocabulary& vocabulary = *in.model.vocabulary;
  const claims::Evidence evidence = claims::evidence_of(in.model, listed.view, {});
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

// Of the scores of all claims of each type.
std::map<std::string, std::size_t> add_distributions(const console::ClaimsInputs& in,
                                                     const std::vector<claims::ScoreRow>& rows,
                                                     Worklist& list) {
  std::map<std::string, std::size_t> places;
  double most = 1;
  for (const claims::ScoreRow& row : rows) most = std::max(most, row.score);
  std::size_t i = 0;
  for (const claims::MemberClaims& member : in.members) {
    for (const claims::EncodedClaim& claim : member.claims) {
      const std::string type = in.model.vocabulary->text(claim.type);
      const auto [place, is_new] = places.emplace(type, list.distributions.size());
      if (is_new) {
        list.distributions.push_back(
            {type + " claims here", 0, most, std::vector<std::int64_t>(kBins)});
      }
      const double share = rows[i++].score / most;
      const int bin = std::clamp(static_cast<int>(share * kBins), 0, kBins - 1);
      ++list.distributions[place->second].counts[static_cast<std::size_t>(bin)];
    }
  }
  return places;
}

}  // namespace

void add_worklist_options(CLI::App& app, WorklistOptions& options) {
  WorklistOptions* const o = &options;
  console::OptionGroup group(app, "A page (--out FILE.html)");
  group.repeated_text("--tables", "FILE",
                      "Your tables of codes, units, pairs, persons: rules check the claims by "
                      "them. May be given several times",
                      [o](const std::vector<std::string>& files) { o->tables = files; });
  group.text("--decisions", "FILE",
             "What people decided, as a page saved it: what was dismissed stays down",
             [o](const std::string& file) { o->decisions = file; });
  group.integer("--list", "The most claims of each of its two lists (5000 if not given)", 1,
                [o](std::int64_t n) { o->most = n; });
  group.integer("--details", "Claims with all evidence, from the top (200 if not given)", 0,
                [o](std::int64_t n) { o->details = n; });
  group.flag("--show-identifiers", "Members by their own numbers; else they are masked",
             [o] { o->show_identifiers = true; });
}

Worklist make_worklist(const console::ClaimsInputs& in, const claims::ReadOptions& read,
                       const std::string& data, const std::vector<claims::ScoreRow>& rows,
                       const WorklistOptions& o) {
  claims::CodeTables tables;
  for (const std::string& file : o.tables) tables.add(file);
  const claims::Decisions decisions = read_decisions(o.decisions);
  const auto listed = ranked(in.members, rows, decisions, o.most);
  const claims::MaskingKey key = claims::MaskingKey::random();

  Worklist list{.model = in.folder.filename().string(),
                .model_hash = in.model_hash,
                .data_hash = claims::hash_of_claims(in.members),
                .from = {},
                .to = {},
                .scored = static_cast<std::int64_t>(rows.size()),
                .kinds = kKindWords,
                .code_texts = {},
                .clauses = {},
                .distributions = {},
                .claims = {}};
  const auto distributions = add_distributions(in, rows, list);
  const auto name = [&](const claims::Code& code) {
    const claims::CodeRow* row = tables.row_of(code, {});
    if (row != nullptr && !row->description.empty()) list.code_texts[code] = row->description;
  };
  claims::Rules rules(tables);
  std::int64_t with_findings = 0;
  Progress progress(std::cerr, std::min<std::int64_t>(o.details, std::ssize(rows)),
                    detect_progress(STDERR_FILENO));
  std::int64_t explained = 0;
  const auto take = [&](claims::Claim&& claim) {
    std::vector<claims::Finding> findings = rules.check(claim);
    const auto found = claim.id ? listed.find(*claim.id) : listed.end();
    if (found == listed.end()) return;
    const bool is_in_rules = !findings.empty() && with_findings < o.most;
    if (found->second.rank == 0 && !is_in_rules) return;
    if (is_in_rules) ++with_findings;
    if (!is_in_rules) findings.clear();
    const std::string id = claim.member.id ? *claim.member.id : "";
    WorklistClaim one = shown(claim, found->second, std::move(findings),
                              o.show_identifiers ? id : claims::masked(id, key));
    for (const WorklistLine& line : one.lines) name(line.code);
    for (const claims::Code& code : one.diagnoses) name(code);
    for (const auto queue : {claims::ReviewQueue::rules, claims::ReviewQueue::unusual}) {
      const claims::ClaimDecision* decision = decisions.find(one.id, queue);
      if (decision != nullptr) one.decisions.push_back(*decision);
    }
    const claims::EncodedClaim& encoded =
        found->second.view.member->claims[found->second.view.claim];
    one.distribution = distributions.at(in.model.vocabulary->text(encoded.type));
    if (one.rank > 0 && one.rank <= o.details) {
      add_evidence(in, found->second, one);
      for (const WorklistLine& line : one.lines) {
        if (line.expected) name(line.expected->code);
      }
      progress.update(++explained, "claims explained");
    }
    if (one.date && (!list.from || *one.date < *list.from)) list.from = one.date;
    if (one.date && (!list.to || *one.date > *list.to)) list.to = one.date;
    list.claims.push_back(std::move(one));
  };
  list.refused = claims::read_claims(data, read, {.claim = take}).refusals;
  return list;
}

}  // namespace clearhead::cli
