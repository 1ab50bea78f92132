// A fixture for tests on the targets that have tiles, for each precision that uses them. The
// program tiles_test runs them with a model of the instructions.
#ifndef CLEARHEAD_TESTS_KERNELS_ON_TILES_H_
#define CLEARHEAD_TESTS_KERNELS_ON_TILES_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "clearhead/base/precision.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels::testing {

struct Tiles {
  Target target;
  Precision precision;
};

class OnTiles : public ::testing::TestWithParam<Tiles> {
 protected:
  void SetUp() override {
    before_ = current_target();
    const auto& available = available_targets();
    if (std::find(available.begin(), available.end(), GetParam().target) == available.end()) {
      GTEST_SKIP() << "this processor has no " << target_name(GetParam().target)
                   << "; tiles_test has a model of it";
    }
    set_target(GetParam().target);
  }
  void TearDown() override { set_target(before_); }

  static Precision precision() { return GetParam().precision; }

  Target before_ = Target::baseline;
};

inline const auto kMediumTiles = ::testing::Values(Tiles{Target::avx512_bf16, Precision::medium},
                                                   Tiles{Target::amx, Precision::medium});
inline const auto kAllTiles =
    ::testing::Values(Tiles{Target::avx512_bf16, Precision::medium},
                      Tiles{Target::amx, Precision::medium}, Tiles{Target::amx, Precision::high});
inline std::string tiles_name(const ::testing::TestParamInfo<Tiles>& tiles) {
  return std::string(target_name(tiles.param.target)) +
         (tiles.param.precision == Precision::medium ? "_medium" : "_high");
}

}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_ON_TILES_H_
