// What a lesson is written with: knobs to turn, steps, text, tables, figures, and claims.
//
// A lesson is one function in one file, lessons/NN_name/lesson.cc, beside the page that it belongs
// to, README.md. It says what it calculated, a step at a time; a `Listener` shows it in the
// terminal, writes it into the page, or tests that the page says the same.
#ifndef CLEARHEAD_LESSONS_LESSON_H_
#define CLEARHEAD_LESSONS_LESSON_H_

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/line_plot.h"
#include "clearhead/tape/tape.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::lessons {

/// A value that the learner may change: `clearhead learn 4 --set dim=64`.
struct Knob {
  std::string name;
  std::string value;
  std::string meaning;  ///< "numbers in a query and a key (16; 1 to 4096)"
};

/// How far what a step prints may differ from what stands on the page, on another processor or day.
enum class Numbers {
  exact,     ///< the last digit printed after a point by one
  trained,   ///< numbers by a tenth: roundings differ from processor to processor, and add up
  measured,  ///< numbers as they come: times, what chance decides, and what follows from them
  sampled,   ///< the text too, as a network writes it that was just trained
};

/// A column of a table.
struct Column {
  Column(std::string title, std::vector<std::string> texts)
      : title(std::move(title)), cells(std::move(texts)), is_text(true) {}
  /// Numbers with so many digits after the point.
  Column(std::string title, const std::vector<double>& numbers, int digits);
  /// Numbers as fmt::format makes them: "{:.1e}".
  Column(std::string title, const std::vector<double>& numbers, const char* format);

  std::string title;
  std::vector<std::string> cells;
  bool is_text = false;
};

using Figure = std::variant<plot::Heatmap, plot::LinePlot>;

/// Whom a lesson speaks to.
class Listener {
 public:
  virtual ~Listener() = default;
  /// Once, before the first step.
  virtual void begin(const std::vector<Knob>& knobs) = 0;
  virtual void step(std::string_view name, Numbers numbers) = 0;
  /// Whole lines.
  virtual void text(std::string_view lines) = 0;
  virtual void figure(std::string_view name, const Figure& figure) = 0;
  virtual void claim(std::string_view sentence, bool holds) = 0;
};

/// Where a lesson finds the trained model of a name: "en-fr".
using ModelFinder = std::function<std::filesystem::path(const std::string& name)>;

class Lesson {
 public:
  /// `settings` are the knobs that the learner has turned.
  Lesson(Listener& listener, std::map<std::string, std::string> settings, ModelFinder find_model);

  // Knobs come before the first step. Each throws Error, naming the knob, if it was set to what it
  // cannot be.

  std::int64_t knob(std::string_view name, std::int64_t usual, std::int64_t least,
                    std::int64_t most, std::string_view meaning);
  double real_knob(std::string_view name, double usual, double least, double most,
                   std::string_view meaning);
  /// Of at least so many bytes.
  std::string text_knob(std::string_view name, std::string_view usual, std::string_view meaning,
                        std::size_t least = 1);

  /// Begins the step that the page calls `name`. The first throws Error if a setting is no knob; it
  /// comes before all that takes time.
  void step(std::string_view name, Numbers numbers = Numbers::exact);

  /// A line of the step, as fmt::format makes it.
  template <typename... T>
  void print(fmt::format_string<T...> format, T&&... values) {
    line(fmt::format(format, std::forward<T>(values)...));
  }
  /// Columns beside each other, under their titles.
  void table(const std::vector<Column>& columns);
  /// A matrix with a name for each row and column.
  void matrix(std::string_view title, const Tensor& values, const std::vector<std::string>& rows,
              const std::vector<std::string>& columns, int digits);
  /// A figure of the step: figures/NAME.svg on the page.
  void draw(std::string_view name, const Figure& figure);

  /// What the page states under "What to notice", word for word, and whether it is so. With turned
  /// knobs it may not be: that is a thing to learn too.
  void claim(std::string_view sentence, bool holds);

  /// The folder of a trained model.
  std::filesystem::path model(const std::string& name) const { return find_model_(name); }

 private:
  void line(std::string_view text);
  std::string setting(std::string_view name, std::string usual, std::string meaning);

  Listener& listener_;
  std::map<std::string, std::string> settings_;
  ModelFinder find_model_;
  std::vector<Knob> knobs_;
  bool has_begun_ = false;
};

/// The numbers of a tensor of any shape, row by row.
std::vector<double> numbers(const Tensor& tensor);
/// Standard normal numbers, f64; another seed gives others.
Tensor random_normal(const Shape& shape, std::uint64_t seed);
/// The largest |a − b| of the numbers of two tensors of one shape.
double largest_difference(const Tensor& a, const Tensor& b);
/// The sum of the products of the numbers of two tensors of one shape.
double dot(const Tensor& a, const Tensor& b);
/// The root of the sum of the squares of all numbers.
double length(const Tensor& tensor);
/// f(x) of each x, as a number.
template <typename List, typename Function>
std::vector<double> of_each(const List& list, Function f) {
  std::vector<double> results;
  for (const auto& x : list) results.push_back(static_cast<double>(std::invoke(f, x)));
  return results;
}
/// The least of five results; of times it is the truest, since other work on a machine only adds to
/// them.
double least_of_five(const std::function<double()>& measure);
/// How many milliseconds `work` takes, at least of five times.
double milliseconds(const std::function<void()>& work);

/// Whether two lists have the same order: 1 if they do, −1 if the opposite one, near 0 if neither
/// (the rank correlation of Spearman, 1904).
double same_order(const std::vector<double>& x, const std::vector<double>& y);
/// What `result`, a single number, grows by for each number of x, per 1 that this grows; measured
/// by two steps of 0.00001, one up and one down (central differences).
Tensor by_small_steps(const Tensor& x, const std::function<Var(const Var& x)>& result);

}  // namespace clearhead::lessons

#endif  // CLEARHEAD_LESSONS_LESSON_H_
