// What an operation says about itself when it is recorded. For ops/, where operations are written.
#ifndef CLEARHEAD_TAPE_RECORD_H_
#define CLEARHEAD_TAPE_RECORD_H_

#include <functional>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

class Gradients;
class Tape;
class Var;
struct Recording;
struct Calculation;  // explain.h

/// How a number of the gradient of one operand came about.
struct GradientRecord {
  /// "{y}_grad·{1}ᵀ": {y} stands for the name of the result, {i} for that of operand i.
  std::string formula = {};
  /// How one number came about.
  std::function<Calculation(const Var& y, const Index& index)> explain = {};
};

/// An operation's record. Its functions hold tensors, never Vars: those of the operation are
/// reached from its result y, as y.input(0) and so on.
struct Record {
  Tensor value = {};         ///< the result as it was handed over; undefined for a computed view
  std::string formula = {};  ///< "{0}·{1}": {i} stands for the name of operand i
  /// Adds to the gradients of the operands, given the gradient of the result (contiguous, unless
  /// `any_strides` or `moves`). Empty: no gradient flows.
  std::function<void(const Tensor& d_y, Gradients& gradients)> backward = {};
  /// Whether `backward` takes a gradient of any strides.
  bool any_strides = false;
  /// How one number of the result came about (explain.h). Empty if nothing can be said.
  std::function<Calculation(const Var& y, const Index& index)> explain = {};
  /// The same for this operation's part in the gradient of each operand, as far as it can be said.
  std::vector<GradientRecord> gradients = {};

  /// The result only moves the numbers of operand 0 (reshape, transpose). Unless it has a name,
  /// formulas and explanations skip it.
  bool moves = false;

  /// A computed view has no stored value: it is calculated, tile by tile, when asked for.
  std::function<Tensor(const Var& y, const Index& begin, const Index& end)> view = {};
  Shape view_shape = {};          ///< of a computed view
  DType view_dtype = DType::f32;  ///< of a computed view
};

/// Adds to the gradients of the operands, given the gradient of each result (undefined if nothing
/// depends on that result).
using BackwardOfSeveral = std::function<void(const std::vector<Tensor>& d_y, Gradients&)>;

/// The record of an operation with several results: one Record for each, and one backward for all.
struct RecordOfSeveral {
  std::vector<Record> results = {};  ///< one each
  BackwardOfSeveral backward = {};   ///< of all of them
};

/// The gradients of an operation's operands, to which its backward adds.
class Gradients {
 public:
  /// Whether operand `i` takes a gradient; if not, there is no need to calculate it.
  bool wanted(std::size_t i) const;
  /// The shape of operand `i`, which is wanted.
  const Shape& shape(std::size_t i) const;
  /// The gradient of operand `i`, contiguous, of its shape and type, to be added to.
  Tensor& of(std::size_t i);
  /// If operand `i` has no gradient yet, makes `d` its gradient, if possible without a copy, and
  /// returns true. `d` has the operand's shape and type, and any strides.
  bool take(std::size_t i, const Tensor& d);
  /// Memory that was given for the gradient of operand `i` (`Tape::place_gradient`), for `take`;
  /// else undefined.
  const Tensor& place(std::size_t i) const;
  /// If operand `i` has no gradient yet, makes one of unspecified numbers, all of which the caller
  /// must then write, and returns true. So zeros need not be written long before something is added
  /// to them.
  bool begin(std::size_t i);
  /// The same as a pointer, or null if it is not wanted.
  template <typename T>
  T* data(std::size_t i) {
    return wanted(i) ? of(i).mutable_data<T>() : nullptr;
  }

 private:
  friend class Tape;
  friend struct Recording;
  Gradients(Recording& recording, const std::vector<std::int64_t>& ids)
      : recording_(recording), ids_(ids) {}

  Recording& recording_;
  const std::vector<std::int64_t>& ids_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_RECORD_H_
