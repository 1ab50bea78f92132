// Counts the multiply-adds of a decoder.
#include "clearhead/models/work.h"

namespace clearhead {

Work work_of_reading(const TransformerConfig& config, std::int64_t tokens) {
  config.validate();
  const auto T = static_cast<double>(tokens), L = static_cast<double>(config.layers),
             C = static_cast<double>(config.channels), V = static_cast<double>(config.vocabulary);
  const double shared = config.kv_heads == 0 ? 1  // G / H
                                             : static_cast<double>(config.kv_heads) /
                                                   static_cast<double>(config.heads);
  const double F = config.hidden == 0 ? 4 * C : static_cast<double>(config.hidden);
  const double attention = 2 * C * C + 2 * C * C * shared;  // q and the result, k and v
  const double feed_forward = (config.gated ? 3 : 2) * C * F;
  return {.maps = T * (L * (attention + feed_forward) + C * V), .pairs = L * C * T * (T + 1)};
}

Work work_of_training(const TransformerConfig& config, std::int64_t tokens) {
  const Work reading = work_of_reading(config, tokens);
  return {.maps = 3 * reading.maps, .pairs = 3 * reading.pairs};
}

}  // namespace clearhead
