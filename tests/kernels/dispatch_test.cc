// The choice of an instruction set: what there is can be named and used, what is not is refused.
#include "clearhead/kernels/targets/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clearhead/base/error.h"
#include "targets.h"

namespace clearhead::kernels {
namespace {

TEST(Dispatch, TheBaselineIsAlwaysThere) {
  ASSERT_FALSE(available_targets().empty());
  EXPECT_EQ(available_targets().front(), Target::baseline);
}

TEST(Dispatch, EveryAvailableTargetCanBeNamedAndUsed) {
  testing::for_each_target(
      [] { EXPECT_EQ(parse_target(target_name(current_target())), current_target()); });
}

TEST(Dispatch, AnUnknownNameIsRefusedWithThePossibleOnes) {
  try {
    parse_target("mmx");
    FAIL() << "was not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("\"mmx\""));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("baseline"));
  }
}

}  // namespace
}  // namespace clearhead::kernels
