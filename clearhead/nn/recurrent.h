// Recurrent layers: RNN, LSTM and GRU, in one or two directions, stacked.
#ifndef CLEARHEAD_NN_RECURRENT_H_
#define CLEARHEAD_NN_RECURRENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/nn/dropout.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"

namespace clearhead {

/// The cell: Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014.
enum class RecurrentKind { rnn, lstm, gru };

/// The sizes and choices of recurrent layers.
struct RecurrentConfig {
  RecurrentKind kind = RecurrentKind::lstm;  ///< the cell
  std::int64_t input_dim = 0;                ///< I
  std::int64_t hidden_dim = 0;               ///< H
  std::int64_t layers = 1;                   ///< one on the other
  /// Two directions side by side (Schuster and Paliwal 1997): each layer gives 2·H numbers.
  bool bidirectional = false;
  /// Added to the first bias of the LSTM's forget gate: with 1 it remembers from the beginning
  /// (Jozefowicz et al. 2015).
  double forget_bias = 1;

  /// Throws Error if the numbers do not fit together.
  void validate() const;
  /// Numbers of the result at each step.
  std::int64_t output_dim() const { return bidirectional ? 2 * hidden_dim : hidden_dim; }
};

/// What one piece of a sequence hands to the next: a state [B, H] for each layer and direction.
struct RecurrentState {
  std::vector<Var> h;  ///< what the cells say
  std::vector<Var> c;  ///< of an LSTM
};

/// What recurrent layers give.
struct RecurrentOutput {
  Var y;                 ///< [B, T, output_dim]: the states of the last layer at each step
  RecurrentState state;  ///< after the last step
};

/// Layers of RNN, LSTM or GRU cells, which read a sequence step by step.
class Recurrent {
 public:
  /// Adds to the parameters, for layer i, i.W [gates·H, I], i.R [gates·H, H], i.b [gates·H], for a
  /// GRU also i.b_R [H]; the direction backward has the same within i.reverse. Gates are in the
  /// order of ops/lstm.h and ops/gru.h. Throws Error if the config does not fit together.
  Recurrent(Parameters& parameters, const RecurrentConfig& config);

  /// x [B, T, I]; lengths i64 [B]: how many steps of each sequence are not padding (default: all);
  /// states do not change in padding. Dropout acts between layers. Records, within i (and
  /// i.reverse), hook_gates [B, T, gates·H], what the input says, and hook_h and, of an LSTM,
  /// hook_c [B, T, H]. Throws Error if shapes do not fit.
  RecurrentOutput forward(const Var& x, const Pass& pass, const RecurrentState& state = {},
                          const Tensor& lengths = {}) const;

  /// As it was made.
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
