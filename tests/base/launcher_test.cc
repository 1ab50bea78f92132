// How many processes the environment says were started together.
#include "clearhead/base/launcher.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace clearhead {
namespace {

class LaunchedProcesses : public ::testing::Test {
 protected:
  void SetUp() override { TearDown(); }
  void TearDown() override {
    ::unsetenv("PMI_SIZE");
    ::unsetenv("OMPI_COMM_WORLD_SIZE");
  }
};

TEST_F(LaunchedProcesses, AreThoseThatTheLauncherNames) {
  EXPECT_EQ(launched_processes(), 1);
  ::setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
  EXPECT_EQ(launched_processes(), 3);
  ::setenv("PMI_SIZE", "4", 1);
  EXPECT_EQ(launched_processes(), 4);
}

TEST_F(LaunchedProcesses, IsOneWhereTheVariableIsNoCount) {
  for (const char* value : {"", "many", "0", "-2", "4 "}) {
    ::setenv("PMI_SIZE", value, 1);
    EXPECT_EQ(launched_processes(), 1) << value;
  }
}

}  // namespace
}  // namespace clearhead
