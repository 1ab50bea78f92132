// Recurrent layers: RNN, LSTM and GRU in one or two directions, one above the other.
#ifndef CLEARHEAD_NN_RECURRENT_H_
#define CLEARHEAD_NN_RECURRENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/nn/dropout.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"

namespace clearhead {

enum class RecurrentKind { rnn, lstm, gru };

struct RecurrentConfig {
  RecurrentKind kind = RecurrentKind::lstm;
  std::int64_t input_dim = 0;   ///< I
  std::int64_t hidden_dim = 0;  ///< H
  std::int64_t layers = 1;
  /// Two directions side by side (Schuster and Paliwal 1997): each layer gives 2·H numbers.
  bool bidirectional = false;
  /// What is added to the bias of the LSTM's forget gate as it begins: 1 lets it remember at first
  /// (Jozefowicz et al. 2015).
  double forget_bias = 1;

  /// Throws Error if the numbers do not fit together.
  void validate() const;
  std::int64_t output_dim() const { return bidirectional ? 2 * hidden_dim : hidden_dim; }
};

/// What goes from one piece of a sequence to the next: for each layer and direction a state, [B,
/// H].
struct RecurrentState {
  std::vector<Var> h;
  std::vector<Var> c;  ///< of an LSTM
};

struct RecurrentOutput {
  Var y;                 ///< [B, T, output_dim]: the states of the last layer at each step
  RecurrentState state;  ///< after the last step
};

class Recurrent {
 public:
  /// Adds to the parameters, for layer i, i.W [gates·H, I], i.R [gates·H, H], i.b [gates·H], for a
  /// GRU also i.b_R [H]; the direction backward has the same within i.reverse. Gates are in the
  /// order of ops/lstm.h and ops/gru.h. Throws Error if the config does not fit together.
  Recurrent(Parameters& parameters, const RecurrentConfig& config);

  /// x [B, T, I]; lengths i64 [B]: the steps of each sequence that are no padding (default: all),
  /// in which states stay as they are. Dropout is between layers. Records, within i (and
  /// i.reverse), hook_gates [B, T, gates·H], what the input says, and hook_h and, of an LSTM,
  /// hook_c [B, T, H]. Throws Error if shapes do not fit.
  RecurrentOutput forward(const Var& x, const Pass& pass, const RecurrentState& state = {},
                          const Tensor& lengths = {}) const;

  const RecurrentConfig& config() const { return config_; }

 private:
  struct Cell {
    std::string name;  // "0" or "0.reverse"
    const Parameter *W, *R, *b, *b_R;
  };
  struct States {
    Var h, c;
  };
  States run(const Cell& cell, const Var& x, const Pass& pass, const States& initial,
             const Tensor& lengths, bool reverse) const;

  RecurrentConfig config_;
  std::vector<Cell> cells_;  // by layer, and there by direction
  std::vector<Dropout> dropouts_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_RECURRENT_H_
