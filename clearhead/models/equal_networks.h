// RNN, LSTM, GRU and a transformer with the same number of parameters, to compare what they can do
// and what they cost.
#ifndef CLEARHEAD_MODELS_EQUAL_NETWORKS_H_
#define CLEARHEAD_MODELS_EQUAL_NETWORKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/models/family.h"

namespace clearhead {

struct NamedNetwork {
  std::string name;    ///< "RNN", "LSTM", "GRU", "transformer"
  ModelConfig config;  ///< of a language model
};

/// The four, each as large as it can be with at most `parameters` learned numbers. The recurrent
/// ones have one layer, the transformer two causal blocks with rotary positions, so that none has
/// parameters for a single position. Throws Error if that is too few for any of them.
std::vector<NamedNetwork> equal_networks(std::int64_t parameters, std::int64_t vocabulary,
                                         std::int64_t context);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_EQUAL_NETWORKS_H_
