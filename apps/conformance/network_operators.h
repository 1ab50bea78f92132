// The operators that networks are made of and trained with, besides attention.
#ifndef CLEARHEAD_APPS_CONFORMANCE_NETWORK_OPERATORS_H_
#define CLEARHEAD_APPS_CONFORMANCE_NETWORK_OPERATORS_H_

#include <vector>

#include "apps/conformance/case.h"

namespace clearhead::conformance {

// Each gives the outputs by position and throws Error where the case does not fit the operator.
std::vector<Tensor> run_layer_normalization(Case& c);
std::vector<Tensor> run_rms_normalization(Case& c);
std::vector<Tensor> run_rotary_embedding(Case& c);
std::vector<Tensor> run_rnn(Case& c);
std::vector<Tensor> run_lstm(Case& c);
std::vector<Tensor> run_softmax_cross_entropy_loss(Case& c);
std::vector<Tensor> run_adam(Case& c);

}  // namespace clearhead::conformance

#endif  // CLEARHEAD_APPS_CONFORMANCE_NETWORK_OPERATORS_H_
