// What an operation says of itself where it is recorded. For ops/, which write operations.
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
  std::function<Calculation(const Var& y, const Index& index)> explain = {};
};

/// An operation's record. Its functions hold numbers (tensors), but no Vars: the operation's own
/// are reached from its result y, as y.input(0) and so on.
struct Record {
  Tensor value = {};         ///< the result as it was handed over; undefined for a computed view
  std::string formula = {};  ///< "{0}·{1}": {i} stands for the name of operand i
  /// Adds to the gradients of the operands, given the gradient of the result (contiguous, unless
  /// `any_strides` or `moves`). Empty: no gradient flows.
  std::function<void(const Tensor& d_y, Gradients& gradients)> backward = {};
  bool any_strides = false;
  /// How one number of the result came about (explain.h). Empty: nothing can be said.
  std::function<Calculation(const Var& y, const Index& index)> explain = {};
  /// The same for this operation's part of the gradient of each operand, as far as it can be said.
  std::vector<GradientRecord> gradients = {};

  /// Each number of the result is a number of operand 0, elsewhere (reshape, transpose). Unless it
  /// is given a name, formulas and explanations look through it.
  bool moves = false;

  /// A computed view has no stored value: it is calculated, tile by tile, when asked for.
  std::function<Tensor(const Var& y, const Index& begin, const Index& end)> view = {};
  Shape view_shape = {};
  DType view_dtype = DType::f32;
};

/// Adds to the gradients of the operands, given that of each result, undefined where nothing
/// depends on it.
using BackwardOfSeveral = std::function<void(const std::vector<Tensor>& d_y, Gradients&)>;

/// The record of an operation of several results: of each by itself, but that their backward is
/// one.
struct RecordOfSeveral {
  std::vector<Record> results = {};
  BackwardOfSeveral backward = {};
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
  /// Makes `d`, of the operand's shape and type and of any strides, the gradient of operand `i` if
  /// it has none yet, without copying where it need not; returns whether it did.
  bool take(std::size_t i, const Tensor& d);
  /// If operand `i` has no gradient yet, makes it unspecified numbers, all of which the caller then
  /// writes; returns whether it did. So zeros need not be written far ahead of what is added to
  /// them.
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
