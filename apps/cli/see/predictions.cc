// Prints the likeliest tokens as bars: after a text, at each mask, and along a translation.
#include "apps/cli/see/predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/table.h"
#include "clearhead/models/generate.h"
#include "clearhead/plot/label.h"

namespace clearhead::cli {
namespace {

constexpr int kBarWidth = 40;  // of a probability of 1

// The likeliest tokens for place t, likeliest first.
std::vector<LikelyToken> likeliest(const Reading& reading, std::int64_t t, std::int64_t count) {
  const std::int64_t V = reading.probabilities.size(2);
  const Tensor row =
      reading.probabilities.tile({0, t, 0}, {1, t + 1, V}).to(DType::f64).contiguous();
  std::vector<LikelyToken> all;
  for (std::int64_t id = 0; id < V; ++id) all.push_back({id, row.data<double>()[id]});
  const std::int64_t shown = std::min(count, V);
  std::partial_sort(all.begin(), all.begin() + shown, all.end(), [](auto& a, auto& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
  });
  all.resize(static_cast<std::size_t>(shown));
  return all;
}

std::string percent(double probability) { return fmt::format("{:.2f} %", 100 * probability); }

std::string shown(const Reading& reading, std::int64_t id) {
  return console::label_text({reading.outcome(id)}, 0);
}

// A bar of eighths of a character.
std::string bar(double probability) {
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(probability * 8 * kBarWidth + 0.5);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

double probability(const Reading& reading, std::int64_t t, std::int64_t id) {
  return reading.probabilities.tile({0, t, id}, {1, t + 1, id + 1}).item();
}

// The likeliest tokens now, then those that were it before.
std::string print_bars(const Reading& reading, const std::optional<Reading>& before, std::int64_t t,
                       std::int64_t top) {
  std::vector<LikelyToken> tokens = likeliest(reading, t, top);
  if (before) {
    for (const LikelyToken& was : likeliest(*before, t, top)) {
      const bool is_there = std::any_of(tokens.begin(), tokens.end(), [&](const LikelyToken& now) {
        return now.token == was.token;
      });
      if (!is_there) tokens.push_back({was.token, probability(reading, t, was.token)});
    }
  }
  plot::TextTable table;
  table.columns = {{"token", true}, {"probability", false}, {"", true}};
  if (before) table.columns.insert(table.columns.begin() + 1, {"before", false});
  for (const LikelyToken& likely : tokens) {
    std::vector<std::string> row = {shown(reading, likely.token)};
    if (before) row.push_back(percent(probability(*before, t, likely.token)));
    row.push_back(percent(likely.probability));
    row.push_back(bar(likely.probability));
    table.rows.push_back(std::move(row));
  }
  return table.text();
}

std::string print_masks(const Reading& reading, const std::optional<Reading>& before,
                        std::int64_t top) {
  const std::string name = mask_of(*reading.saved.tokenizer);
  const std::int64_t mask = reading.saved.tokenizer->special(name);
  std::string text;
  for (std::int64_t t = 0; t < std::ssize(reading.text.ids); ++t) {
    if (reading.text.ids[static_cast<std::size_t>(t)] != mask) continue;
    text += fmt::format("{}What stands at place {}, {}:\n{}", text.empty() ? "" : "\n", t, name,
                        print_bars(reading, before, t, top));
  }
  if (!text.empty()) return text;
  return fmt::format("There is nothing to guess: put {} in the place of a word.\n", name);
}

// "chien 0.13 %, enfants 0.05 %": of place t, the likeliest beside `written`, as many as fit.
std::string print_others(const Reading& reading, std::int64_t t, std::int64_t written,
                         std::int64_t count, int width) {
  std::string others;
  for (const LikelyToken& likely : likeliest(reading, t, count + 1)) {
    if (likely.token == written || count == 0) continue;
    const std::string more = fmt::format("{}{} {}", others.empty() ? "" : ", ",
                                         shown(reading, likely.token), percent(likely.probability));
    if (plot::display_width(others + more) > width) break;
    others += more;
    --count;
  }
  return others;
}

// A row for each token that is written after those before it.
std::string print_translation(const Reading& reading, const std::optional<Reading>& before,
                              std::int64_t top, int width) {
  plot::TextTable table;
  table.columns = {{"token", true}, {"probability", false}};
  if (before) table.columns.insert(table.columns.begin() + 1, {"before", false});
  const std::vector<std::int64_t>& written = reading.written.ids;
  for (std::int64_t t = 0; t < std::ssize(written); ++t) {
    const std::int64_t id = written[static_cast<std::size_t>(t)];
    table.rows.push_back({shown(reading, id)});
    if (before) table.rows.back().push_back(percent(probability(*before, t, id)));
    table.rows.back().push_back(percent(probability(reading, t, id)));
  }
  const int room = width - plot::display_width(table.lines().front()) - 2;
  table.columns.push_back({"likeliest others", true});
  for (std::int64_t t = 0; t < std::ssize(written); ++t) {
    const auto row = static_cast<std::size_t>(t);
    table.rows[row].push_back(print_others(reading, t, written[row], top - 1, room));
  }
  return fmt::format("The translation:\n{}\n\n{}",
                     console::wrapped(plot::visible_text(reading.translation), width, 0),
                     table.text());
}

std::string print_vector(const Reading& reading) {
  const Tensor vector = reading.embedding.value().to(DType::f64).contiguous();
  const double* const x = vector.data<double>();
  const double length = std::sqrt(std::inner_product(x, x + vector.count(), x, 0.0));
  return fmt::format("The text becomes a vector of {}, of length {:.4f}.\n",
                     console::counted(vector.count(), "number"), length);
}

}  // namespace

std::string print_predictions(const Reading& reading, const std::optional<Reading>& before,
                              std::int64_t top, int width) {
  switch (reading.predicted) {
    case Predicted::hidden:
      return print_masks(reading, before, top);
    case Predicted::translation:
      return print_translation(reading, before, top, width);
    case Predicted::label:
      return "The class of the text:\n" + print_bars(reading, before, 0, top);
    case Predicted::vector:
      return print_vector(reading);
    case Predicted::next:
      break;
  }
  return "The next token:\n" + print_bars(reading, before, std::ssize(reading.text.ids) - 1, top);
}

}  // namespace clearhead::cli
