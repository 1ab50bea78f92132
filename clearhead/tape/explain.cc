// Explanations: the history of a number, gathered from the records, and as text.
#include "clearhead/tape/explain.h"

#include <cassert>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tape/gradient_history_internal.h"
#include "clearhead/tape/recording_internal.h"

namespace clearhead {
namespace {

constexpr std::size_t kMaxTerms = 8;

// How the number at `index` of `var` came about.
Calculation calculation_of(const Var& var, const Index& index) {
  const auto& record = Recording::entry_of(var).record;
  Calculation calculation = record.explain ? record.explain(var, index) : Calculation{};
  if (record.moves) {  // a named move of what has no name is that
    const Operand source = seen_through(calculation.operands[0]);
    if (!Recording::entry_of(source.var).has_given_name) {
      return calculation_of(source.var, source.index);
    }
  }
  for (Operand& from : calculation.operands) from = seen_through(std::move(from));
  return calculation;
}

// Explanations made so far, by name, index and depth.
using Known = std::map<std::tuple<std::string, Index, int>, std::shared_ptr<const Explanation>>;

std::shared_ptr<const Explanation> explain_operand(const Operand& number, int depth, Known& known) {
  const bool is_gradient = number.of_gradient;
  const auto place =
      std::make_tuple(number.var.name() + (is_gradient ? "_grad" : ""), number.index, depth);
  const auto found = known.find(place);
  if (found != known.end()) return found->second;
  Explanation e;
  e.name = std::get<0>(place);
  e.index = number.index;
  e.value = number.value;
  e.formula = is_gradient ? gradient_formula(number.var) : number.var.formula();
  if (depth != 0) {
    const Calculation calculation = is_gradient ? gradient_calculation(number.var, number.index)
                                                : calculation_of(number.var, number.index);
    e.calculation = calculation.text;
    e.recalculated = calculation.value;
    for (const Operand& from : calculation.operands) {
      e.operands.push_back(explain_operand(from, depth < 0 ? depth : depth - 1, known));
    }
  }
  return known[place] = std::make_shared<const Explanation>(std::move(e));
}

void require_number(const Var& var, const Index& index) {
  if (var.tape().keep() != Keep::everything) {
    throw Error("explain: this tape did not keep the operands; use Keep::everything");
  }
  bool fits = index.size() == var.shape().size();
  for (std::size_t i = 0; fits && i < index.size(); ++i) {
    fits = 0 <= index[i] && index[i] < var.shape()[i];
  }
  if (fits) return;
  throw Error("explain: index " + to_string(index) + " does not lie in " + var.name() +
              " of shape " + to_string(var.shape()));
}

std::string full_name(const Explanation& e) { return e.name + to_string(e.index); }

// Writes explanations, each number once.
struct Writer {
  std::size_t max_operands;
  const std::function<std::string(const Explanation&)>& about;
  std::set<std::string> explained = {};
  std::string text = {};

  void write(const Explanation& e, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    text += indent + full_name(e) + (about ? about(e) : "") + " = " + format_number(e.value);
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
    text += "\n" + indent + "  = " + e.formula + "\n" + indent + "  = " + e.calculation + "\n";
    const std::size_t count = e.operands.size();
    const bool cut = count > max_operands;
    for (std::size_t i = 0; i < count; ++i) {
      if (cut && i == max_operands / 2) {
        const std::size_t left_out = count - max_operands / 2 * 2;
        text += indent + "  … " + std::to_string(left_out) + " more\n";
        i += left_out;
      }
      write(*e.operands[i], depth + 1);
    }
  }
};

}  // namespace

Operand seen_through(Operand from) {
  const auto is_nameless_move = [](const Recording::Entry& entry) {
    return entry.record.moves && !entry.has_given_name;
  };
  while (is_nameless_move(Recording::entry_of(from.var))) {
    from = Recording::entry_of(from.var).record.explain(from.var, from.index).operands[0];
  }
  return from;
}

Explanation explain(const Var& var, const Index& index, int depth) {
  require_number(var, index);
  Known known;
  return *explain_operand(operand(var, index), depth, known);
}

Explanation explain_gradient(const Var& var, const Index& index, int depth) {
  require_number(var, index);
  Known known;
  return *explain_operand(gradient_operand(var, index), depth, known);
}

std::string to_string(const Explanation& explanation, std::size_t max_operands,
                      const std::function<std::string(const Explanation&)>& about) {
  Writer writer{max_operands, about};
  writer.write(explanation, 0);
  return std::move(writer.text);
}

Operand operand(const Var& var, Index index) {
  Index end = index;
  for (std::int64_t& i : end) ++i;
  const Tensor number = var.tile(index, end);
  return {var, std::move(index), number.item()};
}

Operand gradient_operand(const Var& var, Index index) {
  const double value = var.grad().at(index);
  return {var, std::move(index), value, /*of_gradient=*/true};
}

std::string format_number(double value, bool in_formula) {
  if (std::isnan(value)) return "nan";  // printf would show its meaningless sign
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return in_formula && std::signbit(value) ? "(" + std::string(text) + ")" : text;
}

Index broadcast_index(const Index& index, const Shape& shape) {
  Index result(shape.size());
  const std::size_t added = index.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) result[i] = shape[i] == 1 ? 0 : index[added + i];
  return result;
}

Operand broadcast_operand(const Var& var, const Index& index) {
  return operand(var, broadcast_index(index, var.shape()));
}

std::vector<Index> broadcast_indices(const Index& index, const Shape& from, const Shape& shape) {
  Shape repeated = shape;  // the axes along which the operand is repeated, 1 elsewhere
  const std::size_t added = shape.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] == shape[added + i]) repeated[added + i] = 1;
  }
  std::vector<Index> indices;
  for (std::int64_t i = 0; i < element_count(repeated); ++i) {
    Index place = unflatten(i, repeated);
    for (std::size_t k = 0; k < from.size(); ++k) {
      if (repeated[added + k] == 1) place[added + k] = index[k];
    }
    indices.push_back(std::move(place));
  }
  return indices;
}

Calculation moved_from(Operand from) {
  const double value = from.value;
  return {{std::move(from)}, format_number(value), value};
}

Calculation sum_of(std::vector<Operand> terms) {
  Calculation sum;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    sum.value += terms[i].value;
    if (i < kMaxTerms) sum.text += (i == 0 ? "" : " + ") + format_number(terms[i].value, i > 0);
  }
  if (terms.size() > kMaxTerms) sum.text += " + … (" + std::to_string(terms.size()) + " terms)";
  if (terms.empty()) sum.text = "0 (an empty sum)";
  sum.operands = std::move(terms);
  return sum;
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
