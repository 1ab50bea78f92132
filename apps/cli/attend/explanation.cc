// Finds the number that --explain names, and prints where it comes from.
#include "apps/cli/attend/explanation.h"

#include "apps/console/named_numbers.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {

std::string print_explanation(const Tape& tape, const AttendOptions& o) {
  const console::Numbers& number = *o.explain;
  const std::string given = "--explain " + number.text;
  const bool of_gradient = o.gradients && number.name.ends_with(kGradientSuffix);
  const std::size_t length = number.name.size() - (of_gradient ? kGradientSuffix.size() : 0);
  const Var of = console::value_named(tape, number.name.substr(0, length), given);
  const Index place = number.place_in(of.shape(), given);
  return to_string(of_gradient ? explain_gradient(of, place, o.depth)
                               : explain(of, place, o.depth));
}

}  // namespace clearhead::cli
