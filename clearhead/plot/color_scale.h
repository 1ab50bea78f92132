// From values to colours: the range, the ticks of the colour bar, and numbers as text.
#ifndef CLEARHEAD_PLOT_COLOR_SCALE_H_
#define CLEARHEAD_PLOT_COLOR_SCALE_H_

#include <string>
#include <vector>

#include "clearhead/plot/color.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/pool.h"

namespace clearhead::plot {

/// A mark on the colour bar: where (0 lowest … 1 highest) and its text.
struct Tick {
  double position = 0;  ///< 0 … 1
  std::string text;     ///< beside it
};

/// The mapping that all panels of a figure share.
class ColorScale {
 public:
  /// What the heatmap leaves open is chosen for the values `drawn`. Without a range, a linear scale
  /// begins at 0 if the least value is small against the greatest, and is symmetric about 0 if the
  /// map diverges; a log scale begins at the least value above zero, but at most six decades below
  /// the greatest. `both_signs`: an automatic map diverges.
  ColorScale(const Heatmap& heatmap, const Statistics& drawn, bool both_signs);

  /// The values at the ends of the bar.
  Range range() const { return range_; }
  /// Linear or logarithmic.
  Scale scale() const { return scale_; }
  /// The colours, chosen where they were left open.
  ColorMap color_map() const { return map_; }
  /// Where a finite value lies on the bar: 0 … 1, cut at the ends.
  double position(double value) const;
  /// The value at a position of the bar.
  double value_at(double position) const;
  /// The colour of a finite value.
  Rgb color(double value) const;
  /// The colour at a position of the bar.
  Rgb color_at(double position) const;
  /// Marks at both ends and at about `count` (at least 1) round values between, lowest first.
  std::vector<Tick> ticks(int count) const;

 private:
  double coordinate(double value) const;  // the value, or its logarithm
  std::vector<Tick> decade_ticks(int count) const;
  std::vector<Tick> round_ticks(int count) const;

  Scale scale_;
  ColorMap map_;
  Range range_;
};

/// 1, 2 or 5 times a power of ten: the step of which a range of this width has about `count`.
double round_step(double width, int count);
/// How many decimals multiples of `step` need; 0 also for a step of 0, ∞ or NaN.
int decimals_of(double step);
/// "10⁻³", "1", "10²".
std::string power_of_ten_text(int exponent);
/// Text of at most `digits` significant digits, such as "0.25", "−3", "1.5e−7".
std::string number_text(double value, int digits);
/// Text with `decimals` digits behind the point, such as "−0.50".
std::string decimal_text(double value, int decimals);
/// "·" for −∞ (masked), "NaN", "+∞", or else `number_text`.
std::string value_text(double value, int digits);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_COLOR_SCALE_H_
