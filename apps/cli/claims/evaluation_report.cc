// Estimates as cells of tables and as rows of a file.
#include "apps/cli/claims/evaluation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <span>
#include <utility>

#include "clearhead/base/file.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/plot/text_table.h"

namespace clearhead::cli {
namespace {

using claims::Estimate;

constexpr std::array<std::int64_t, 3> kRanks = {1, 5, 10};

}  // namespace

// Notes an estimate for the file. In a table: the value, and half its interval.
std::string EvaluationReport::cell(const std::string& about, const std::string& scorer,
                                   const std::string& measure, const Estimate& e) {
  if (std::isnan(e.value)) return "";  // there are no such claims
  rows_ += fmt::format("{},{},{},{:.6f},{:.6f},{:.6f}\n", about, claims::csv_cell(scorer), measure,
                       e.value, e.low, e.high);
  return fmt::format("{:.3f} ±{:.3f}", e.value, (e.high - e.low) / 2);
}

Estimate EvaluationReport::recall(std::int64_t k, const NamedRanks& ranks) const {
  return claims::bootstrap(
      [&](std::span<const double> weights) { return claims::recall_at(k, ranks.ranks, weights); },
      ranks.members, kSamples, seed_);
}

void EvaluationReport::add_recall(const std::string& title, const std::string& measure,
                                  const std::vector<NamedRanks>& guesses) {
  plot::TextTable table{.columns = {{title, true}}, .rows = {}};
  for (const std::int64_t k : kRanks) table.columns.push_back({fmt::format("at {}", k), true});
  for (const NamedRanks& ranks : guesses) {
    std::vector<std::string> cells = {ranks.name};
    for (const std::int64_t k : kRanks) {
      cells.push_back(
          cell("normal", ranks.name, fmt::format("{}_at_{}", measure, k), recall(k, ranks)));
    }
    table.rows.push_back(std::move(cells));
  }
  add_text(table.text());
}

void EvaluationReport::add_shares(const std::string& title, const std::vector<Share>& shares) {
  plot::TextTable table{.columns = {{title, true}}, .rows = {}};
  for (const Share& share : shares) table.columns.push_back({share.title, true});
  for (std::size_t i = 0; i < shares.front().ranks.size(); ++i) {
    std::vector<std::string> cells = {shares.front().ranks[i].name};
    for (const Share& share : shares) {
      const NamedRanks& ranks = share.ranks[i];
      cells.push_back(cell("all", ranks.name, share.measure, recall(1, ranks)));
    }
    table.rows.push_back(std::move(cells));
  }
  add_text(table.text());
}

void EvaluationReport::add_table(const std::string& about, const claims::EvaluationTable& table,
                                 const std::vector<std::string>& shown) {
  plot::TextTable text{.columns = {{"AUROC", true}}, .rows = {}};
  for (std::size_t i = 0; i < claims::kAlterations; ++i) {
    text.rows.push_back({to_string(static_cast<claims::Alteration>(i))});
  }
  text.rows.push_back({"average precision"});
  for (const claims::EvaluationRow& row : table.rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < claims::kAlterations; ++i) {
      cells.push_back(
          cell(about, row.scorer, to_string(static_cast<claims::Alteration>(i)), row.auroc[i]));
    }
    cells.push_back(cell(about, row.scorer, "average_precision", row.average_precision));
    if (std::find(shown.begin(), shown.end(), row.scorer) == shown.end()) continue;
    text.columns.push_back({row.scorer, true});
    for (std::size_t i = 0; i < cells.size(); ++i) text.rows[i].push_back(cells[i]);
  }
  text_ += text.text();
}

void EvaluationReport::add_text(const std::string& text) {
  text_ += (text_.empty() ? "" : "\n") + text;
}

void EvaluationReport::write(const std::string& file) const {
  write_file(file, [&](std::ostream& out) {
    out << "claims,scorer,measure,value,low,high\n" << rows_;
  });
}

}  // namespace clearhead::cli
