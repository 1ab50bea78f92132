// Scores of all heads as three heatmaps and a table, on random tokens said twice, or on a text.
#include "apps/cli/lens/heads.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/console/attention_axes.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/lens/head_scores.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ReadingOptions reading;
  std::optional<AttentionKind> attention;
  std::optional<std::int64_t> tokens;
  std::uint64_t seed = 1;
  std::int64_t top = 10;
  LensResultOptions results;
};

constexpr std::pair<const char*, double HeadScores::*> kScores[] = {
    {"previous token", &HeadScores::previous_token},
    {"duplicate token", &HeadScores::duplicate_token},
    {"induction", &HeadScores::induction},
};

// Random tokens, twice. A special token would not be one like others.
Reading read_repeated(const Options& o) {
  SavedModel saved = console::open_model(o.reading.model);
  if (as_if<TranslationModel>(saved) != nullptr) {
    throw console::UsageError("a translation model reads a TEXT; random tokens are no language");
  }
  const Tokenizer& tokenizer = *saved.tokenizer;
  std::vector<std::int64_t> candidates;
  for (std::int64_t id = 0; id < saved.model->tokens(); ++id) {
    if (!tokenizer.is_special(id)) candidates.push_back(id);
  }
  const bool is_framed = as_if<LanguageModel>(saved) == nullptr;
  const std::int64_t most = console::most_tokens(*saved.model, is_framed ? kFrame : 0) / 2;
  std::int64_t count = o.tokens.value_or(std::min<std::int64_t>(50, std::ssize(candidates)));
  if (most > 0 && count > most) {
    if (o.tokens) {
      throw console::UsageError(fmt::format(
          "--tokens {}: {} of them twice is what the model reads at most", count, most));
    }
    count = most;
  }
  std::vector<std::int64_t> ids = repeated_tokens(std::move(candidates), count, o.seed);
  if (is_framed) ids = in_frame(std::move(ids), tokenizer);
  return console::read(o.reading.interventions, [&](Tape tape) {
    return Reading{console::model_name(o.reading.model), std::move(saved), std::move(ids),
                   o.reading.model.precision, std::move(tape)};
  });
}

void run(const Options& o) {
  check(o.results);
  if (o.tokens && o.reading.text.is_given()) {
    throw console::UsageError("--tokens is for random tokens, and there is a TEXT; choose one");
  }
  if (o.reading.last > 0 && !o.reading.text.is_given()) {
    throw console::UsageError(
        "--last is for a TEXT, and there is none; --tokens sets their number");
  }
  const Reading reading = o.reading.text.is_given() ? console::read(o.reading) : read_repeated(o);
  const std::optional<AttentionAxes> axes = console::find_attention(reading, o.attention);
  if (!axes) throw console::UsageError(reading.name + " has no attention");
  console::require_same_tokens(*axes, "a score");
  const bool of_source = kind_of(axes->stack) == AttentionKind::encoder && reading.is_translation();
  const std::vector<std::int64_t>& ids = (of_source ? reading.source : reading.text).ids;

  std::vector<std::pair<std::string, HeadScores>> heads;
  for (std::int64_t layer = 0; layer < axes->layers(); ++layer) {
    for (std::int64_t head = 0; head < axes->heads; ++head) {
      const std::string& scope = axes->stack.scopes[static_cast<std::size_t>(layer)];
      heads.emplace_back(
          fmt::format("L{}H{}", layer, head),
          score_head(visible_weights(reading.tape, {.scope = scope, .head = head}), ids));
    }
  }
  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = reading.name + ": what heads do with tokens that occur again";
  heatmap.row_title = "layer";
  heatmap.column_title = "head";
  heatmap.value_title = "mean weight";
  heatmap.range = plot::Range{0, 1};
  NamedTensors numbers;
  plot::TextTable table;
  table.columns = {{"head", true}};
  for (const auto& score : kScores) {
    Tensor scores({axes->layers(), axes->heads}, DType::f64);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      scores.mutable_data<double>()[i] = heads[i].second.*score.second;
    }
    heatmap.panels.push_back({.title = score.first, .values = scores});
    numbers.tensors.emplace_back(score.first, scores);
    table.columns.push_back({score.first, false});
  }
  std::stable_sort(heads.begin(), heads.end(), [](const auto& a, const auto& b) {
    return a.second.induction > b.second.induction;
  });
  heads.resize(std::min(heads.size(), static_cast<std::size_t>(o.top)));
  for (const auto& head : heads) {
    table.rows.push_back({head.first});
    for (const auto& score : kScores) {
      table.rows.back().push_back(fmt::format("{:.3f}", head.second.*score.second));
    }
  }
  finish(o.results,
         console::heading(reading, terminal().columns) +
             plot::render_terminal(heatmap, terminal()) +
             "\nThe heads with the largest scores of induction:\n" + table.text(),
         heatmap, numbers);
}

}  // namespace

std::function<void()> set_up_lens_heads(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_reading(app, o->reading);
  console::OptionGroup group(app, "Which tokens and heads");
  group.integer("--tokens",
                "Without TEXT: so many random tokens, said twice (50 if not given, or as many as "
                "there are)",
                2, [o](std::int64_t n) { o->tokens = n; });
  group.integer("--seed", "Another seed gives other tokens (1 if not given)", 0,
                [o](std::int64_t n) { o->seed = static_cast<std::uint64_t>(n); });
  console::add_attention(group, o->attention);
  group.integer("--top", "How many heads the table has (10 if not given)", 1,
                [o](std::int64_t n) { o->top = n; });
  add_lens_results(app, o->results);
  return [o] { run(*o); };
}

}  // namespace clearhead::cli
