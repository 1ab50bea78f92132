// Chooses which labels are shown by their measured extents.
#include "clearhead/plot/axis_labels.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace clearhead::plot {
namespace {

constexpr double kLargestType = 8.5;
constexpr double kLevelGap = 4;       // between labels side by side: about a space
constexpr double kLetterGap = 1;      // between single characters, which read like a text
constexpr double kStackedGap = 0.6;   // between labels above each other, which are inked boxes
constexpr double kNumbersApart = 22;  // numbers that do not name every item need not be dense
constexpr double kLongestRowLabel = 100;
constexpr double kLongestColumnLabel = 84;

TextStyle label_style(double pitch) {
  return {.size = std::clamp(0.85 * pitch, kSmallestType, kLargestType)};
}

// 1, 2, 3, … for names; 1, 2, 5, 10, 20, … for numbers. Never closer than small type could be set.
std::vector<std::int64_t> candidate_steps(const Axis& axis, double pitch) {
  const double closest = kSmallestType / 2;
  const auto first = std::max<std::int64_t>(1, static_cast<std::int64_t>(closest / pitch));
  std::vector<std::int64_t> steps;
  if (axis.labels.empty()) {
    steps = round_steps(axis.count);
    std::erase_if(steps, [&](std::int64_t k) {
      return k < first || (k > 1 && static_cast<double>(k) * pitch < kNumbersApart);
    });
  } else {
    for (std::int64_t k = first; k <= std::max(first, axis.count); ++k) steps.push_back(k);
  }
  return steps;
}

// Where the ink of item `index` reaches when text runs across the axis.
Reach stacked_reach(const Axis& axis, std::int64_t index, const AxisLabels& labels,
                    TextSetter& setter) {
  const TextExtents extents = setter.measure(axis.label(index), labels.style, labels.max_width);
  const double least = 0.3 * labels.style.size;  // also a full stop takes the room of an "x"
  const double middle = middle_height(labels.style);
  return {std::min(extents.top + middle, -least), std::max(extents.bottom + middle, least)};
}

// Chooses which labels to show across the axis, and measures their room.
void stack(const Axis& axis, double cell, AxisLabels& labels, TextSetter& setter) {
  const double pitch = cell / static_cast<double>(axis.step);
  const std::int64_t step =
      label_step(axis.count, pitch, kStackedGap, candidate_steps(axis, pitch),
                 [&](std::int64_t i) { return stacked_reach(axis, i, labels, setter); });
  labels.marks = step > 1;
  for (std::int64_t i = 0; i < axis.count; i += step) {
    labels.indices.push_back(i);
    const double width = setter.measure(axis.label(i), labels.style, labels.max_width).width;
    labels.thickness = std::max(labels.thickness, width);
  }
}

// The step at which level labels fit below their columns, and nothing sticks out of the body.
void set_level(const Axis& axis, double cell, double gap, AxisLabels& labels, TextSetter& setter) {
  const double pitch = cell / static_cast<double>(axis.step);
  const auto reach = [&](std::int64_t i) {
    const double half = setter.measure(axis.label(i), labels.style).width / 2;
    return Reach{-half, half};
  };
  const std::int64_t step = label_step(axis.count, pitch, gap, candidate_steps(axis, pitch), reach);
  labels.marks = step > 1;
  labels.thickness = labels.style.size;
  const double length = pitch * static_cast<double>(axis.count);
  for (std::int64_t i = 0; i < axis.count; i += step) {
    const double middle = axis.position(i) * cell;
    if (i > 0 && middle + reach(i).high > length + gap) break;
    labels.indices.push_back(i);
  }
}

}  // namespace

double middle_height(const TextStyle& style) { return 0.32 * style.size; }

std::vector<std::int64_t> round_steps(std::int64_t count) {
  std::vector<std::int64_t> steps;
  for (std::int64_t power = 1; steps.empty() || steps.back() <= count; power *= 10) {
    for (const std::int64_t lead : {1, 2, 5}) steps.push_back(lead * power);
  }
  return steps;
}

std::int64_t label_step(std::int64_t count, double pitch, double gap,
                        const std::vector<std::int64_t>& steps,
                        const std::function<Reach(std::int64_t)>& reach) {
  std::map<std::int64_t, Reach> known;
  const auto reach_of = [&](std::int64_t i) {
    const auto found = known.find(i);
    return found != known.end() ? found->second : known.emplace(i, reach(i)).first->second;
  };
  for (const std::int64_t k : steps) {
    const auto collides = [&](std::int64_t i) {
      return reach_of(i).high + gap > reach_of(i + k).low + pitch * static_cast<double>(k);
    };
    bool fits = true;
    for (std::int64_t i = 0; fits && i + k < count; i += k) fits = !collides(i);
    if (fits) return k;
  }
  return steps.back();
}

AxisLabels row_labels(const Axis& axis, double cell, TextSetter& setter) {
  AxisLabels labels{.style = label_style(cell / static_cast<double>(axis.step)),
                    .max_width = kLongestRowLabel};
  stack(axis, cell, labels, setter);
  return labels;
}

AxisLabels column_labels(const Axis& axis, double cell, TextSetter& setter) {
  AxisLabels labels{.style = label_style(cell / static_cast<double>(axis.step))};
  if (axis.labels.empty()) {
    set_level(axis, cell, kLevelGap, labels, setter);
    return labels;
  }
  const double gap = axis.has_letters() ? kLetterGap : kLevelGap;
  bool level = axis.step == 1;
  for (std::int64_t i = 0; level && i < axis.count; ++i) {
    level = setter.measure(axis.label(i), labels.style).width + gap <= cell;
  }
  if (level) {
    set_level(axis, cell, gap, labels, setter);
  } else {
    labels.vertical = true;
    labels.max_width = kLongestColumnLabel;
    stack(axis, cell, labels, setter);
  }
  return labels;
}

}  // namespace clearhead::plot
