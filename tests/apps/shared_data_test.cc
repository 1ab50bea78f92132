// The command line on the shared data: the attention of a real model, and every conformance case
// through the options. Skipped where the data are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clearhead/tensor/safetensors.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

class SharedData : public testing::Test {
 protected:
  void SetUp() override {
    const auto conformance = shared_path("conformance");
    if (!conformance) {
      GTEST_SKIP() << "CLEARHEAD_SHARED does not say where the shared data are";
    }
    conformance_ = *conformance;
  }

  // What `arguments` saves; they must succeed.
  NamedTensors saved(std::vector<std::string> arguments) {
    const std::string path = folder_ / "steps.safetensors";
    arguments.insert(arguments.end(), {"--save", path});
    const ProgramResult result = run_program("clearhead", arguments);
    EXPECT_EQ(result.status, 0) << result.error;
    return result.status == 0 ? read_safetensors(path) : NamedTensors();
  }

  const TemporaryFolder folder_;
  fs::path conformance_;
};

TEST_F(SharedData, AttentionOfARealModelIsWhatTheModelHad) {
  const fs::path file = conformance_ / "stories260K" / "hooks.safetensors";
  const NamedTensors expected = read_safetensors(file);
  for (int layer = 0; layer < 5; ++layer) {
    const std::string at = "blocks." + std::to_string(layer) + ".attn.";
    for (const char* way : {"--by-hand", "--fused"}) {
      const NamedTensors steps = saved({"attend", "--from", file, "--q", at + "hook_rot_q", "--k",
                                        at + "hook_rot_k", "--v", at + "hook_v", "--causal", way});
      for (const char* name : {"hook_attn_scores", "hook_pattern", "hook_z"}) {
        EXPECT_LT(largest_difference(steps.at(name), expected.at(at + name)), 1e-5)
            << at << name << " " << way;
      }
    }
  }
}

// The options that a conformance case means.
std::vector<std::string> options_of(const NamedTensors& c) {
  using nlohmann::json;
  const std::map<std::string, std::string> number_options = {
      {"scale", "--scale"},
      {"softcap", "--softcap"},
      {"q_num_heads", "--heads"},
      {"kv_num_heads", "--kv-heads"},
      {"left_window_size", "--left-window-size"},
      {"right_window_size", "--right-window-size"}};
  const std::map<int, std::string> precisions = {
      {1, "f32"}, {10, "f16"}, {11, "f64"}, {16, "bf16"}};
  const std::vector<std::string> input_options = {"--q",    "--k",        "--v",
                                                  "--mask", "--past-key", "--past-value"};
  std::vector<std::string> options;
  const json inputs = json::parse(c.metadata.at("inputs"));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = "in." + inputs[i].get<std::string>();
    if (name == "in.") continue;
    if (i < input_options.size()) {
      options.insert(options.end(), {input_options[i], name});
      continue;
    }
    const Tensor counts = c.at(name).contiguous();  // nonpad_kv_seqlen
    std::string text;
    for (std::int64_t b = 0; b < counts.count(); ++b) {
      text += (b == 0 ? "" : ",") + std::to_string(counts.data<std::int64_t>()[b]);
    }
    options.insert(options.end(), {"--nonpad-kv-seqlen", text});
  }
  const json attributes = json::parse(c.metadata.at("attributes"));
  for (const auto& [name, value] : attributes.items()) {
    const auto option = number_options.find(name);
    if (option != number_options.end()) {
      options.insert(options.end(), {option->second, value.dump()});
    } else if (name == "is_causal" && value != 0) {
      options.push_back("--causal");
    } else if (name == "softmax_precision") {
      options.insert(options.end(), {"--softmax-precision", precisions.at(value.get<int>())});
    }
  }
  return options;
}

TEST_F(SharedData, EveryOptionOfTheOperatorCanBeGiven) {
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(conformance_ / "onnx" / "attention")) {
    const NamedTensors c = read_safetensors(entry.path());
    std::vector<std::string> arguments = {"attend", "--from", entry.path()};
    const std::vector<std::string> options = options_of(c);
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Tensor& y = c.at("out.Y");
    const NamedTensors steps = saved(arguments);
    if (steps.tensors.empty()) continue;  // has been reported
    // f16 inputs are calculated in f32 and rounded at the end; the case rounded in between.
    const double tolerance = y.dtype() == DType::f16 ? 2e-3 : 1e-5;
    EXPECT_LT(largest_difference(steps.at("hook_z"), y), tolerance) << entry.path();
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace clearhead
