// The recording of a calculation: the same record is walked backward to learn and forward to show.
//
// An operation of ops/ computes its result, then hands it to the tape together with its name,
// formula, operands and how to go backward. A Var is the handle on such a result. How much is held
// is `Keep`'s choice.
#ifndef CLEARHEAD_TAPE_TAPE_H_
#define CLEARHEAD_TAPE_TAPE_H_

#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

class Tape;
struct Calculation;  // explain.h

/// What a Tape holds on to.
enum class Keep {
  nothing,       ///< no record at all: a value dies with its last Var
  for_backward,  ///< what `backward` needs; values that it does not need die with their last Var
  everything,    ///< every value, for the views and for `explain`
};

/// A value on a tape: a handle, cheap to copy. It must not outlive its Tape.
class Var {
 public:
  /// No value; stands for an optional operand left out.
  Var() = default;

  bool defined() const { return tape_ != nullptr; }
  Tape& tape() const;
  const Shape& shape() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(shape().size()); }
  std::int64_t size(std::int64_t axis) const;
  DType dtype() const;
  /// Whether a gradient flows to this value in `backward`.
  bool needs_grad() const;

  /// The value. A computed view is calculated whole; past 4 GiB that is refused: ask for a `tile`.
  /// Throws Error if the tape did not keep it.
  Tensor value() const;
  /// Positions [begin, end) of each axis; of a computed view, only these are calculated.
  Tensor tile(const Index& begin, const Index& end) const;
  /// ∂(the value that backward started from) / ∂(this one), of the same shape; zeros where nothing
  /// depends on it. Throws Error before `backward`, or if this value takes no gradient.
  Tensor grad() const;

  /// The path of scopes and the name, e.g. "blocks.0.attn.hook_pattern". "" in Keep::nothing.
  const std::string& name() const;
  /// The operation, e.g. "softmax"; "input" for an input.
  const std::string& kind() const;
  /// The formula with the operands' own names, e.g. "softmax(attn_scores)".
  std::string formula() const;
  std::vector<Var> inputs() const;

  /// Gives this value a name within the current scopes, and returns it. A second name becomes an
  /// alias, the same name again changes nothing; a name that another value has gets "#2", "#3", …
  /// appended. Does nothing where nothing is recorded.
  Var named(std::string_view name) const;

 private:
  friend class Tape;
  friend Calculation calculation_of(const Var& var, const Index& index);
  Var(Tape* tape, std::int64_t id, Tensor value) : tape_(tape), id_(id), value_(std::move(value)) {}

  Tape* tape_ = nullptr;
  std::int64_t id_ = -1;  // position on the tape; −1 if not recorded
  Tensor value_;          // undefined for a computed view, and if looked up but not kept
};

/// The gradients of an operation's inputs, to which its backward adds.
class Gradients {
 public:
  /// Whether input `i` takes a gradient; if not, there is no need to calculate it.
  bool wanted(std::size_t i) const;
  /// The shape of input `i`, which is wanted.
  const Shape& shape(std::size_t i) const;
  /// The gradient of input `i`, contiguous, of its shape and type, to be added to.
  Tensor& of(std::size_t i);
  /// Makes `d`, of the input's shape and type and of any strides, the gradient of input `i` if it has
  /// none yet, without copying where it need not; returns whether it did.
  bool take(std::size_t i, const Tensor& d);
  /// If input `i` has no gradient yet, makes it unspecified numbers, all of which the caller then
  /// writes; returns whether it did. So zeros need not be written far ahead of what is added to them.
  bool begin(std::size_t i);
  /// The same as a pointer, or null if it is not wanted.
  template <typename T>
  T* data(std::size_t i) {
    return wanted(i) ? of(i).mutable_data<T>() : nullptr;
  }

 private:
  friend class Tape;
  Gradients(Tape& tape, const std::vector<std::int64_t>& ids) : tape_(tape), ids_(ids) {}

  Tape& tape_;
  const std::vector<std::int64_t>& ids_;
};

/// An operation as ops/ hands it to the tape.
struct Operation {
  std::string kind;              ///< "matmul"
  std::string formula = {};      ///< "{0}·{1}": {i} stands for the name of input i
  std::vector<Var> inputs = {};  ///< all of the same tape
  Tensor value = {};             ///< the result; undefined for a computed view
  /// Adds to the gradients of the inputs, given the gradient of the result (contiguous, unless
  /// `any_strides` or `moves`). Empty: no gradient flows.
  std::function<void(const Tensor& d_out, Gradients& gradients)> backward = {};
  bool any_strides = false;
  /// How one number of the result came about (explain.h). Empty: nothing can be said.
  std::function<Calculation(const Index& index)> explain = {};

  /// Each number of the result is a number of input 0, elsewhere (reshape, transpose). Unless it is
  /// given a name, formulas and explanations look through it.
  bool moves = false;

  // A computed view has no stored value: it is calculated, tile by tile, when asked for.
  std::function<Tensor(const Index& begin, const Index& end)> view = {};
  Shape view_shape = {};
  DType view_dtype = DType::f32;
};

/// Adds to the gradients of the inputs, given those of several results.
using BackwardOfSeveral = std::function<void(const std::vector<Tensor>& d_out, Gradients&)>;

/// The recording. Belongs to one thread at a time.
class Tape {
 public:
  explicit Tape(Keep keep = Keep::everything) : keep_(keep) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Keep keep() const { return keep_; }

  /// A value from outside. Gradients flow to it if it is floating and `requires_grad`.
  Var input(std::string_view name, Tensor value, bool requires_grad = true);

  /// The same for a tensor that is used in several places, as what a model has learnt is: put on the
  /// tape when it is asked for first, by `name` alone, without the scopes around; later calls with
  /// the same memory give the same Var.
  Var shared_input(std::string_view name, const Tensor& value);

  /// Records an operation and returns its result. For ops/. Throws Error if the inputs lie on
  /// another tape.
  Var record(Operation operation);

  /// Records an operation of several results, of which no values are kept (not in Keep::everything):
  /// `backward` gets the gradient of each, undefined where nothing depends on it, and adds to those of
  /// the inputs. For ops/.
  std::vector<Var> record_several(std::string_view kind, const std::vector<Var>& inputs,
                                  const std::vector<Tensor>& values, BackwardOfSeveral backward);

  /// The result of an operation of some inputs, where nothing is recorded (Keep::nothing): what
  /// `record` would return, without an Operation to be described first. For ops/. Inputs that are
  /// not defined are left out. Throws Error if the others lie on another tape.
  Var unrecorded(std::string_view kind, std::initializer_list<const Var*> inputs, Tensor value);

  /// While it lives, names given on this tape begin with "name.".
  class Scope {
   public:
    Scope(Tape& tape, std::string_view name);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

   private:
    Tape& tape_;
    std::size_t outer_length_;
  };
  [[nodiscard]] Scope scope(std::string_view name) { return Scope(*this, name); }

  /// Calculates the gradient of `y`, a single number, with respect to everything that it depends
  /// on, in one walk over the record from its end (reverse-mode differentiation: Linnainmaa 1970).
  /// Earlier gradients are forgotten. In Keep::for_backward only the inputs' gradients are kept.
  /// Throws Error in Keep::nothing, if y has several numbers, or if it depends on nothing that takes
  /// a gradient.
  void backward(const Var& y);
  /// The same for a y of any shape, given ∂L/∂y.
  void backward(const Var& y, const Tensor& d_y);

  /// The value of that name. Throws Error, naming close ones, if there is none.
  Var operator[](std::string_view name) const;
  bool contains(std::string_view name) const { return ids_.find(name) != ids_.end(); }
  /// All recorded values, in the order in which they were recorded.
  std::vector<Var> vars() const;
  /// All names, aliases among them, in that order.
  std::vector<std::string> names() const;

 private:
  friend class Var;
  friend class Gradients;
  friend Calculation calculation_of(const Var& var, const Index& index);

  struct Record {
    std::string name;
    bool has_given_name = false;
    bool moves = false;
    bool any_strides = false;
    std::string kind;
    std::string formula;
    std::vector<std::int64_t> inputs;  // positions on the tape; −1 for a value that is not recorded
    Tensor value;                      // kept in Keep::everything, and for inputs
    Shape shape;
    DType dtype = DType::f32;
    bool needs_grad = false;
    Tensor grad;
    std::function<void(const Tensor&, Gradients&)> backward;
    BackwardOfSeveral backward_of_several;  // of this record and those after it, if it is the first
    std::int64_t results = 1;               // that it is the first of; 0 for one of the others
    std::function<Calculation(const Index&)> explain;
    std::function<Tensor(const Index&, const Index&)> view;
  };

  void require_here(std::string_view kind, const Var& input) const;
  Var at(std::int64_t id) const;
  std::int64_t append(Record record);
  std::int64_t seen_through(std::int64_t id) const;
  void give_name(std::int64_t id, std::string_view name);
  std::string free_name(std::string_view name) const;
  void walk_several(std::int64_t id);
  Tensor& grad_of(std::int64_t id);

  Keep keep_;
  std::deque<Record> records_;  // a record keeps its place while others are appended
  std::map<std::string, std::int64_t, std::less<>> ids_;  // names and aliases
  std::map<const void*, std::int64_t> shared_;            // memory of shared inputs
  std::string scope_;                                     // "blocks.0.attn." or ""
  bool has_gradients_ = false;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_TAPE_H_
