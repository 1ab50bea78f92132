// Multiply-adds: as counted by hand, and as the tape of a network has them.
#include "clearhead/models/work.h"

#include "clearhead/models/decoder.h"
#include "tests/models/model_testing.h"

namespace clearhead {
namespace {

// C = 4, two heads of 2, F = 16, one layer, V = 10, three tokens. Each token: 4 matrices of 4·4,
// two of 4·16, and 10·4 to unembed: 64 + 128 + 40 = 232. Pairs 1 + 2 + 3 = 6, each of 2 heads with
// 2 numbers for the score and 2 for the value.
TEST(Work, IsThatOfEachMatrixAndEachPair) {
  const TransformerConfig config{
      .vocabulary = 10, .context = 8, .layers = 1, .heads = 2, .channels = 4};
  const Work work = work_of_reading(config, 3);
  EXPECT_EQ(work.maps, 3 * 232);
  EXPECT_EQ(work.pairs, 6 * 2 * 4);
  EXPECT_EQ(work.total(), 696 + 48);
  EXPECT_EQ(work.pair_share(), 48.0 / 744);
  EXPECT_EQ(work_of_training(config, 3).maps, 3 * 696);
  EXPECT_EQ(work_of_training(config, 3).pairs, 3 * 48);
  TransformerConfig wide = config;  // heads of 6: 4 matrices of 4·12, and pairs of 6 + 6 numbers
  wide.head_size = 6;
  EXPECT_EQ(work_of_reading(wide, 3).maps, 3 * (232 - 64 + 4 * 48));
  EXPECT_EQ(work_of_reading(wide, 3).pairs, 6 * 2 * 12);
}

// Each number of a matrix of the blocks, and of the table that unembeds, meets each token once.
TEST(Work, OfMapsIsTokensTimesTheNumbersOfTheirMatrices) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    const Decoder outline(config, std::nullopt);
    std::int64_t numbers = config.vocabulary * config.channels;
    for (const Parameter& parameter : outline.parameters()) {
      const bool is_map =
          parameter.name.starts_with("blocks.") && parameter.name.find(".W_") != std::string::npos;
      if (is_map) numbers += parameter.value().count();
    }
    EXPECT_EQ(work_of_reading(config, 5).maps, 5 * numbers);
  }
}

}  // namespace
}  // namespace clearhead
