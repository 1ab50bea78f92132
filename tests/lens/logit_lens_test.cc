// What the logit lens shows is what the model's own last steps make of earlier residuals.
#include "clearhead/lens/logit_lens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/linear.h"
#include "tests/lens/tiny_reading.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LogitLens, HasTheResidualOfEachBlockOfTheStackThatPredicts) {
  EXPECT_THAT(residual_names(tiny_reading(Family::decoder, {4, 5}).tape),
              ElementsAre("blocks.0.hook_resid_pre", "blocks.0.hook_resid_post",
                          "blocks.1.hook_resid_post"));
  EXPECT_THAT(
      residual_names(tiny_reading(Family::encoder_decoder, {4, 5}, original_transformer()).tape),
      ElementsAre("decoder.blocks.0.hook_resid_pre", "decoder.blocks.0.hook_normalized_resid_post",
                  "decoder.blocks.1.hook_normalized_resid_post"));
  EXPECT_THAT(residual_names(Tape()), IsEmpty());
}

TEST(LogitLens, TheLastResidualGivesTheLogitsThemselves) {
  for (const Family family : {Family::decoder, Family::encoder, Family::encoder_decoder}) {
    const Reading reading = tiny_reading(family, {4, 6, 5});
    const std::string last = residual_names(reading.tape).back();
    expect_near(logits_of_residual(reading, last).value(), reading.logits.value(), 1e-12);
  }
}

TEST(LogitLens, AnEarlierResidualIsNormedAndReadByTheTable) {
  const Reading reading = tiny_reading(Family::decoder, {4, 6, 5});
  const Parameters& parameters = reading.saved.model->parameters();
  Tape tape(Keep::nothing);
  const auto weight = [&](const char* name) {
    for (const Parameter& p : parameters) {
      if (p.name == name) return tape.input(name, p.value());
    }
    throw Error(name);
  };
  const std::string name = "blocks.0.hook_resid_post";
  const Var x = tape.input("x", reading.tape[name].value());
  const Var y = layer_norm(x, weight("ln_final.w"), weight("ln_final.b"), 1e-5).y;
  expect_near(logits_of_residual(reading, name).value(), linear(y, weight("embed.W_E")).value(),
              1e-12);
}

TEST(LogitLens, IsForTransformers) {
  // A network without blocks, as its tape shows.
  Reading reading = tiny_reading(Family::decoder, {4, 6, 5});
  reading.tape = Tape();
  expect_error([&] { logits_of_residual(reading, "blocks.0.hook_resid_pre"); }, "no blocks");
}

}  // namespace
}  // namespace clearhead
