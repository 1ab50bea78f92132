// The table of all operations, put together from its parts, and operands for its rows.
#include "tests/ops/operations.h"

#include <cmath>

#include "tests/ops/operations_rows.h"

namespace clearhead {

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    Rows rows;
    for (const auto& family : {elementwise_rows, product_rows, reduction_rows, move_rows, norm_rows,
                               recurrence_rows, position_rows, attention_rows}) {
      const Rows more = family();
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }();
  return all;
}

std::vector<Tensor> random_operands(const std::vector<Shape>& shapes, DType dtype) {
  std::vector<Tensor> operands;
  for (const Shape& shape : shapes) {
    Tensor numbers = random_tensor(shape, operands.size());
    for (std::int64_t i = 0; i < numbers.count(); ++i) {
      double& number = numbers.mutable_data<double>()[i];
      if (std::abs(number) < 0.01) number = 0.5;
    }
    operands.push_back(numbers.to(dtype));
  }
  return operands;
}

Vars on_tape(Tape& tape, const std::vector<Tensor>& operands) {
  Vars vars;
  for (const Tensor& operand : operands) {
    vars.push_back(tape.input(std::string(1, static_cast<char>('a' + vars.size())), operand));
  }
  return vars;
}

}  // namespace clearhead
