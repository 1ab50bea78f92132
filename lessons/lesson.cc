// What a lesson is written with.
#include "lessons/lesson.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/base/parse_number.h"
#include "clearhead/base/progress.h"
#include "clearhead/base/random.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/text_table.h"

namespace clearhead::lessons {
namespace {

// A NaN has a sign that means nothing.
double without_sign(double x) { return std::isnan(x) ? std::abs(x) : x; }

template <typename T>
T in_range(std::string_view name, const std::string& value, T least, T most,
           std::string_view kind) {
  const std::optional<T> number = parse_number<T>(value);
  if (!number || !(*number >= least && *number <= most)) {
    throw Error(
        fmt::format("--set {}={}: expected {} from {} to {}", name, value, kind, least, most));
  }
  return *number;
}

}  // namespace

Column::Column(std::string title, const std::vector<double>& numbers, int digits)
    : title(std::move(title)) {
  for (const double x : numbers) {
    const double zero = 0.5 * std::pow(10, -digits);  // less rounds to 0, which has no sign
    cells.push_back(fmt::format("{:.{}f}", std::abs(x) < zero ? 0.0 : without_sign(x), digits));
  }
}

Column::Column(std::string title, const std::vector<double>& numbers, const char* format)
    : title(std::move(title)) {
  for (const double x : numbers) {
    cells.push_back(fmt::format(fmt::runtime(format), without_sign(x)));
  }
}

Lesson::Lesson(Listener& listener, std::map<std::string, std::string> settings,
               ModelFinder find_model)
    : listener_(listener), settings_(std::move(settings)), find_model_(std::move(find_model)) {}

std::string Lesson::setting(std::string_view name, std::string usual, std::string meaning) {
  const auto set = settings_.find(std::string(name));
  std::string value = set == settings_.end() ? std::move(usual) : set->second;
  knobs_.push_back({std::string(name), value, std::move(meaning)});
  return value;
}

std::int64_t Lesson::knob(std::string_view name, std::int64_t usual, std::int64_t least,
                          std::int64_t most, std::string_view meaning) {
  const std::string value = setting(name, std::to_string(usual),
                                    fmt::format("{} ({}; {} to {})", meaning, usual, least, most));
  return in_range(name, value, least, most, "a whole number");
}

double Lesson::real_knob(std::string_view name, double usual, double least, double most,
                         std::string_view meaning) {
  const std::string value = setting(name, fmt::format("{}", usual),
                                    fmt::format("{} ({}; {} to {})", meaning, usual, least, most));
  return in_range(name, value, least, most, "a number");
}

std::string Lesson::text_knob(std::string_view name, std::string_view usual,
                              std::string_view meaning, std::size_t least) {
  const std::string value = setting(name, std::string(usual),
                                    fmt::format("{} (\"{}\")", meaning, plot::visible_text(usual)));
  if (value.size() >= least) return value;
  throw Error(fmt::format("--set {}={}: expected a longer text", name, value));
}

void Lesson::step(std::string_view name, Numbers numbers) {
  if (!has_begun_) {
    std::vector<std::string> names;
    for (const Knob& knob : knobs_) names.push_back(knob.name);
    for (const auto& [name, value] : settings_) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      throw Error(fmt::format(
          "--set {}={}: this lesson has no knob of that name{}", name, value,
          names.empty() ? "; it has none" : fmt::format("; it has {}", fmt::join(names, ", "))));
    }
    has_begun_ = true;
    listener_.begin(knobs_);
  }
  listener_.step(name, numbers);
}

void Lesson::line(std::string_view text) { listener_.text(fmt::format("{}\n", text)); }

void Lesson::table(const std::vector<Column>& columns) {
  plot::TextTable table;
  table.rows.resize(columns.front().cells.size());
  for (const Column& column : columns) {
    table.columns.push_back({column.title, column.is_text});
    for (std::size_t i = 0; i < table.rows.size(); ++i) table.rows[i].push_back(column.cells[i]);
  }
  listener_.text(table.text());
}

void Lesson::matrix(std::string_view title, const Tensor& values,
                    const std::vector<std::string>& rows, const std::vector<std::string>& columns,
                    int digits) {
  std::vector<Column> table = {{std::string(title), rows}};
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto at = static_cast<std::int64_t>(j);
    table.emplace_back(columns[j], numbers(values.slice(1, at, at + 1)), digits);
  }
  this->table(table);
}

void Lesson::draw(std::string_view name, const Figure& figure) { listener_.figure(name, figure); }

void Lesson::claim(std::string_view sentence, bool holds) { listener_.claim(sentence, holds); }

std::vector<double> numbers(const Tensor& tensor) {
  const Tensor all = tensor.to(DType::f64).contiguous();
  return {all.data<double>(), all.data<double>() + all.count()};
}

Tensor random_normal(const Shape& shape, std::uint64_t seed) {
  Tensor x(shape, DType::f64);
  Random random(seed);
  for (std::int64_t i = 0; i < x.count(); ++i) x.mutable_data<double>()[i] = random.normal();
  return x;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = numbers(a), y = numbers(b);
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

double dot(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = numbers(a), y = numbers(b);
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

double length(const Tensor& tensor) { return std::sqrt(dot(tensor, tensor)); }

double least_of_five(const std::function<double()>& measure) {
  double least = measure();
  for (int i = 1; i < 5; ++i) least = std::min(least, measure());
  return least;
}

double milliseconds(const std::function<void()>& work) {
  return least_of_five([&work] {
    const double begin = seconds_now();
    work();
    return 1000 * (seconds_now() - begin);
  });
}

double same_order(const std::vector<double>& x, const std::vector<double>& y) {
  const auto rank = [](const std::vector<double>& all, double number) {
    return static_cast<double>(
        std::count_if(all.begin(), all.end(), [number](double other) { return other < number; }));
  };
  const double n = static_cast<double>(x.size());
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += std::pow(rank(x, x[i]) - rank(y, y[i]), 2);
  return 1 - 6 * squares / (n * (n * n - 1));
}

Tensor by_small_steps(const Tensor& x, const std::function<Var(const Var& x)>& result) {
  constexpr double kStep = 1e-5;
  const auto result_at = [&](std::int64_t i, double step) {
    Tensor moved = x.clone();
    moved.mutable_data<double>()[i] += step;
    Tape tape(Keep::nothing);
    return result(tape.input("x", moved)).value().item();
  };
  Tensor slopes(x.shape(), DType::f64);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    slopes.mutable_data<double>()[i] = (result_at(i, kStep) - result_at(i, -kStep)) / (2 * kStep);
  }
  return slopes;
}

}  // namespace clearhead::lessons
