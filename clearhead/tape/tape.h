// The recording of a calculation. Walked backward it gives gradients; read forward it shows every
// step.
//
// An operation of ops/ computes its result and hands it to the tape (`Tape::record`) with its kind,
// its operands, and a function that describes it: formula, how to go backward, how a number came
// about. A Var is the handle on such a result. `Keep` decides what is recorded, and so described.
// `Tape::intervene` changes values on their way.
#ifndef CLEARHEAD_TAPE_TAPE_H_
#define CLEARHEAD_TAPE_TAPE_H_

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/tape/record.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

class Tape;
struct Recording;

/// What a Tape keeps.
enum class Keep {
  nothing,       ///< no record at all: a value dies with its last Var
  for_backward,  ///< what `backward` needs; values that it does not need die with their last Var
  everything,    ///< every value, for the views and for `explain`
};

/// A value on a tape: a handle, cheap to copy, which keeps the recording alive.
class Var {
 public:
  /// No value: means that an optional operand is left out.
  Var() = default;

  /// Whether there is a value.
  bool defined() const { return recording_ != nullptr; }
  /// The tape that it lies on.
  Tape tape() const;
  /// Its sizes, outermost axis first.
  const Shape& shape() const;
  /// The number of axes.
  std::int64_t rank() const { return static_cast<std::int64_t>(shape().size()); }
  /// The size along an axis, counted from the end if negative.
  std::int64_t size(std::int64_t axis) const;
  /// The type of its numbers.
  DType dtype() const;
  /// Whether a gradient flows to this value in `backward`.
  bool needs_grad() const;

  /// The value. A computed view is calculated whole; above 4 GiB that is refused, and `tile` must
  /// be used. Throws Error if the tape did not keep it.
  Tensor value() const;
  /// Positions [begin, end) of each axis; of a computed view, only these are calculated.
  Tensor tile(const Index& begin, const Index& end) const;
  /// ∂(the value that backward started from) / ∂(this one), of the same shape; zeros where nothing
  /// depends on it. Throws Error before `backward`, or if this value takes no gradient.
  Tensor grad() const;

  /// The path of scopes and the name, e.g. "blocks.0.attn.hook_pattern". "" in Keep::nothing.
  const std::string& name() const;
  /// The operation, e.g. "softmax"; "input" for an input, "intervention" for what an intervention
  /// made.
  const std::string& kind() const;
  /// The formula with the operands' own names, e.g. "softmax(attn_scores)".
  std::string formula() const;
  /// Operand i; undefined if it was left out or is not recorded, or if there are fewer.
  Var input(std::size_t i) const;
  /// What this value was before interventions changed it; undefined if none did.
  Var before() const;

  /// Gives this value a name within the current scopes. Returns the value, or what interventions on
  /// that name make of it, so the calculation must go on with the returned Var. A second name
  /// becomes an alias; the same name again changes nothing; a name that another value has gets
  /// "#2", "#3", … appended. If nothing is recorded there are no names, but interventions act all
  /// the same.
  [[nodiscard]] Var named(std::string_view name) const;
  /// Gives a name to a value from which nothing will be calculated, such as the mean of a norm
  /// whose result is there already. Does nothing if it is undefined. Throws Error if there is an
  /// intervention on that name, since it would have no effect.
  void shown_as(std::string_view name) const;

 private:
  friend class Tape;
  friend struct Recording;
  Var(std::shared_ptr<Recording> recording, std::int64_t id, Tensor value)
      : recording_(std::move(recording)), id_(id), value_(std::move(value)) {}
  void require_defined() const;
  Var at(std::int64_t id) const;

  std::shared_ptr<Recording> recording_;
  std::int64_t id_ = -1;  // position in the recording; −1 if not recorded
  Tensor value_;          // undefined for a computed view, and if looked up but not kept
};

/// The operands of an operation, in order; an optional one that was left out is an undefined Var.
using OperandList = std::vector<std::reference_wrapper<const Var>>;

/// A function that makes another value of a value: of the same shape and type, on the same tape, by
/// operations that are recorded as all others are. So gradients flow as those say: through a factor
/// scaled, through a sum unchanged, and not at all to a value that is not used.
using Change = std::function<Var(const Var& value)>;

/// The recording: a handle. Its copies, and all Vars on it, share one recording. Belongs to one
/// thread at a time.
class Tape {
 public:
  /// An empty tape.
  explicit Tape(Keep keep = Keep::everything);

  /// What it holds on to.
  Keep keep() const;

  /// A value from outside. Gradients flow to it if it is floating and `requires_grad`.
  /// Interventions on its name act on it as `Var::named` says.
  Var input(std::string_view name, Tensor value, bool requires_grad = true);

  /// The same for a tensor that is used in several places, such as a learned one. The first call
  /// puts it on the tape by `name` alone, without the current scopes; later calls with the same
  /// memory give the same Var.
  Var shared_input(std::string_view name, const Tensor& value);
  /// The Var that `shared_input` has put on the tape for this memory; undefined if there is none.
  Var find_shared(const Tensor& value) const;

  /// The result of an operation, for ops/. If this tape keeps it (Keep::everything keeps
  /// everything, Keep::for_backward what a gradient flows to), it is recorded as
  /// `describe(Record&)` says. Else `describe` is not called, and only the value is made. Throws
  /// Error if operands are on another tape.
  template <typename Describe>
  Var record(std::string_view kind, const OperandList& operands, Tensor value, Describe&& describe);

  /// The same for several results: `describe(RecordOfSeveral&)` finds one Record for each.
  template <typename Describe>
  std::vector<Var> record(std::string_view kind, const OperandList& operands,
                          std::vector<Tensor> values, Describe&& describe);

  /// The same for a computed view, whose shape and type `describe` sets. An undefined Var unless
  /// this tape keeps everything.
  template <typename Describe>
  Var record(std::string_view kind, const OperandList& operands, Describe&& describe);

  /// Whether the steps between operands and result are needed: this tape keeps everything, or there
  /// is an intervention on one of these names within the current scopes. A fused operation asks
  /// this, and goes step by step if so.
  bool looks_into(std::initializer_list<std::string_view> names) const;
  /// The first pattern of an intervention on one of these names within the current scopes; "" if
  /// there is none.
  std::string intervention_on(std::initializer_list<std::string_view> names) const;

  /// From now on, each value whose name matches `pattern` is replaced by what `change` makes of it,
  /// whatever the tape keeps. A pattern is a path in which "*" stands for any text:
  /// "blocks.*.attn.hook_z". What the value was is recorded under the same name with "_before"
  /// appended. Several interventions act in the order given, each on the result of the one before.
  /// While one acts, none acts on the values that it names itself.
  ///
  /// Fused operations that contain such a value go step by step; if they cannot, they throw Error.
  /// `named` throws Error if `change` gives another shape or type. The recording keeps `change`, so
  /// `change` must not hold a Var of it, or neither is ever freed.
  void intervene(std::string_view pattern, Change change);
  /// The patterns of interventions that no value has matched so far.
  std::vector<std::string> unmatched() const;

  /// While it lives, names given on this tape begin with "name.".
  class Scope {
   public:
    /// Begins the scope.
    Scope(const Tape& tape, std::string_view name);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    /// Ends it.
    ~Scope();

   private:
    std::shared_ptr<Recording> recording_;
    std::size_t outer_length_;
  };
  /// Names begin with "name." while the result lives.
  [[nodiscard]] Scope scope(std::string_view name) { return Scope(*this, name); }

  /// Calculates the gradient of `y`, a single number, with respect to everything that it depends
  /// on, in one walk over the record from its end (reverse-mode differentiation: Linnainmaa 1970).
  /// Earlier gradients are forgotten. In Keep::for_backward only the inputs' gradients are kept.
  /// Throws Error in Keep::nothing, if y has several numbers, or if it depends on nothing that
  /// takes a gradient.
  void backward(const Var& y);
  /// The same for a y of any shape, given ∂L/∂y.
  void backward(const Var& y, const Tensor& d_y);
  /// From now on `backward` calculates the gradient of `x` in `memory`, of its shape and type, if
  /// the operation can: then `x.grad()` is that memory. Undefined: in new memory. Throws Error if
  /// shape or type differ.
  void place_gradient(const Var& x, const Tensor& memory);

  /// The value of that name. Throws Error, naming close ones, if there is none.
  Var operator[](std::string_view name) const;
  /// Whether there is a value of that name.
  bool contains(std::string_view name) const;
  /// All recorded values, in the order in which they were recorded.
  std::vector<Var> vars() const;
  /// All names, aliases among them, in that order.
  std::vector<std::string> names() const;

 private:
  friend class Var;
  explicit Tape(std::shared_ptr<Recording> recording) : recording_(std::move(recording)) {}

  bool records(std::string_view kind, const OperandList& operands) const;
  Var append(std::string_view kind, const OperandList& operands, Record record);
  std::vector<Var> append(std::string_view kind, const OperandList& operands,
                          RecordOfSeveral several);
  Var put_input(std::string_view name, Tensor value, bool requires_grad);
  void require_here(std::string_view kind, const Var& input) const;
  Var at(std::int64_t id) const;
  Var named(const Var& var, const std::string& path);
  Var changed(const Var& var, const std::string& path);

  std::shared_ptr<Recording> recording_;
};

template <typename Describe>
Var Tape::record(std::string_view kind, const OperandList& operands, Tensor value,
                 Describe&& describe) {
  if (!records(kind, operands)) return Var(recording_, -1, std::move(value));
  Record record{.value = std::move(value)};
  describe(record);
  return append(kind, operands, std::move(record));
}

template <typename Describe>
std::vector<Var> Tape::record(std::string_view kind, const OperandList& operands,
                              std::vector<Tensor> values, Describe&& describe) {
  if (!records(kind, operands)) {
    std::vector<Var> results;
    for (Tensor& value : values) results.push_back(Var(recording_, -1, std::move(value)));
    return results;
  }
  RecordOfSeveral several;
  for (Tensor& value : values) several.results.push_back({.value = std::move(value)});
  describe(several);
  return append(kind, operands, std::move(several));
}

template <typename Describe>
Var Tape::record(std::string_view kind, const OperandList& operands, Describe&& describe) {
  if (!records(kind, operands) || keep() != Keep::everything) return {};
  Record record;
  describe(record);
  return append(kind, operands, std::move(record));
}

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_TAPE_H_
