// Optimisers: how parameters follow their gradients.
#ifndef CLEARHEAD_TRAIN_OPTIMIZER_H_
#define CLEARHEAD_TRAIN_OPTIMIZER_H_

#include <cstdint>
#include <map>
#include <vector>

#include "clearhead/base/fields.h"
#include "clearhead/nn/parameters.h"

namespace clearhead {

/// The rule of a step.
enum class OptimizerKind {
  adamw,  ///< Loshchilov and Hutter (2019), algorithm 2
  sgd,    ///< m = momentum·m + d_x;  x = x − learning_rate·(m + weight_decay·x)
};

/// The rule and its numbers.
struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::adamw;  ///< which
  double beta1 = 0.9;                         ///< of adamw: how slowly the mean of gradients moves
  double beta2 = 0.99;        ///< of adamw: how slowly the mean of their squares moves
  double epsilon = 1e-8;      ///< of adamw: added to the root of that mean
  double momentum = 0.9;      ///< of sgd
  double weight_decay = 0.1;  ///< of matrices; vectors (biases, norms) do not decay
  /// If all gradients, taken as one vector, are longer than this, they are shortened to it (Pascanu
  /// et al. 2013); 0: never.
  double clip = 1;
};

/// Its fields as JSON.
void describe(Fields& fields, OptimizerConfig& config);

/// The gradient of each learned parameter, contiguous.
using ParameterGradients = std::map<const Parameter*, Tensor>;

/// Those that `backward` has left on the tape; zeros for a parameter that was not used on it.
ParameterGradients gradients_on(const Tape& tape, const Parameters& parameters);

/// Moves parameters against their gradients.
class Optimizer {
 public:
  /// For the learned ones of `parameters`, which must outlive it. Throws Error unless they are f32
  /// or f64.
  Optimizer(Parameters& parameters, const OptimizerConfig& config);

  /// One step against the `gradients`, which clipping changes. Returns their length before that, as
  /// one vector. Results do not depend on the number of threads. Throws Error, and changes nothing,
  /// if the length is not finite or a parameter has no gradient.
  double step(ParameterGradients& gradients, double learning_rate);

  /// Everything that the next step depends on besides the parameters, sharing memory.
  NamedTensors state() const;
  /// Continues from such a state. Throws Error if it belongs to another optimiser or other
  /// parameters.
  void load(const NamedTensors& state);

 private:
  struct Learned {
    Parameter* parameter;
    Tensor m, v;  // v of AdamW only
  };
  struct Moment {
    const char* name;  // "adamw.m"
    Tensor Learned::*of;
  };
  std::vector<Moment> moments() const;

  OptimizerConfig config_;
  std::vector<Learned> learned_;
  std::int64_t steps_ = 0;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_OPTIMIZER_H_
