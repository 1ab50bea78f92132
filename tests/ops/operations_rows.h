// How the rows of the table of operations are written, and the parts of the table. For
// operations*.cc alone.
#ifndef CLEARHEAD_TESTS_OPS_OPERATIONS_ROWS_H_
#define CLEARHEAD_TESTS_OPS_OPERATIONS_ROWS_H_

#include <string_view>
#include <utility>
#include <vector>

#include "tests/ops/operations.h"

namespace clearhead {

using Operands = std::vector<Shape>;
using Rows = std::vector<Operation>;

inline const Operands kLarge = {{200, 300}};
// Scores, and a bias that broadcasts to them.
inline const std::vector<Operands> kMasked = {
    {{2, 3}, {2, 3}}, {{2, 3}, {3}},       {{2, 2, 3, 4}, {3, 4}}, {{2, 2, 3, 4}, {2, 1, 1, 4}},
    {{2, 3}, {}},     {{2, 3, 4}, {3, 1}}, {{0, 3}, {3}}};

inline Operation row(std::string_view header, std::string_view name, Function call,
                     std::vector<Operands> small, Operands large,
                     std::vector<std::string_view> held_for, std::string_view formula = {},
                     std::vector<WrongCall> wrong = {}, Types types = Types::one_float) {
  return {header,
          name,
          std::move(call),
          std::move(small),
          std::move(large),
          held_for,
          formula,
          std::move(wrong),
          types};
}

Rows elementwise_rows();
Rows product_rows();
Rows reduction_rows();
Rows move_rows();
Rows norm_rows();
Rows recurrence_rows();
Rows position_rows();
Rows attention_rows();

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_OPS_OPERATIONS_ROWS_H_
