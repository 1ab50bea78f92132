// The learned tensors of a model: layers ask for them when they are made, training changes them,
// checkpoints hold them.
#ifndef CLEARHEAD_NN_PARAMETERS_H_
#define CLEARHEAD_NN_PARAMETERS_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "clearhead/tape/tape.h"
#include "clearhead/tensor/tensor_file.h"

namespace clearhead {

/// A learned tensor. One that comes from a file is read when it is first asked for, so that a model
/// is open before its numbers are.
class Parameter {
 public:
  /// With a value that is there.
  Parameter(std::string name, Tensor value, bool learned)
      : name(std::move(name)), learned(learned), value_(std::move(value)) {}

  const std::string name;  ///< "blocks.0.attn.W_Q"
  /// False for statistics that a layer gathers itself: they have no gradient and no optimiser
  /// changes them, but a checkpoint has them.
  const bool learned;

  /// f32, f64, or bf16 where it is kept so; read-only where it lies in a mapped file. Several
  /// threads may ask. Throws Error if it cannot be read.
  const Tensor& value() const;
  /// The same to be changed; it becomes a copy if it is read-only.
  Tensor& mutable_value();
  /// Of the value, which is not read for it.
  const Shape& shape() const { return value_.shape(); }
  /// Of the value, which is not read for it.
  DType dtype() const { return value_.dtype(); }
  /// From now on the value is what `read` gives, of the same shape and of this type.
  void read_later(DType dtype, std::function<Tensor()> read);
  /// Reads it, if it is not read yet, and lets go of the file that a copy was made of.
  void read_now();

 private:
  struct Later {
    std::function<Tensor()> read;
    std::mutex mutex;
    std::atomic<bool> is_read = false;
    Tensor value;
  };

  Tensor value_;  // an outline, zeros that take no memory, if there is a later one
  std::unique_ptr<Later> later_;
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

  /// Takes the values of all parameters from the tensors of a file with the same names. Each is
  /// read when it is first used, and becomes row-major and of the parameter's type; one that is so
  /// already stays where it is, in the mapped file. Throws Error, and changes nothing, if one is
  /// missing, unknown, or of another shape. With `keep_bf16`, matrices that come as bf16 stay bf16,
  /// which is half the bytes, for a model that is not trained.
  void load(const TensorFile& file, bool keep_bf16 = false);
  /// The same of tensors in memory, at once; what may be written is copied.
  void load(const NamedTensors& tensors, bool keep_bf16 = false);
  /// All parameters, sharing memory.
  NamedTensors named_tensors() const;

 private:
  Parameter* add(std::string_view name, const Shape& shape, const std::function<Tensor()>& begin,
                 bool learned = true);
  std::string no_parameter(std::string_view name) const;  // the message, with close names

  InitialWeights initial_;
  DType dtype_;
  std::string scope_;  // "blocks.0." or ""
  std::deque<Parameter> all_;
  std::map<std::string, Parameter*, std::less<>> by_name_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_PARAMETERS_H_
