// How numbers grow with others: the power law y = factor · x^exponent that fits them best.
#ifndef CLEARHEAD_TRAIN_POWER_LAW_H_
#define CLEARHEAD_TRAIN_POWER_LAW_H_

#include <vector>

namespace clearhead {

/// y = factor · x^exponent.
struct PowerLaw {
  double factor = 0;    ///< y where x is 1
  double exponent = 0;  ///< 2 where y grows with the square of x
  double low = 0;       ///< the 95 % interval of the exponent begins; −∞ with only two points
  double high = 0;      ///< and ends; ∞ with only two points
};

/// The straight line of least squares through (log x, log y). Its slope is the exponent, with
/// Student's interval: if log y had independent normal errors of one variance about such a line, 95
/// of 100 intervals would have the true slope. A law that is no power shows itself by a wide
/// interval. Throws Error unless there are as many y as x, at least two different x, and all are
/// positive and finite.
PowerLaw fit_power_law(const std::vector<double>& x, const std::vector<double>& y);

/// What a variable of Student's t-distribution with so many degrees of freedom (at least 1) stays
/// below, in absolute value, with this probability: 2.776 for 0.95 and 4 degrees. Source:
/// Abramowitz and Stegun, "Handbook of mathematical functions" (1964), 26.7.3 and 26.7.4.
double student_t_bound(double probability, int degrees);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_POWER_LAW_H_
