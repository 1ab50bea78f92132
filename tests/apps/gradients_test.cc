// clearhead attend --gradients: against central differences, which --set calculates, and by hand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kDemo = {"attend", "--tokens", "3",       "--dim",
                                        "2",      "--causal", "--dtype", "f64"};

class Gradients : public testing::Test {
 protected:
  ProgramResult attend(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = kDemo;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program("clearhead", arguments, folder_.path());
  }
  std::string say(const std::vector<std::string>& more) const {
    const ProgramResult result = attend(more);
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  }
  NamedTensors saved(std::vector<std::string> more) const {
    more.insert(more.end(), {"--save", folder_ / "steps.npz"});
    say(more);
    NamedTensors named = read_tensors(folder_ / "steps.npz");
    for (auto& [name, tensor] : named.tensors) tensor = tensor.clone();
    return named;
  }
  double sum_of_z(const std::string& set) const {
    const Tensor z = saved({"--set", set}).at("hook_z").contiguous();
    double sum = 0;
    for (std::int64_t i = 0; i < z.count(); ++i) sum += z.data<double>()[i];
    return sum;
  }

  const TemporaryFolder folder_;
};

TEST_F(Gradients, AreCentralDifferencesOfTheSumOfTheResult) {
  const NamedTensors named = saved({"--gradients"});
  struct Number {
    const char* step;
    const char* place;
    Index at;  // as saved: without the batch, and of one head
  };
  constexpr double kStep = 1e-4;
  for (const auto& [step, place, at] :
       {Number{"x", "[0,1,0]", {1, 0}}, Number{"W_K", "[0,1,1]", {0, 1, 1}},
        Number{"hook_q", "[0,2,1]", {2, 1}}, Number{"hook_v", "[0,0,1]", {0, 1}},
        Number{"hook_raw_scores", "[0,2,0]", {0, 2, 0}},
        Number{"hook_pattern", "[0,2,1]", {0, 2, 1}}}) {
    const double value = named.at(step).at(at);
    const auto moved_by = [&, step = step, place = place](double by) {
      return sum_of_z(fmt::format("{}{}={:.17g}", step, place, value + by));
    };
    const double slope = (moved_by(kStep) - moved_by(-kStep)) / (2 * kStep);
    EXPECT_NEAR(named.at(std::string(step) + "_grad").at(at), slope, 1e-7) << step;
  }
}

TEST_F(Gradients, AreOfTheNumbersThatAreChosen) {
  const NamedTensors named = saved({"--gradients", "--gradients-of", "hook_z[0,-1,0]"});
  const Tensor v = named.at("hook_v"), d_pattern = named.at("hook_pattern_grad");
  for (std::int64_t s = 0; s < 3; ++s) {  // ∂z_20 / ∂pattern_2s = v_s0; other queries have no part
    EXPECT_EQ(d_pattern.at({0, 2, s}), v.at({s, 0}));
    EXPECT_EQ(d_pattern.at({0, 1, s}), 0);
  }
  EXPECT_EQ(named.at("hook_v_grad").at({1, 0}), named.at("hook_pattern").at({0, 2, 1}));
  EXPECT_EQ(named.at("hook_v_grad").at({1, 1}), 0);
}

TEST_F(Gradients, AreShownAsTablesWithFormulasAndAFigure) {
  const std::string text = say({"--gradients"});
  EXPECT_THAT(text, HasSubstr("by hand"));
  EXPECT_THAT(text, HasSubstr("Gradients of L = Σ hook_z:"));
  EXPECT_THAT(text, HasSubstr("hook_pattern_grad = z_grad·vᵀ\n∂L/∂hook_pattern: 3 queries × 3"));
  EXPECT_THAT(text, HasSubstr("W_Q_grad = xᵀ·q_grad\n"));
  EXPECT_THAT(text, HasSubstr("gradient of the attention pattern\n"));
  EXPECT_LT(text.find("hook_z_grad ="), text.find("hook_pattern_grad ="));  // as backward goes
  // What L does not depend on is left out.
  const std::string scores = say({"--gradients", "--gradients-of", "hook_raw_scores"});
  EXPECT_THAT(scores, AllOf(HasSubstr("hook_q_grad = "), Not(HasSubstr("hook_v_grad"))));
  EXPECT_THAT(scores, Not(HasSubstr("gradient of the attention pattern")));
  say({"--gradients", "--out", "gradient.svg"});
  EXPECT_THAT(folder_.read("gradient.svg"), HasSubstr("gradient of the attention pattern"));
  EXPECT_THAT(say({}), Not(HasSubstr("grad")));
}

TEST_F(Gradients, AreExplained) {
  const std::string text = say({"--gradients", "--explain", "hook_pattern_grad[0,2,1]"});
  EXPECT_THAT(text, HasSubstr("hook_pattern_grad[0, 0, 2, 1] = "));
  EXPECT_THAT(text, HasSubstr("\n  = z_grad·vᵀ\n  = 1·"));
  EXPECT_THAT(text, HasSubstr("\n  hook_z_grad[0, 0, 2, 0] = 1\n"));
  EXPECT_THAT(text, HasSubstr("\n  hook_v[0, 0, 1, 1] = "));
}

TEST_F(Gradients, GoThroughAnInterventionAsItSays) {
  const NamedTensors named = saved({"--gradients", "--set", "hook_pattern[0,2,1]=0.5"});
  EXPECT_NE(named.at("hook_pattern_grad").at({0, 2, 1}), 0);
  EXPECT_EQ(named.at("hook_attn_scores_grad").at({0, 0, 0}), 0);  // one key: its weight stays 1
  // All set: nothing flows further.
  EXPECT_THAT(say({"--gradients", "--ablate", "hook_pattern"}), HasSubstr("hook_pattern_grad = "));
}

TEST_F(Gradients, WrongUseIsRefused) {
  const auto expect_refused = [&](const std::vector<std::string>& more, int status,
                                  const std::string& says) {
    const ProgramResult result = attend(more);
    EXPECT_EQ(result.status, status) << says;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.error, HasSubstr(says));
  };
  expect_refused({"--gradients", "--fused"}, 2, "--fused takes no steps");
  expect_refused({"--gradients-of", "hook_pattern"}, 2, "give that too");
  expect_refused({"--explain", "hook_pattern_grad[0,0,0]"}, 2, "give --gradients");
  expect_refused({"--gradients", "--gradients-of", "hook_z[a]"}, 2, "--gradients-of: expected");
  expect_refused({"--gradients", "--gradients-of", "hook_z[5]"}, 2, "there is no such place");
  expect_refused({"--gradients", "--gradients-of", "hook_zz"}, 2,
                 "--gradients-of hook_zz: nothing");
  expect_refused({"--gradients", "--gradients-of", "hook_mask"}, 2, "no gradient goes through");
}

}  // namespace
}  // namespace clearhead
