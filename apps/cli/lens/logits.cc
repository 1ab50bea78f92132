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

constexpr std::int64_t kHeldNumbers = 1 << 20;  // of probabilities at a time: 8 MiB

struct Options {
  console::ReadingOptions reading;
  std::optional<std::int64_t> at;
  std::int64_t top = 3;
  LensResultOptions results;
};

// Calls `use(first place, numbers [places, V])` for logits [1, T, V], some places at a time.
template <typename Use>
void for_places(const Var& logits, const Use& use) {
  const std::int64_t T = logits.size(1), V = logits.size(2);
  const std::int64_t some = std::max<std::int64_t>(1, kHeldNumbers / V);
  for (std::int64_t begin = 0; begin < T; begin += some) {
    use(begin, logits.tile({0, begin, 0}, {1, std::min(begin + some, T), V}));
  }
}

// The softmax of logits [1, places, V], f64 [places, V].
Tensor probabilities_of(const Tensor& logits) {
  Tape tape(Keep::nothing);
  return softmax(tape.input("logits", logits.to(DType::f64)))
      .value()
      .reshape({logits.size(1), logits.size(2)})
      .contiguous();
}

// The likeliest token of each place.
std::vector<std::int64_t> predicted_tokens(const Var& logits) {
  std::vector<std::int64_t> tokens;
  for_places(logits, [&](std::int64_t, const Tensor& some) {
    const Tensor rows = some.to(DType::f64).contiguous();
    const std::int64_t V = rows.size(2);
    for (const double* row = rows.data<double>(); row != rows.data<double>() + rows.count();
         row += V) {
      tokens.push_back(std::max_element(row, row + V) - row);
    }
  });
  return tokens;
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

// The row of a residual.
void add_row(const Options& o, const Reading& reading, std::int64_t place, const std::string& name,
             const Var& logits, Lens& lens) {
  const std::int64_t T = logits.size(1), V = logits.size(2);
  const std::int64_t last = lens.predicted[static_cast<std::size_t>(place)];
  double* const of_predicted =
      lens.of_predicted.mutable_data<double>() + std::ssize(lens.table.rows) * T;
  const Tensor at_place = probabilities_of(logits.tile({0, place, 0}, {1, place + 1, V}));
  const double* const here = at_place.data<double>();
  lens.table.rows.push_back({name, fmt::format("{:.2f} %", 100 * here[last]),
                             std::to_string(rank_of(here, V, last)),
                             likeliest(reading, here, V, o.top)});
  for_places(logits, [&](std::int64_t begin, const Tensor& some) {
    const Tensor rows = probabilities_of(some);
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      of_predicted[begin + i] =
          rows.data<double>()[i * V + lens.predicted[static_cast<std::size_t>(begin + i)]];
    }
  });
}

Lens look(const Options& o, const Reading& reading, std::int64_t place) {
  std::vector<std::string> names = residual_names(reading.tape);
  if (names.empty()) names = {""};  // logits_of_residual says why there is no lens
  const Var& logits = reading.logits;
  const std::int64_t T = logits.size(1);
  check_size(o.results, std::ssize(names), logits.shape(), "read fewer tokens: --last");
  Lens lens;
  lens.predicted = predicted_tokens(logits);
  const std::string token = shown_token(reading, lens.predicted[static_cast<std::size_t>(place)]);
  lens.table.columns = {{"residual", true}, {token, false}, {"rank", false}, {"likeliest", true}};
  lens.of_predicted = Tensor({std::ssize(names), T}, DType::f64);
  for (const std::string& name : names) {
    const Var at_layer = logits_of_residual(reading, name);
    add_row(o, reading, place, name, at_layer, lens);
    if (!o.results.save.empty())
      lens.numbers.tensors.emplace_back(name + ".logits", at_layer.value());
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
         console::heading(reading, terminal().columns) +
             plot::render_terminal(heatmap, terminal()) + "\n" + console::wrapped(what, width, 0) +
             "\n" + lens.table.text(width),
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
