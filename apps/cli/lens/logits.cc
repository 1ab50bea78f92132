// A row for each residual: its likeliest tokens at one place, and at all places the probability of
// what the whole network finds likeliest there.
#include "apps/cli/lens/logits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/cli/lens/target.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "clearhead/lens/logit_lens.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ReadingOptions reading;
  std::optional<std::int64_t> at;
  std::int64_t top = 3;
  LensResultOptions results;
};

// f64 [T, V]
Tensor probabilities_of(const Tensor& logits) {
  Tape tape(Keep::nothing);
  return softmax(tape.input("logits", logits.to(DType::f64)))
      .value()
      .reshape({logits.size(1), logits.size(2)})
      .contiguous();
}

// The place of `token` among all by probability, the likeliest being 1.
std::int64_t rank_of(const double* probabilities, std::int64_t V, std::int64_t token) {
  return 1 + std::count_if(probabilities, probabilities + V,
                           [&](double p) { return p > probabilities[token]; });
}

// "a 12.00 %, b 3.00 %"
std::string likeliest(const Reading& reading, const double* probabilities, std::int64_t V,
                      std::int64_t top) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(V));
  std::iota(ids.begin(), ids.end(), 0);
  const auto end = ids.begin() + std::min(top, V);
  std::partial_sort(ids.begin(), end, ids.end(), [&](std::int64_t a, std::int64_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
  });
  std::string text;
  for (auto id = ids.begin(); id != end; ++id) {
    text += fmt::format("{}{} {:.2f} %", text.empty() ? "" : ", ", shown_token(reading, *id),
                        100 * probabilities[*id]);
  }
  return text;
}

// What the rows of table and figure are gathered from.
struct Lens {
  std::vector<std::int64_t> predicted;  // by the whole network, at each place
  plot::TextTable table;
  Tensor of_predicted;  // f64 [residuals, T]
  NamedTensors numbers;
};

Lens look(const Options& o, const Reading& reading, std::int64_t place) {
  const std::vector<std::string> names = residual_names(reading.tape);
  const Tensor logits = reading.logits.value();
  const std::int64_t T = logits.size(1), V = logits.size(2);
  Lens lens;
  for (std::int64_t t = 0; t < T; ++t) lens.predicted.push_back(likeliest_token(logits, t));
  const std::int64_t last = lens.predicted[static_cast<std::size_t>(place)];
  const std::string token = shown_token(reading, last);
  lens.table.columns = {{"residual", true}, {token, false}, {"rank", false}, {"likeliest", true}};
  lens.of_predicted = Tensor({std::max<std::int64_t>(1, std::ssize(names)), T}, DType::f64);
  for (std::size_t row = 0; row < std::max<std::size_t>(1, names.size()); ++row) {
    // Without a residual this says why there is no lens.
    const std::string name = names.empty() ? "" : names[row];
    const Tensor at_layer = logits_of_residual(reading, name);
    const Tensor all = probabilities_of(at_layer);
    const double* const here = all.data<double>() + place * V;
    lens.table.rows.push_back({name, fmt::format("{:.2f} %", 100 * here[last]),
                               std::to_string(rank_of(here, V, last)),
                               likeliest(reading, here, V, o.top)});
    for (std::int64_t t = 0; t < T; ++t) {
      lens.of_predicted.mutable_data<double>()[static_cast<std::int64_t>(row) * T + t] =
          all.data<double>()[t * V + lens.predicted[static_cast<std::size_t>(t)]];
    }
    lens.numbers.tensors.emplace_back(name + ".logits", at_layer);
  }
  return lens;
}

void run(const Options& o) {
  check(o.results);
  const Reading reading = console::read(o.reading);
  const std::int64_t place = place_of(reading, o.at);
  const Lens lens = look(o, reading, place);

  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = reading.name + ": logit lens, the probability of what is predicted in the end";
  heatmap.row_title = "residual";
  heatmap.column_title = reading.predicted == Predicted::label ? "class"
                         : reading.predicted == Predicted::hidden
                             ? "token at which is predicted"
                             : "token after which is predicted";
  heatmap.value_title = "probability";
  std::vector<std::string> rows = {"embedding"};
  while (rows.size() < lens.table.rows.size()) {
    rows.push_back(fmt::format("block {}", rows.size() - 1));
  }
  const std::vector<std::string> columns =
      reading.predicted == Predicted::label
          ? std::vector<std::string>{reading.outcome(lens.predicted[0])}
          : reading.text.names;
  heatmap.panels.push_back(
      {.values = lens.of_predicted, .row_labels = rows, .column_labels = columns});

  const int width = terminal().columns;
  const std::string what = fmt::format("If the blocks after each of these did nothing, {}:",
                                       place_words(reading, place));
  finish(o.results,
         heading(reading) + plot::render_terminal(heatmap, terminal()) + "\n" +
             console::wrapped(what, width, 0) + "\n" + lens.table.text(width),
         heatmap, lens.numbers);
}

}  // namespace

std::function<void()> set_up_lens_logits(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_reading(app, o->reading);
  console::OptionGroup group(app, "Which prediction");
  add_place(group, o->at);
  group.integer("--top", "How many of the likeliest tokens of each residual (3 if not given)", 1,
                [o](std::int64_t n) { o->top = n; });
  add_lens_results(app, o->results);
  return [o] { run(*o); };
}

}  // namespace clearhead::cli
