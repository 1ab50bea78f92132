// Counts the multiply-adds of a decoder.
#include "clearhead/models/work.h"

namespace clearhead {

Work work_of_reading(const TransformerConfig& config, std::int64_t tokens) {
  config.validate();
  const auto number = [](std::int64_t n) { return static_cast<double>(n); };
  const double T = number(tokens), L = number(config.layers), C = number(config.channels),
               V = number(config.vocabulary), D = number(config.size_of_head()),
               H = number(config.heads), G = config.kv_heads == 0 ? H : number(config.kv_heads),
               F = config.hidden == 0 ? 4 * C : number(config.hidden);
  const double attention = 2 * C * D * (H + G);  // q and the result, k and v
  const double feed_forward = (config.gated ? 3 : 2) * C * F;
  return {.maps = T * (L * (attention + feed_forward) + C * V), .pairs = L * H * D * T * (T + 1)};
}

Work work_of_training(const TransformerConfig& config, std::int64_t tokens) {
  const Work reading = work_of_reading(config, tokens);
  return {.maps = 3 * reading.maps, .pairs = 3 * reading.pairs};
}

}  // namespace clearhead
