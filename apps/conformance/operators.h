// The operators that cases can be run on.
#ifndef CLEARHEAD_APPS_CONFORMANCE_OPERATORS_H_
#define CLEARHEAD_APPS_CONFORMANCE_OPERATORS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apps/conformance/case.h"

namespace clearhead::conformance {

/// One way of calculating an operator: all of them must give what a case expects.
struct Way {
  std::string name;  ///< "by hand"; empty if there is but one
  /// The outputs by position; undefined ones are not given.
  std::function<std::vector<Tensor>(Case&)> run;
};

struct Operator {
  std::vector<Way> ways;
  /// The coarsest type that the case asks to calculate in, where that is not the outputs' own.
  std::function<DType(Case&, DType output)> precision;
};

/// By the names that ONNX gives them.
const std::map<std::string, Operator>& operators();

}  // namespace clearhead::conformance

#endif  // CLEARHEAD_APPS_CONFORMANCE_OPERATORS_H_
