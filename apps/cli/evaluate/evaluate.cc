// The command `clearhead evaluate`.
#include "apps/cli/evaluate/evaluate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/translated_lines.h"
#include "apps/console/usage_error.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/utf8.h"
#include "clearhead/train/bleu.h"
#include "clearhead/train/evaluate.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  std::string file;
  double skip = 0;
  std::string source;
  std::string target;
  BeamSearchOptions search;
};

// Lines of a name and what there is to say of it.
class Report {
 public:
  void add(const std::string& name, const std::string& value) { rows_.emplace_back(name, value); }
  void add(const PredictionScore& score) {
    add("loss", fmt::format("{:.4f} nats a token", score.loss));
    add("perplexity", fmt::format("{:.4g}", std::exp(score.loss)));
    add("accuracy", fmt::format("{:.2f} % of {}", 100 * score.accuracy,
                                console::counted(score.targets, "token")));
  }
  std::string text() const {
    std::string text;
    for (const auto& [name, value] : rows_) text += plot::pad_right(name, 18) + value + "\n";
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

Report evaluate_text(const SavedModel& saved, const Options& o) {
  const LanguageModel& model = as<LanguageModel>(saved);
  const std::string text = read_text(o.file);
  const std::string_view part = o.skip == 0 ? text : split_text(text, o.skip).validation;
  const Sequence tokens = saved.tokenizer->encode(
      console::readable(std::string(part), *saved.tokenizer, o.model, o.file));
  const std::int64_t T = saved.config.context();
  const PredictionScore score = evaluate_text(model, tokens, T, o.model.precision);
  // All but the first token are predicted.
  const std::int64_t characters =
      count_code_points(saved.tokenizer->decode(std::span(tokens).subspan(1)));
  Report report;
  report.add(score);
  report.add("bits a character", fmt::format("{:.4f} of {}",
                                             score.loss * static_cast<double>(score.targets) /
                                                 std::log(2.0) / static_cast<double>(characters),
                                             console::counted(characters, "character")));
  report.add("windows", fmt::format("{}, one after the other", console::counted(T, "token")));
  return report;
}

Report evaluate_masks(const SavedModel& saved, const Options& o) {
  const MaskedModel& model = as<MaskedModel>(saved);
  const std::vector<Sequence> lines = console::ids_of_lines(
      read_lines(o.file), *saved.tokenizer, o.model, console::most_tokens(model, kFrame), o.file);
  Report report;
  report.add(evaluate_masks(model, lines, *saved.tokenizer, o.model.precision));
  report.add("hidden",
             fmt::format("15 % of the tokens of {}", console::counted(std::ssize(lines), "line")));
  return report;
}

Report evaluate_translations(const SavedModel& saved, const Options& o) {
  const TranslationModel& model = as<TranslationModel>(saved);
  const LinePairs pairs = read_line_pairs(o.source, o.target);
  const BeamSearchOptions options = search_options(saved);
  const auto ids = [&](const std::vector<std::string>& lines, const std::string& file) {
    const std::int64_t most = console::most_tokens(model, 1);  // a start or an end comes to it
    auto all = console::ids_of_lines(lines, *saved.tokenizer, o.model, most, file);
    for (Sequence& one : all) {  // tokenizers of others add the end themselves
      if (!one.empty() && one.back() == options.end) one.pop_back();
    }
    return all;
  };
  const PredictionScore score = evaluate_pairs(
      model, ids(pairs.sources, o.source), ids(pairs.targets, o.target),
      {.start = options.start, .end = options.end, .pad = options.end}, o.model.precision);
  std::vector<std::string> translations;
  for (const auto& best :
       console::translate_lines(saved, pairs.sources, o.model, o.search, o.source, true)) {
    translations.push_back(best.front().text);
  }
  const Bleu b = bleu(translations, pairs.targets);
  Report report;
  report.add("BLEU", fmt::format("{:.2f} as `sacrebleu --lowercase` has it, with beam {}", b.score,
                                 o.search.beam));
  report.add("", fmt::format("{:.1f}/{:.1f}/{:.1f}/{:.1f} % of 1/2/3/4 words in a row",
                             b.precisions[0], b.precisions[1], b.precisions[2], b.precisions[3]));
  report.add("", fmt::format("brevity penalty {:.4f}: {} for {}", b.brevity_penalty,
                             console::counted(b.translations, "word"),
                             console::with_commas(b.references)));
  report.add(score);
  return report;
}

// How what models can do is evaluated.
struct Evaluator {
  Ability ability;
  bool reads_pairs;  // of --source and --target, or one --file
  bool takes_skip;   // reads the file as one text
  Report (*evaluate)(const SavedModel& saved, const Options& o);
};

constexpr Evaluator kEvaluators[] = {
    {LanguageModel::kAbility, false, true, evaluate_text},
    {MaskedModel::kAbility, false, false, evaluate_masks},
    {TranslationModel::kAbility, true, false, evaluate_translations},
};

void evaluate(const Options& o) {
  const SavedModel saved = console::open_model(o.model);
  const Ability& ability = row_of(saved.config.family).ability;
  const Evaluator& evaluator = row_for(ability, kEvaluators, "measure");
  const bool has_pairs = !o.source.empty() && !o.target.empty() && o.file.empty();
  const bool has_file = !o.file.empty() && o.source.empty() && o.target.empty();
  if (!(evaluator.reads_pairs ? has_pairs : has_file)) {
    throw console::UsageError(
        fmt::format("this is {}: give {}", ability.words,
                    evaluator.reads_pairs ? "--source FILE and --target FILE" : "--file FILE"));
  }
  if (o.skip != 0 && !evaluator.takes_skip) {
    throw console::UsageError("--skip is for language models, which read one text");
  }
  console::write_output(evaluator.evaluate(saved, o).text());
}

}  // namespace

std::function<void()> set_up_evaluate(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::OptionGroup text(app, "What is predicted, plain or gzip");
  text.text("--file", "FILE",
            "A text for a language model, or lines for a masked model, which guesses words in them",
            [o](const std::string& x) { o->file = x; });
  text.number("--skip",
              "Leave out the first part X of the text: with 0.9 the rest is what the usual recipes "
              "do not train on",
              {" from 0 to below 1", [](double x) { return x >= 0 && x < 1; }},
              [o](double x) { o->skip = x; });
  text.text("--source", "FILE", "Lines for a translation model",
            [o](const std::string& x) { o->source = x; });
  text.text("--target", "FILE", "Their translations by people, line by line",
            [o](const std::string& x) { o->target = x; });
  console::add_replace(text, o->model);
  console::OptionGroup search(app, "How a translation is found");
  console::add_search_options(search, o->search);
  console::add_calculation(app, o->model);
  return [o] {
    o->search.precision = o->model.precision;
    evaluate(*o);
  };
}

}  // namespace clearhead::cli
