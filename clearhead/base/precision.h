// How precisely products are calculated. Tensors stay f32 throughout.
#ifndef CLEARHEAD_BASE_PRECISION_H_
#define CLEARHEAD_BASE_PRECISION_H_

#include <string_view>
#include <utility>

namespace clearhead {

/// As in PyTorch. `high` is faster on a processor with AMX, `medium` there and on one of AMD with
/// AVX-512 and bf16 (since Zen 4); elsewhere they are `highest`.
enum class Precision {
  highest,  ///< f32 multiply-add
  high,     ///< each factor as the sum of two bf16, three products in f32: error about 1e-5
  medium,   ///< factors rounded to bf16, products and sums in f32: error about 4e-3
};

/// Their names, from the highest to the lowest.
inline constexpr std::pair<const char*, Precision> kPrecisions[] = {
    {"highest", Precision::highest}, {"high", Precision::high}, {"medium", Precision::medium}};

/// The name of one.
constexpr std::string_view precision_name(Precision precision) {
  for (const auto& [name, named] : kPrecisions) {
    if (named == precision) return name;
  }
  return {};
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PRECISION_H_
