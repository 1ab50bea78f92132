// A fixture for tests on the target that has tiles, for each precision that uses them.
#ifndef CLEARHEAD_TESTS_KERNELS_ON_TILES_H_
#define CLEARHEAD_TESTS_KERNELS_ON_TILES_H_

#include <gtest/gtest.h>

#include <string>

#include "clearhead/base/precision.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels::testing {

class OnTiles : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    before_ = current_target();
    for (const Target target : available_targets()) {
      if (target == Target::amx) set_target(target);
    }
    if (current_target() != Target::amx) GTEST_SKIP() << "this processor has no AMX tiles";
  }
  void TearDown() override { set_target(before_); }

  Target before_ = Target::baseline;
};

inline const auto kTilePrecisions = ::testing::Values(Precision::medium, Precision::high);
inline std::string precision_name(const ::testing::TestParamInfo<Precision>& precision) {
  return precision.param == Precision::medium ? "medium" : "high";
}

}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_ON_TILES_H_
