// Tail probabilities: counted, of groups and their beginnings, beyond what was seen, and kept.
#include "clearhead/claims/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using ::testing::HasSubstr;

// 0, 1, …, n − 1 of one group.
Calibration even(int n) {
  Calibration calibration;
  for (int i = 0; i < n; ++i) calibration.add({"code", "professional"}, i);
  calibration.finish();
  return calibration;
}

TEST(Calibration, CountsWhatIsAtLeastAsHigh) {
  const Calibration calibration = even(10000);
  for (const double tail : {0.9, 0.5, 0.1, 0.01, 0.001}) {
    // Between its points it goes along a line: 5 % off at most where they lie close.
    EXPECT_NEAR(calibration.tail({"code", "professional"}, 10000 * (1 - tail)), tail, 0.05 * tail);
  }
  EXPECT_EQ(calibration.tail({"code", "professional"}, -1), 1);
}

TEST(Calibration, GoesOnFallingBeyondAllThatWasSeen) {
  const Calibration calibration = even(10000);
  double before = calibration.tail({"code", "professional"}, 9999);
  for (const double value : {10050.0, 10100.0, 11000.0, 1e9}) {
    const double tail = calibration.tail({"code", "professional"}, value);
    EXPECT_LT(tail, before);
    EXPECT_GT(tail, 0);
    before = tail;
  }
}

TEST(Calibration, AGroupThatIsTooSmallIsComparedWithALargerOne) {
  Calibration calibration;
  for (int i = 0; i < 1000; ++i) calibration.add({"code", "professional", "A"}, i);
  for (int i = 0; i < 10; ++i) calibration.add({"code", "professional", "B"}, 5000);
  calibration.finish();
  EXPECT_EQ(calibration.tail({"code", "professional", "B"}, 500),
            calibration.tail({"code", "professional"}, 500));
  EXPECT_EQ(calibration.tail({"code", "dental", "B"}, 500), calibration.tail({"code"}, 500));
  EXPECT_EQ(calibration.tail({"amount"}, 500), 1);
}

TEST(Calibration, EqualValuesAreAllAtLeastAsHigh) {
  Calibration calibration;
  for (int i = 0; i < 900; ++i) calibration.add({"amount"}, 0);
  for (int i = 0; i < 100; ++i) calibration.add({"amount"}, 5);
  calibration.finish();
  EXPECT_GE(calibration.tail({"amount"}, 0), 0.9);
  EXPECT_NEAR(calibration.tail({"amount"}, 5), 0.1, 0.01);
  EXPECT_NEAR(calibration.tail({"amount"}, 1), 0.1, 0.01);  // nothing lies between
  // Higher than all 1000: at most one in 1001.
  EXPECT_LE(calibration.tail({"amount"}, 6), 1.0 / 1001);
}

TEST(Calibration, IsTheSameWhenItHasBeenWrittenAndRead) {
  const Calibration calibration = even(1000);
  const Calibration again = Calibration::parse(calibration.json(), "here");
  for (const double value : {10.0, 500.0, 999.0, 2000.0}) {
    EXPECT_EQ(again.tail({"code"}, value), calibration.tail({"code"}, value));
  }
}

TEST(Calibration, RefusesWhatIsNone) {
  for (const char* json : {"", R"({"code": 1})", R"({"code": [[1, 0.5, 0.5], [0, 0.1, 0.1]]})",
                           R"({"code": [[1, 0, 0]]})"}) {
    EXPECT_THAT(error_of([&] { Calibration::parse(json, "here"); }), HasSubstr("here: ")) << json;
  }
}

}  // namespace
}  // namespace clearhead::claims
