// Explains where one number of a value, or of its gradient, came from, down to the inputs if asked.
#ifndef CLEARHEAD_TAPE_EXPLAIN_H_
#define CLEARHEAD_TAPE_EXPLAIN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// One number that an operation or its backward used; in backward it may be one of a gradient.
struct Operand {
  Var var;                   ///< the value that it is one of
  Index index;               ///< its place in it
  double value = 0;          ///< as recorded
  bool of_gradient = false;  ///< of that of `var`
};

/// How an operation made one number of its result: which numbers it used and how they combine.
struct Calculation {
  std::vector<Operand> operands;  ///< in the order of the text
  /// The formula for this number with the operands' values put in, e.g. "0.5·0.2 + 0.5·1.4".
  std::string text;
  /// The outcome, calculated again in f64 from the operands. It agrees with the recorded value up
  /// to rounding.
  double value = 0;
};

/// A number with its history. Operands that occur several times are shared, so a history grows with
/// the count of its numbers, not with the count of paths to them.
struct Explanation {
  std::string name;         ///< with "_grad" appended if it is of a gradient
  Index index;              ///< its place
  double value = 0;         ///< as recorded
  std::string formula;      ///< with names: "softmax(attn_scores)"; "input" for an input
  std::string calculation;  ///< with values; "" for an input, and where `depth` ends
  double recalculated = 0;  ///< the calculation's outcome in f64
  std::vector<std::shared_ptr<const Explanation>> operands;  ///< none where `depth` ends
};

/// Explains the number at `index` of `var`: its operands, theirs, and so on for `depth` levels;
/// depth −1 goes down to the inputs. Throws Error unless the tape keeps everything, or if the index
/// does not fit the shape.
Explanation explain(const Var& var, const Index& index, int depth = 1);

/// The same for the number at `index` of the gradient of `var` after `backward`: with its formula,
/// e.g. "z_grad·vᵀ", the parts of all operations that used `var`, and gradients and values as
/// operands. Ends where an operation does not say how it passes a gradient back. Throws Error also
/// if Var::grad does.
Explanation explain_gradient(const Var& var, const Index& index, int depth = 1);

/// The explanation as an indented text, with one number a line. A number that occurs again is only
/// referred to. If a number has more than `max_operands` operands, those in the middle are counted
/// instead of listed. `about`, if given, says what a number is; that text follows its place.
std::string to_string(const Explanation& explanation, std::size_t max_operands = 16,
                      const std::function<std::string(const Explanation&)>& about = {});

// For ops/, which write calculations:

/// One element of `var` as an operand.
Operand operand(const Var& var, Index index);
/// One element of its gradient.
Operand gradient_operand(const Var& var, Index index);
/// A number as texts show it: 5 significant digits; a negative one in brackets if `in_formula`.
std::string format_number(double value, bool in_formula = false);
/// The index into an operand of shape `shape` that broadcasts to the element `index` of a result.
Index broadcast_index(const Index& index, const Shape& shape);
/// The element of `var` that broadcasts to the element `index` of a result.
Operand broadcast_operand(const Var& var, const Index& index);
/// The indices of a result of shape `shape` to which the element `index` of an operand [...from]
/// broadcasts, in row-major order.
std::vector<Index> broadcast_indices(const Index& index, const Shape& from, const Shape& shape);
/// The calculation of a number that was moved unchanged from `from`.
Calculation moved_from(Operand from);
/// "a + b + …" with at most 8 terms written out.
Calculation sum_of(std::vector<Operand> terms);
/// "a0·b0 + a1·b1 + …" with at most 8 terms written out; `pairs` holds a0, b0, a1, b1, …
Calculation sum_of_products(std::vector<Operand> pairs);

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_EXPLAIN_H_
