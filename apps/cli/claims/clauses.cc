// The command `clearhead claims clauses`.
#include "apps/cli/claims/clauses.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/console/figures.h"
#include "apps/console/find_model.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/training_watch.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/parallel.h"
#include "clearhead/claims/clause_search.h"
#include "clearhead/claims/clause_training.h"
#include "clearhead/claims/csv_values.h"
#include "clearhead/claims/reader.h"
#include "clearhead/plot/figure_file.h"

namespace clearhead::cli {
namespace {

constexpr int kIndent = 4;            // of what stands below a clause
constexpr std::size_t kWords = 8;     // shared with the query, that are shown
constexpr double kLeastShare = 0.02;  // of the score, that a word needs to be shown

struct Options {
  std::string policy, query, code, claim, data;
  claims::ReadOptions read;
  std::vector<std::string> tables;
  std::string model = "clauses";
  std::string models;
  bool fuse = false;
  std::int64_t top = 5;
  std::vector<std::string> heatmap;
  std::string train, out;
  int threads = 0;
};

void check(const Options& o) {
  if (o.policy.empty()) {
    throw console::UsageError(
        "claims clauses needs POLICY: a file in JSONL, Markdown, HTML or text (docs/claims.md)");
  }
  const auto given = [](const std::string& text) { return text.empty() ? 0 : 1; };
  if (given(o.query) + given(o.code) + given(o.claim) + given(o.train) != 1) {
    throw console::UsageError("claims clauses needs one of --query, --code, --claim and --train");
  }
  if (!o.code.empty() && o.tables.empty()) {
    throw console::UsageError(
        "--code needs --tables: a CSV file with the columns code, description");
  }
  if (!o.claim.empty() && (o.data.empty() || o.tables.empty())) {
    throw console::UsageError(
        "--claim needs --data, where the claim is, and --tables, with texts of "
        "its codes");
  }
  for (const std::string& file : o.heatmap) {
    try {
      plot::check_figure_ending(file);
    } catch (const Error& error) {
      throw console::UsageError(std::string("--heatmap: ") + error.what());
    }
    check_writable(file);
  }
}

claims::ClauseQuery query_of(const Options& o) {
  if (!o.query.empty()) return claims::query_of_text(o.query);
  claims::CodeTables tables;
  for (const std::string& table : o.tables) tables.add(table);
  if (!o.code.empty()) {
    const auto query = claims::query_of_code({"HCPCS", claims::code_of(o.code)}, tables);
    if (!query) throw Error("--code " + o.code + ": the tables have no description of it");
    return *query;
  }
  std::optional<claims::Claim> claim;
  claims::read_claims(o.data, o.read, {.claim = [&](claims::Claim&& read) {
                        if (!claim && read.id && *read.id == o.claim) claim = std::move(read);
                      }});
  if (!claim) throw Error("no claim in " + o.data + " has the number " + o.claim);
  claims::ClauseQuery query = claims::query_of_claim(*claim, tables);
  if (query.words.empty()) {
    throw Error("claim " + o.claim + ": the tables have no description of any of its codes");
  }
  return query;
}

// The words of a text in lines, behind a mark.
std::string quoted(const std::string& text) {
  std::string lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += std::string(kIndent, ' ') + "| " +
             console::wrapped(text.substr(begin, end - begin), 90, kIndent + 2) + "\n";
    begin = end + 1;
  }
  return lines;
}

std::string clause_text(const claims::Clause& clause, const claims::FoundClause& found,
                        std::size_t number) {
  std::string words;
  for (std::size_t i = 0; i < found.words.size() && i < kWords; ++i) {
    if (found.words[i].share < kLeastShare) break;
    words += fmt::format("{}{} {:.0f} %", i == 0 ? "" : ", ", found.words[i].word,
                         100 * found.words[i].share);
  }
  const std::string indent(kIndent, ' ');
  std::string text = fmt::format("{}. {}\n", number, clause.id);
  if (!clause.path.empty()) text += indent + claims::path_text(clause) + "\n";
  text += quoted(found.quote);
  text += indent + "words: " + words + "\n";
  return text + indent + to_string(clause.place) + "\n";
}

plot::Heatmap heatmap_of(const claims::TokenMatch& match, const std::string& clause) {
  plot::Heatmap heatmap{.title = "Which token met which of " + clause};
  heatmap.row_title = "query";
  heatmap.column_title = "clause";
  heatmap.value_title = "cosine";
  heatmap.panels.push_back({.title = {},
                            .values = match.cosines,
                            .row_labels = match.query,
                            .column_labels = match.passage});
  return heatmap;
}

void search(const Options& o) {
  const claims::ClauseQuery query = query_of(o);
  std::optional<claims::ClauseModel> model;
  if (o.fuse || !o.heatmap.empty()) {
    model =
        claims::open_clause_model(console::find_model(o.model, console::model_folders(o.models)));
  }
  const claims::ClauseSearch search(claims::read_clauses(o.policy), std::move(model));
  const std::vector<claims::FoundClause> found =
      search.find(query, static_cast<std::size_t>(o.top),
                  o.fuse ? claims::ClauseRanking::fused : claims::ClauseRanking::words);
  std::string text = "Asked: " + console::wrapped(query.text, 90, 7) + "\n";
  if (found.empty()) text += "No clause shares a word with it.\n";
  for (std::size_t i = 0; i < found.size(); ++i) {
    text += "\n" + clause_text(search.clauses()[found[i].clause], found[i], i + 1);
  }
  if (!found.empty()) {
    text += "\nPossibly relevant, the most likely first; a person decides.\n";
    if (!o.heatmap.empty()) {
      text += console::write_figures(
          heatmap_of(search.match(query, found.front()), search.clauses()[found.front().clause].id),
          o.heatmap);
    }
  }
  console::write_text(text);
}

void train(Options& o) {
  const claims::ClauseRecipe recipe = claims::read_clause_recipe(o.train);
  const std::filesystem::path out =
      o.out.empty() ? usual_run_folder(o.train) : std::filesystem::path(o.out);
  const InterruptWatch interrupt;
  claims::ClauseTrainer trainer(recipe, claims::read_clauses(o.policy), out);
  console::write_message(fmt::format("{}: {} parameters, {} steps; everything goes to {}", o.train,
                                     trainer.encoder().parameters().count(), recipe.training.steps,
                                     out.string()));
  console::write_output(console::watch_training(trainer.training(), {.title = "Clauses",
                                                                     .unit = "queries",
                                                                     .curves = out / "curves.svg",
                                                                     .model = out / "model"}));
}

}  // namespace

std::function<void()> set_up_claims_clauses(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("policy", o->policy, "The policy: .jsonl, .md, .html or text")
      ->type_name("POLICY");
  console::OptionGroup ask(app, "What to ask");
  ask.text("--query", "TEXT", "A text", [o](const std::string& x) { o->query = x; });
  ask.text("--code", "CODE", "A HCPCS code of the tables",
           [o](const std::string& x) { o->code = x; });
  ask.text("--claim", "ID", "The number of a claim in --data",
           [o](const std::string& x) { o->claim = x; });
  ask.text("--data", "PATH", "Claims: a folder of tables, or files (claims read says which)",
           [o](const std::string& x) { o->data = x; });
  ask.text("--mapping", "FILE", "Which columns of tables mean what (JSON)",
           [o](const std::string& x) { o->read.mapping = x; });
  ask.repeated_text("--tables", "FILE", "Codes and their descriptions (CSV); may be repeated",
                    [o](const std::vector<std::string>& x) { o->tables = x; });
  console::OptionGroup how(app, "What to show");
  how.integer("--top", "How many clauses (5 if not given)", {1, 1000},
              [o](std::int64_t n) { o->top = n; });
  how.flag("--fuse", "Let late interaction read the best clauses again, and fuse both ranks",
           [o] { o->fuse = true; });
  how.text("--model", "NAME",
           "Of late interaction, for --fuse and --heatmap (clauses if not given)",
           [o](const std::string& x) { o->model = x; });
  how.text("--models", "FOLDER", "Where models are looked for",
           [o](const std::string& x) { o->models = x; });
  how.repeated_text("--heatmap", "FILE",
                    "Draw which token met which of the first clause (.html, .svg, .png, .pdf)",
                    [o](const std::vector<std::string>& x) { o->heatmap = x; });
  how.threads(o->threads);
  console::OptionGroup learn(app, "Training");
  learn.text("--train", "RECIPE", "Train a model of late interaction on the policy itself",
             [o](const std::string& x) { o->train = x; });
  learn.text("--out", "FOLDER", "Where the run is written, or continued (runs/RECIPE if not given)",
             [o](const std::string& x) { o->out = x; });
  return [o] {
    check(*o);
    set_thread_count(o->threads);
    o->train.empty() ? search(*o) : train(*o);
  };
}

}  // namespace clearhead::cli
