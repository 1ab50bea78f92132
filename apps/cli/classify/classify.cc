// The command `clearhead classify`.
#include "apps/cli/classify/classify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>

#include "apps/console/given_texts.h"
#include "apps/console/model_options.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "clearhead/base/error.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/plot/label.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  console::GivenTexts given;
  std::int64_t top = 5;
};

// The likeliest classes of one text.
std::string table_of(std::span<const double> likely, const std::vector<std::string>& labels,
                     std::int64_t top) {
  std::vector<std::size_t> order(likely.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return likely[a] > likely[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(top)));
  plot::TextTable table;
  table.columns = {{"class", true}, {"probability", false}};
  for (const std::size_t i : order) {
    table.rows.push_back({plot::visible_text(labels[i]), fmt::format("{:.2f} %", 100 * likely[i])});
  }
  return table.text();
}

void classify(const Options& o) {
  check(o.given);
  const SavedModel saved = console::open_model(o.model);
  const ClassificationModel& model = as<ClassificationModel>(saved);
  const auto& config = std::get<TextClassifierConfig>(saved.config.network);
  const console::Lines given = read_texts(o.given);
  const std::vector<Sequence> ids = console::ids_of_lines(
      given.lines, *saved.tokenizer, o.model, console::most_tokens(model, 0), given.source);
  if (ids.empty()) throw Error(given.source + ": there is no text in it");
  const Tensor likely = class_probabilities(classify_texts(model, ids, o.model.precision),
                                            config.exclusive);  // [texts, classes]
  std::string text;
  for (std::int64_t i = 0; i < likely.size(0); ++i) {
    if (likely.size(0) > 1) {
      text += (i == 0 ? "" : "\n") + plot::visible_text(given.lines[static_cast<std::size_t>(i)]) +
              "\n";
    }
    const std::size_t classes = config.labels.size();
    const std::span own(likely.data<double>() + static_cast<std::size_t>(i) * classes, classes);
    text += table_of(own, config.labels, o.top);
  }
  console::write_output(text);
}

}  // namespace

std::function<void()> set_up_classify(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::add_texts(app, o->given, "What is classified");
  console::OptionGroup text(app, "The texts: arguments, or lines of standard input, or of a file");
  console::add_lines_file(text, o->given, "Lines to be classified, plain or gzip");
  console::add_replace(text, o->model);
  console::OptionGroup output(app, "What you get");
  output.integer("--top", "How many of the likeliest classes of each text (5 if not given)", 1,
                 [o](std::int64_t n) { o->top = n; });
  console::add_calculation(app, o->model);
  return [o] { classify(*o); };
}

}  // namespace clearhead::cli
