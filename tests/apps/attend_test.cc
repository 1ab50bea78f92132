// clearhead attend: the numbers are what the formulas say, whichever way they are calculated.
#include "tests/apps/attend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

// The numbers of the table below the line that begins with `title`, row by row.
std::vector<std::vector<std::string>> table_below(const std::string& text,
                                                  const std::string& title) {
  std::istringstream lines(text.substr(text.find("\n" + title) + 1));
  std::string line;
  while (std::getline(lines, line) && !line.empty()) continue;  // title and meaning
  std::getline(lines, line);                                    // header
  std::vector<std::vector<std::string>> rows;
  while (std::getline(lines, line) && !line.empty()) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; cells >> cell;) row.push_back(cell);
    rows.emplace_back(row.begin() + 1, row.end());  // without the label
  }
  return rows;
}

TEST(Attend, TheStepsShownAreTheNumbersSaved) {
  const std::string text = say(with(kDemo, {"--causal", "--steps"}));
  const NamedTensors steps = saved(with(kDemo, {"--causal"}));
  for (const char* name : {"x", "W_Q", "W_K", "W_V", "hook_q", "hook_k", "hook_v",
                           "hook_raw_scores", "hook_scaled_scores", "hook_mask", "hook_attn_scores",
                           "hook_row_max", "hook_row_sum", "hook_pattern", "hook_z"}) {
    const Tensor values = steps.at(name).to(DType::f64).contiguous();
    const auto rows = table_below(text, std::string(name) + " ");
    ASSERT_EQ(std::ssize(rows) * std::ssize(rows.at(0)), values.count()) << name;
    const double* value = values.data<double>();
    for (const auto& row : rows) {
      for (const std::string& cell : row) {
        if (cell == "−∞") {
          EXPECT_EQ(*value, -INFINITY) << name;
        } else {
          EXPECT_NEAR(std::stod(cell), *value, 5.1e-5) << name;  // four decimals
        }
        ++value;
      }
    }
  }
}

TEST(Attend, TheStepsAreWhatTheFormulasSay) {
  const NamedTensors s = saved(with(kDemo, {"--dtype", "f64"}));
  const Tensor& x = s.at("x");
  for (std::int64_t t = 0; t < 3; ++t) {
    double weights = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      double score = 0;
      for (std::int64_t d = 0; d < 4; ++d) {
        double q = 0, k = 0;
        for (std::int64_t c = 0; c < 4; ++c) {
          q += x.at({t, c}) * s.at("W_Q").at({0, c, d});
          k += x.at({j, c}) * s.at("W_K").at({0, c, d});
        }
        score += q * k;
      }
      EXPECT_NEAR(s.at("hook_scaled_scores").at({0, t, j}), score / 2, 1e-12);
      weights += s.at("hook_pattern").at({0, t, j});
    }
    EXPECT_NEAR(weights, 1, 1e-12);
  }
}

// Tokens of one number each, so that every score can be said beforehand.
TEST(Attend, OptionsDoWhatTheySay) {
  const TemporaryFolder folder;
  const std::string x = folder.write("x.csv", "1\n-2\n3\n");
  const auto step = [&](const std::string& name, const std::vector<std::string>& options) {
    return saved(with({"attend", "--x", x}, options)).at(name);
  };
  EXPECT_EQ(step("hook_scaled_scores", {"--scale", "0.5"}).at({0, 1, 2}), -3);
  EXPECT_NEAR(step("hook_capped_scores", {"--softcap", "2"}).at({0, 1, 2}), 2 * std::tanh(-3),
              1e-6);
  // A query sees itself and one key after it.
  const Tensor window = step("hook_mask", {"--left-window-size", "0", "--right-window-size", "1"});
  EXPECT_EQ(window.at({0, 1, 0}), -INFINITY);
  EXPECT_EQ(window.at({0, 1, 1}), 0);
  EXPECT_EQ(window.at({0, 1, 2}), 0);
  EXPECT_EQ(window.at({0, 0, 2}), -INFINITY);
  const Tensor padded = step("hook_pattern", {"--nonpad-kv-seqlen", "2"});
  EXPECT_EQ(padded.at({0, 0, 2}), 0);
  EXPECT_NEAR(padded.at({0, 0, 0}) + padded.at({0, 0, 1}), 1, 1e-6);
  // bf16 has 8 significant bits, so the weights are multiples of at least 2^-9 where above 1/2.
  const double weight = step("hook_pattern", {"--softmax-precision", "bf16"}).at({0, 0, 2});
  EXPECT_EQ(weight * 512, std::round(weight * 512));
}

TEST(Attend, ByHandAndFusedGiveTheSame) {
  const std::vector<std::string> arguments = {
      "attend", "--tokens",           "9", "--dim", "6", "--heads", "3", "--causal", "--softcap",
      "2",      "--left-window-size", "4"};
  const NamedTensors by_hand = saved(with(arguments, {"--by-hand"}));
  const NamedTensors fused = saved(with(arguments, {"--fused"}));
  for (const auto& [name, tensor] : by_hand.tensors) {
    EXPECT_LT(largest_difference(tensor, fused.at(name)), 1e-5) << name;
  }
  EXPECT_THAT(say(with(arguments, {"--fused"})), HasSubstr(", fused\n"));
  EXPECT_THAT(say(with(arguments, {"--by-hand"})), HasSubstr(", by hand\n"));
}

TEST(Attend, SameSeedSameBytesWhateverTheThreads) {
  const auto bytes = [](const std::vector<std::string>& more) {
    const NamedTensors s =
        saved(with({"attend", "--tokens", "40", "--dim", "16", "--heads", "2"}, more));
    return s.at("hook_attn_out");
  };
  const Tensor one = bytes({"--seed", "3", "--threads", "1"});
  EXPECT_EQ(largest_difference(one, bytes({"--seed", "3", "--threads", "2"})), 0);
  EXPECT_GT(largest_difference(one, bytes({"--seed", "4"})), 0.1);
}

TEST(Attend, WeightsProjectWhatIsGiven) {
  const NamedTensors demo = saved(kDemo);
  const TemporaryFolder folder;
  std::vector<std::string> arguments = {"attend"};
  const auto add = [&](const std::string& option, const Tensor& tensor) {
    const std::string path = folder / (option + ".npy");
    write_tensors(path, {{{"w", tensor}}, {}});
    arguments = with(arguments, {"--" + option, path});
  };
  add("x", demo.at("x"));
  add("w-q", demo.at("W_Q").reshape({4, 4}));
  add("w-k", demo.at("W_K").reshape({4, 4}));
  add("w-v", demo.at("W_V").reshape({4, 4}));
  EXPECT_EQ(largest_difference(saved(arguments).at("hook_z"), demo.at("hook_z")), 0);
}

TEST(Attend, ACacheIsContinued) {
  const TemporaryFolder folder;
  const Tensor x = saved({"attend", "--tokens", "5"}).at("x");
  const auto file = [&](const std::string& name, const Tensor& tensor) {
    write_tensors(folder / name, {{{"x", tensor.contiguous()}}, {}});
    return folder / name;
  };
  const std::string all = file("all.npy", x);
  const std::string past = file("past.npy", x.slice(0, 0, 3));
  const std::string rest = file("rest.npy", x.slice(0, 3, 5));
  const Tensor whole = saved({"attend", "--x", all, "--causal"}).at("hook_z");
  const NamedTensors last = saved({"attend", "--q", rest, "--k", rest, "--v", rest, "--past-key",
                                   past, "--past-value", past, "--causal"});
  EXPECT_LT(largest_difference(last.at("hook_z"), whole.slice(0, 3, 5)), 1e-6);
  EXPECT_EQ(largest_difference(last.at("hook_k"), x), 0);
  EXPECT_THAT(say({"attend", "--q", rest, "--k", rest, "--v", rest, "--past-key", past,
                   "--past-value", past, "--steps"}),
              HasSubstr("keys of the cache: 3 past keys × 4 dims\n"));
}

}  // namespace
}  // namespace clearhead
