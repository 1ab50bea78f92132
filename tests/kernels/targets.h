// Running a test once for each target that the machine offers.
#ifndef CLEARHEAD_TESTS_KERNELS_TARGETS_H_
#define CLEARHEAD_TESTS_KERNELS_TARGETS_H_

#include <gtest/gtest.h>

#include <string>

#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::testing {

/// Calls `f()` with each available target in use, and puts the former one back.
template <typename F>
void for_each_target(const F& f) {
  struct PutBack {
    kernels::Target target = kernels::current_target();
    ~PutBack() { kernels::set_target(target); }
  } put_back;
  for (const kernels::Target target : kernels::available_targets()) {
    SCOPED_TRACE("target " + std::string(kernels::target_name(target)));
    kernels::set_target(target);
    f();
  }
}

}  // namespace clearhead::testing

#endif  // CLEARHEAD_TESTS_KERNELS_TARGETS_H_
