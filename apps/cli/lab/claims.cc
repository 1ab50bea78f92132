// The experiment `lab claims`.
#include "apps/cli/lab/claims.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "apps/console/claims_inputs.h"
#include "apps/console/figures.h"
#include "apps/console/output.h"
#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
#include "clearhead/claims/evidence.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kEvents = 24;  // the latest, and what came before all

// A code of the vocabulary, drawn by how often it was seen, that the claim does not have.
claims::Token other_code(const claims::ClaimVocabulary& vocabulary,
                         const claims::EncodedClaim& claim, std::uint64_t seed) {
  const std::int64_t first = vocabulary.missing(claims::FieldKind::code);
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < vocabulary.values(claims::FieldKind::code); ++i) {
    total += vocabulary.count(first + i);
  }
  if (total == 0) throw Error("the model's vocabulary has no codes");
  Random random(seed);
  while (true) {
    std::int64_t left = random.below(total);
    std::int64_t token = first;
    while (left >= vocabulary.count(token)) left -= vocabulary.count(token++);
    const bool is_there = std::any_of(claim.lines.begin(), claim.lines.end(),
                                      [&](const auto& line) { return line.code == token; });
    if (!is_there) return static_cast<claims::Token>(token);
  }
}

// Labels have little room: "24 d: 185347001" of "24 to 25 days before: SNOMED 185347001 for …",
// "line 1: 185347001" of "line 1: SNOMED 185347001".
std::string short_label(const std::string& text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string::npos) return text;
  std::string before = text.substr(0, colon);
  if (before.ends_with(" before")) before = before.substr(0, before.find(' ')) + " d";
  std::string code = text.substr(colon + 2, text.find(" for ") - colon - 2);
  return before + ": " + code.substr(code.rfind(' ') + 1);
}

plot::Panel panel_of(const claims::ClaimsModel& model, const claims::ClaimView& view,
                     const std::string& title) {
  claims::HistoryAttention attention = claims::history_attention(model, view);
  const std::int64_t shown = std::min(kEvents, attention.weights.size(1));
  attention.events.resize(static_cast<std::size_t>(shown));
  for (auto* labels : {&attention.events, &attention.positions}) {
    std::transform(labels->begin(), labels->end(), labels->begin(), short_label);
  }
  const claims::ClaimScore score = claims::scores_of(model, std::vector{view}).front();
  return {.title = fmt::format("{}: score {:.2f}", title, score.score),
          .values = attention.weights.slice(1, 0, shown),
          .row_labels = attention.positions,
          .column_labels = attention.events};
}

}  // namespace

void run_lab_claims(const LabOptions& o) {
  const console::ClaimsInputs in = console::read_claims_inputs(
      {.data = o.data, .model = o.model.empty() ? "claims" : o.model, .threads = o.threads},
      "lab claims");
  const claims::ClaimView view = console::find_claim(in, o.claim);
  const claims::EncodedClaim& claim = view.member->claims[view.claim];
  if (claim.lines.empty() || in.model.network->config().history == 0) {
    throw Error(
        fmt::format("lab claims: expected a claim with lines and a model that reads the "
                    "history; {} has {} lines, the model reads {} events",
                    claim.id, claim.lines.size(), in.model.network->config().history));
  }
  claims::MemberClaims altered = *view.member;
  claims::EncodedLine& line = altered.claims[view.claim].lines.back();
  line.code = other_code(*in.model.vocabulary, claim, static_cast<std::uint64_t>(o.seed));
  line.amount = static_cast<claims::Token>(in.model.vocabulary->usual_amount(line.code));

  plot::Heatmap heatmap{.title = fmt::format("Where the claim {} looks in its history", claim.id),
                        .row_title = "parts of the claim",
                        .column_title = "events, the latest first",
                        .value_title = "attention weight, mean over heads and layers",
                        .panel_columns = 1};
  heatmap.panels.push_back(panel_of(in.model, view, "as it is"));
  heatmap.panels.push_back(panel_of(
      in.model, {&altered, view.claim},
      fmt::format("line {} altered to {}", line.number, in.model.vocabulary->text(line.code))));
  const plot::TerminalOptions terminal = plot::detect_terminal(STDOUT_FILENO);
  console::write_output(plot::render_terminal(heatmap, terminal) + "\n" +
                        console::write_figures(heatmap, o.out));
}

}  // namespace clearhead::cli
