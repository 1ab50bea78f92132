// Division that rounds up, on numbers and on sizes.
#include "clearhead/base/ceil_div.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace clearhead {
namespace {

TEST(CeilDiv, CountsThePiecesThatMakeAWhole) {
  EXPECT_EQ(ceil_div(0, 4), 0);
  EXPECT_EQ(ceil_div(1, 4), 1);
  EXPECT_EQ(ceil_div(4, 4), 1);
  EXPECT_EQ(ceil_div(5, 4), 2);
  EXPECT_EQ(ceil_div(std::int64_t{1} << 40, 3), 366503875926);
}

TEST(CeilDiv, RoundsUpToAMultiple) {
  EXPECT_EQ(round_up(0, 16), 0);
  EXPECT_EQ(round_up(1, 16), 16);
  EXPECT_EQ(round_up(32, 16), 32);
  EXPECT_EQ(round_up(std::size_t{33}, 16), 48U);
}

}  // namespace
}  // namespace clearhead
