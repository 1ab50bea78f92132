// The learned tensors of a model: layers ask for them when they are made, training changes them,
// checkpoints hold them.
#ifndef CLEARHEAD_NN_PARAMETERS_H_
#define CLEARHEAD_NN_PARAMETERS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "clearhead/tape/tape.h"
#include "clearhead/tensor/named_tensors.h"

namespace clearhead {

/// A learned tensor.
struct Parameter {
  std::string name;  ///< "blocks.0.attn.W_Q"
  Tensor value;      ///< f32, f64, or bf16 where it is kept so
  /// False for statistics that a layer gathers itself: they have no gradient and no optimiser
  /// changes them, but a checkpoint has them.
  bool learned = true;
};

/// The parameter as a value of this tape, under its own name. All calls give the same Var, so a
/// tensor that two layers share has one gradient. Null, a parameter that is left out, gives an
/// undefined Var. For learned parameters. One that is stored as bf16 is widened to f32.
Var on(Tape tape, const Parameter* parameter);
/// The same as it is stored, for operations that widen by themselves.
Var stored_on(Tape tape, const Parameter* parameter);

/// The first numbers of a matrix depend on the seed, its name and the position alone. Without a
/// seed there is only an outline: all parameters are zeros that take no memory, until `load` gives
/// them numbers.
using Seed = std::optional<std::uint64_t>;

/// How matrices begin.
struct InitialWeights {
  Seed seed = 0;  ///< none: an outline
  /// Standard deviation of a normal distribution (GPT-2: 0.02); 0: uniform in ±√(6/(rows +
  /// columns)), which keeps variances alike forward and backward (Glorot and Bengio 2010, equation
  /// 16).
  double std = 0;
};

/// In the order of creation. A parameter keeps its address, also when all are moved.
class Parameters {
 public:
  /// None yet; those to come are of `dtype`.
  explicit Parameters(const InitialWeights& initial = {}, DType dtype = DType::f32)
      : initial_(initial), dtype_(dtype) {}
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  Parameters(Parameters&&) = default;
  Parameters& operator=(Parameters&&) = default;

  /// A new parameter, "scope.name". Throws Error if there is one of this name.
  const Parameter* zeros(std::string_view name, const Shape& shape);
  /// The same of ones.
  const Parameter* ones(std::string_view name, const Shape& shape);
  /// One that begins with `begin(i)` as its i-th number.
  const Parameter* values(std::string_view name, const Shape& shape,
                          const std::function<double(std::int64_t i)>& begin);
  /// A matrix as `InitialWeights` says, times `scale`.
  const Parameter* matrix(std::string_view name, std::int64_t rows, std::int64_t columns,
                          double scale = 1);

  /// Statistics that a layer gathers and may change; all begin as `begin`.
  Parameter* statistic(std::string_view name, const Shape& shape, double begin);

  /// The stream of random numbers that belongs to `name` within the current scope.
  std::uint64_t stream(std::string_view name) const;

  /// While it lives, names of new parameters begin with "name.".
  class Scope {
   public:
    /// Begins the scope.
    Scope(Parameters& parameters, std::string_view name);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    /// Ends it.
    ~Scope();

   private:
    Parameters& parameters_;
    std::size_t outer_length_;
  };
  /// Names of new parameters begin with "name." while the result lives.
  [[nodiscard]] Scope scope(std::string_view name) { return Scope(*this, name); }

  /// The first.
  std::deque<Parameter>::const_iterator begin() const { return all_.begin(); }
  /// Past the last.
  std::deque<Parameter>::const_iterator end() const { return all_.end(); }
  /// The first, to be changed.
  std::deque<Parameter>::iterator begin() { return all_.begin(); }
  /// Past the last.
  std::deque<Parameter>::iterator end() { return all_.end(); }
  /// The number of parameters.
  std::int64_t size() const { return static_cast<std::int64_t>(all_.size()); }
  /// The number of learned numbers in them.
  std::int64_t count() const;
  /// If there is none, throws Error with close names.
  Parameter& at(std::string_view name);

  /// Takes the values of all parameters from tensors of the same names, converted to their type.
  /// Throws Error, and changes nothing, if one is missing, unknown, or of another shape. With
  /// `keep_bf16`, matrices that come as bf16 stay bf16, which is half the bytes, for a model that
  /// is not trained.
  void load(const NamedTensors& tensors, bool keep_bf16 = false);
  /// All parameters, sharing memory.
  NamedTensors named_tensors() const;

 private:
  Parameter* add(std::string_view name, const Shape& shape, const std::function<Tensor()>& begin,
                 bool learned = true);

  InitialWeights initial_;
  DType dtype_;
  std::string scope_;  // "blocks.0." or ""
  std::deque<Parameter> all_;
  std::map<std::string, Parameter*, std::less<>> by_name_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_PARAMETERS_H_
