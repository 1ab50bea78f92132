// The command `clearhead claims score`.
#include "apps/cli/claims/score.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/claims/page.h"
#include "apps/cli/claims/worklist.h"
#include "apps/console/claims_inputs.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/progress.h"
#include "clearhead/claims/score_table.h"
#include "clearhead/claims/scores.h"

namespace clearhead::cli {
namespace {

constexpr std::size_t kClaimsAtATime = 1024;  // between two looks at the clock and at Ctrl-C

struct Options {
  console::ClaimsInputOptions inputs;
  std::vector<std::string> out;
  claims::ScoreOrder order;
  std::int64_t top = 10;
  WorklistOptions page;
};

// Adds the rows that are missing; false if it was interrupted.
bool score_all(const claims::ClaimsModel& model, const std::vector<claims::ClaimView>& views,
               claims::ScoreLog& log) {
  Progress progress(std::cerr, static_cast<std::int64_t>(views.size()),
                    detect_progress(STDERR_FILENO), static_cast<std::int64_t>(log.rows().size()));
  for (std::size_t first = log.rows().size(); first < views.size(); first = log.rows().size()) {
    if (interrupted()) return false;
    const auto part =
        std::span(views).subspan(first, std::min(kClaimsAtATime, views.size() - first));
    const auto scores = claims::explained_scores(model, part);
    std::vector<claims::ScoreRow> rows;
    for (std::size_t i = 0; i < part.size(); ++i) {
      rows.push_back(claims::row_of(part[i], scores[i]));
    }
    log.add(rows);
    progress.update(static_cast<std::int64_t>(log.rows().size()), "claims");
  }
  return true;
}

std::string first_of(std::vector<claims::ScoreRow> rows, std::int64_t top) {
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(top)));
  plot::TextTable table{
      .columns = {{"claim", true}, {"score"}, {"line"}, {"at stake"}, {"unusual by", true}},
      .rows = {}};
  for (const claims::ScoreRow& row : rows) {
    std::string kinds;
    for (std::size_t kind = 0; kind < claims::kKinds; ++kind) {
      if (row.kinds[kind] < 1) continue;
      kinds += fmt::format("{}{} {:.1f}", kinds.empty() ? "" : ", ", claims::kKindNames[kind],
                           row.kinds[kind]);
    }
    table.rows.push_back({row.claim, fmt::format("{:.2f}", row.score),
                          row.evidence_line > 0 ? std::to_string(row.evidence_line) : "",
                          row.evidence_line > 0 ? to_string(row.at_stake) : "", kinds});
  }
  return table.text(80);
}

bool is_page(const std::string& file) { return ending_of(file) == ".html"; }

std::vector<std::pair<std::string, claims::ScoreOrder>> orders() {
  using claims::ScoreOrder;
  std::vector<std::pair<std::string, ScoreOrder>> orders;
  for (const auto by : {ScoreOrder::By::score, ScoreOrder::By::stake, ScoreOrder::By::input}) {
    orders.push_back({claims::to_string(ScoreOrder{by}), {by}});
  }
  for (std::size_t kind = 0; kind < claims::kKinds; ++kind) {
    const ScoreOrder order{ScoreOrder::By::kind, static_cast<claims::Kind>(kind)};
    orders.push_back({claims::to_string(order), order});
  }
  return orders;
}

void score(Options& o) {
  if (o.out.empty()) {
    throw console::UsageError(
        "claims score needs --out: a file for the scores, .csv, .ndjson "
        "or .html");
  }
  for (const std::string& file : o.out) check_writable(file);
  check_worklist_options(o.page, std::ranges::any_of(o.out, is_page));
  const WorklistSources sources = open_worklist_sources(o.page, o.inputs.models);
  const console::ClaimsInputs in = console::read_claims_inputs(o.inputs, "claims score");
  std::vector<claims::ClaimView> views;
  for (const claims::MemberClaims& member : in.members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) views.push_back({&member, i});
  }
  const InterruptWatch interrupt;
  claims::ScoreLog log(o.out.front() + ".part",
                       claims::hash_of_claims(in.members) + " " + in.model_hash);
  if (!score_all(in.model, views, log)) {
    console::write_output(
        fmt::format("stopped after {} of {} claims; the same command goes on "
                    "from there\n",
                    log.rows().size(), views.size()));
    return;
  }
  const bool as_input = o.order.by == claims::ScoreOrder::By::input;
  const claims::ScoreOrder order = as_input ? claims::ScoreOrder() : o.order;
  std::vector<claims::ScoreRow> ranked = log.rows();
  claims::rank(ranked, order, sources.decisions);
  std::vector<claims::ScoreRow> table = ranked;
  if (as_input) claims::rank(table, o.order, sources.decisions);
  std::string written;
  for (const std::string& file : o.out) {
    if (is_page(file)) {
      Worklist list = make_worklist(in, o.inputs, ranked, sources, o.page);
      list.ranked_by = claims::to_string(order);
      const std::string page = render_worklist(list);
      write_file(file, [&](std::ostream& out) { out << page; });
    } else {
      claims::write_scores(file, table);
    }
    written += console::wrote(file);
  }
  console::write_output(first_of(std::move(ranked), o.top) + "\n" + written);
  log.remove();
}

}  // namespace

std::function<void()> set_up_claims_score(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_claims_inputs(app, o->inputs);
  console::OptionGroup results(app, "Results");
  results.repeated_text("--out", "FILE",
                        "Write a row a claim: .csv, .ndjson; or a page to work with: .html. May be "
                        "given several times. A stopped run goes on when it is called again",
                        [o](const std::vector<std::string>& files) { o->out = files; });
  results.choice<claims::ScoreOrder>(
      "--order", orders(),
      "What comes first, in tables and pages: the highest score (if not given), the highest amount "
      "at stake, the highest score of a kind; or the order of the input",
      [o](const claims::ScoreOrder& order) { o->order = order; });
  results.integer("--top", "How many to show here (10 if not given)", 0,
                  [o](std::int64_t n) { o->top = n; });
  add_worklist_options(app, o->page);
  return [o] { score(*o); };
}

}  // namespace clearhead::cli
