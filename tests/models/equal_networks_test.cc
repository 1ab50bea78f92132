// Networks of equal size: that they are.
#include "clearhead/models/equal_networks.h"

#include <gtest/gtest.h>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(EqualNetworks, HaveTheSameNumberOfParameters) {
  for (const std::int64_t parameters : {2000, 20000}) {
    std::vector<std::string> names;
    for (const auto& [name, config] : equal_networks(parameters, 17, 64)) {
      names.push_back(name);
      const std::int64_t count = make_model(config)->parameters().count();
      EXPECT_LE(count, parameters) << name;
      // The last channel or hidden number that does not fit has at most 4·hidden + 17 of them, 1.1
      // % of 20,000.
      EXPECT_GE(static_cast<double>(count), (parameters < 20000 ? 0.96 : 0.989) * parameters)
          << name;
    }
    EXPECT_EQ(names, (std::vector<std::string>{"RNN", "LSTM", "GRU", "transformer"}));
  }
}

TEST(EqualNetworks, NeedSomeParameters) {
  expect_error([] { equal_networks(10, 17, 64); }, "10 parameters are too few");
}

}  // namespace
}  // namespace clearhead
