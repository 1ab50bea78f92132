// Names by pattern.
#include "clearhead/base/pattern.h"

#include <gtest/gtest.h>

namespace clearhead {
namespace {

TEST(MatchesPattern, AStarStandsForAnyText) {
  EXPECT_TRUE(matches_pattern("blocks.*.hook_z", "blocks.0.attn.hook_z"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*b*c", "abbbc"));
  EXPECT_TRUE(matches_pattern("a**", "a"));
  EXPECT_FALSE(matches_pattern("a*b", "abc"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern("*a*a*a*", "aa"));
}

}  // namespace
}  // namespace clearhead
