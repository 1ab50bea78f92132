#include "clearhead/tape/explain.h"

#include <cassert>
#include <cmath>
#include <cstdio>
#include <set>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr std::size_t kMaxTerms = 8;

std::string full_name(const Explanation& e) { return e.name + to_string(e.index); }

void append_lines(const Explanation& e, std::size_t depth, std::size_t max_operands,
                  std::set<std::string>& explained, std::string& text) {
  text += std::string(2 * depth, ' ') + full_name(e) + " = " + format_number(e.value);
  if (e.operands.empty()) {
    text += e.formula == "input"    ? "  (input)\n"
            : e.calculation.empty() ? "\n"
                                    : "  (" + e.calculation + ")\n";
    return;
  }
  if (!explained.insert(full_name(e)).second) {
    text += "  (see above)\n";
    return;
  }
  text += "\n" + std::string(2 * depth, ' ') + "  = " + e.formula + "\n" +
          std::string(2 * depth, ' ') + "  = " + e.calculation + "\n";
  const std::size_t count = e.operands.size();
  const bool cut = count > max_operands;
  for (std::size_t i = 0; i < count; ++i) {
    if (cut && i == max_operands / 2) {
      const std::size_t left_out = count - max_operands / 2 * 2;
      text += std::string(2 * depth + 2, ' ') + "… " + std::to_string(left_out) + " more\n";
      i += left_out;
    }
    append_lines(e.operands[i], depth + 1, max_operands, explained, text);
  }
}

}  // namespace

Calculation calculation_of(const Var& var, const Index& index) {
  const auto& record = var.tape_->records_[static_cast<std::size_t>(var.id_)];
  return record.explain ? record.explain(index) : Calculation{};
}

Explanation explain(const Var& var, const Index& index, int depth) {
  if (var.tape().keep() != Keep::everything) {
    throw Error("explain: this tape did not keep the operands; use Keep::everything");
  }
  Explanation e;
  const Operand number = operand(var, index);
  e.name = var.name();
  e.index = index;
  e.value = number.value;
  e.formula = var.formula();
  if (depth == 0) return e;
  const Calculation calculation = calculation_of(var, index);
  e.calculation = calculation.text;
  e.recalculated = calculation.value;
  for (const Operand& from : calculation.operands) {
    e.operands.push_back(explain(from.var, from.index, depth - 1));
  }
  return e;
}

std::string to_string(const Explanation& explanation, std::size_t max_operands) {
  std::string text;
  std::set<std::string> explained;
  append_lines(explanation, 0, max_operands, explained, text);
  return text;
}

Operand operand(const Var& var, Index index) {
  Index end = index;
  for (std::int64_t& i : end) ++i;
  const Tensor number = var.tile(index, end);
  return {var, std::move(index), number.item()};
}

std::string format_number(double value, bool in_formula) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return in_formula && (std::signbit(value) && !std::isnan(value)) ? "(" + std::string(text) + ")"
                                                                   : std::string(text);
}

Index broadcast_index(const Index& index, const Shape& shape) {
  Index result(shape.size());
  const std::size_t added = index.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) result[i] = shape[i] == 1 ? 0 : index[added + i];
  return result;
}

Calculation sum_of_products(std::vector<Operand> pairs) {
  assert(pairs.size() % 2 == 0);
  Calculation calculation;
  const std::size_t terms = pairs.size() / 2;
  for (std::size_t i = 0; i < terms; ++i) {
    const double a = pairs[2 * i].value;
    const double b = pairs[2 * i + 1].value;
    calculation.value += a * b;
    if (i < kMaxTerms) {
      calculation.text +=
          (i == 0 ? "" : " + ") + format_number(a, true) + "·" + format_number(b, true);
    }
  }
  if (terms > kMaxTerms) calculation.text += " + … (" + std::to_string(terms) + " products)";
  if (terms == 0) calculation.text = "0 (an empty sum)";
  calculation.operands = std::move(pairs);
  return calculation;
}

}  // namespace clearhead
