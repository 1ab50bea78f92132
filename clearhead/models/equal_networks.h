// RNN, LSTM, GRU and a transformer with the same number of parameters, to compare what they can do
// and what they cost.
#ifndef CLEARHEAD_MODELS_EQUAL_NETWORKS_H_
#define CLEARHEAD_MODELS_EQUAL_NETWORKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/models/family.h"

namespace clearhead {

/// A network to compare.
struct NamedNetwork {
  std::string name;    ///< "RNN", "LSTM", "GRU", "transformer"
  ModelConfig config;  ///< of a language model
};

/// The four networks, each as large as possible with at most `parameters` learned numbers. The
/// recurrent ones have one layer; the transformer has two causal blocks with rotary positions, so
/// that no network has parameters for a position. Throws Error if `parameters` is too few for one
/// of them.
std::vector<NamedNetwork> equal_networks(std::int64_t parameters, std::int64_t vocabulary,
                                         std::int64_t context);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_EQUAL_NETWORKS_H_
