// Progress: what is written when, by a clock that the test turns.
#include "clearhead/base/progress.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace clearhead {
namespace {

TEST(Progress, DurationsAreForPeople) {
  EXPECT_EQ(duration_text(0.4), "0 s");
  EXPECT_EQ(duration_text(59.6), "1 min 00 s");
  EXPECT_EQ(duration_text(245), "4 min 05 s");
  EXPECT_EQ(duration_text(2 * 3600 + 7 * 60 + 59), "2 h 07 min");
  EXPECT_EQ(duration_text(3 * 86400 + 4 * 3600), "3 d 04 h");
  EXPECT_EQ(duration_text(-1), "0 s");
}

class ProgressTest : public testing::Test {
 protected:
  ProgressOptions options(bool live) {
    return {.live = live, .columns = 24, .log_seconds = 10, .clock = [this] { return now_; }};
  }
  // What was written since it was last asked.
  std::string written() {
    const std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  double now_ = 100;
};

TEST_F(ProgressTest, LogIsLinesFarApart) {
  Progress progress(out_, 100, options(false));
  now_ += 1;
  progress.update(1, "loss 3");
  EXPECT_EQ(written(), "1/100  loss 3  1 min 39 s left\n");
  now_ += 9;
  progress.update(10, "loss 2");
  EXPECT_EQ(written(), "");
  now_ += 1;
  progress.update(11, "loss 2");
  EXPECT_EQ(written(), "11/100  loss 2  1 min 29 s left\n");
  progress.log("saved");
  EXPECT_EQ(written(), "saved\n");
  progress.update(100, "");  // the last one at once
  EXPECT_EQ(written(), "100/100\n");
}

TEST_F(ProgressTest, LiveLineIsRedrawnInPlaceAndCut) {
  {
    Progress progress(out_, 100, options(true));
    now_ += 1;
    progress.update(1, "é");
    EXPECT_EQ(written(), "\r\x1b[K1/100  é  1 min 39 s le");  // 23 columns
    now_ += 0.09;
    progress.update(2, "");
    EXPECT_EQ(written(), "");
    now_ += 0.02;
    progress.update(3, "");
    EXPECT_EQ(written(), "\r\x1b[K3/100  36 s left");
    progress.log("saved");  // above the line, which comes again
    EXPECT_EQ(written(), "\r\x1b[Ksaved\n3/100  36 s left");
  }
  EXPECT_EQ(written(), "\n");
}

TEST_F(ProgressTest, WhatIsDoneInAMomentShowsNothing) {
  for (const bool live : {false, true}) {
    ProgressOptions quiet = options(live);
    quiet.quiet_seconds = 3;
    Progress progress(out_, 100, quiet);
    now_ += 2;
    progress.update(50, "");
    EXPECT_EQ(written(), "");
    now_ += 1;
    progress.update(75, "");
    EXPECT_NE(written(), "");
  }
}

TEST_F(ProgressTest, StepsOfAnEarlierRunTookNoTime) {
  Progress progress(out_, 100, options(false), 90);
  EXPECT_EQ(progress.seconds_left(), std::nullopt);
  now_ += 5;
  progress.update(95, "");
  EXPECT_DOUBLE_EQ(*progress.seconds_left(), 5);
}

TEST_F(ProgressTest, NothingShownLeavesNothing) {
  { Progress progress(out_, 100, options(true)); }
  EXPECT_EQ(written(), "");
}

}  // namespace
}  // namespace clearhead
