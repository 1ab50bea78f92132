// clearhead-conformance: what passes, what fails, and what it says about files that are no cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "clearhead/tensor/safetensors.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kProgram = "clearhead-conformance";

// Softmax of [0, ln 3] is [1/4, 3/4]. Tests change what they are about.
NamedTensors softmax_case() {
  NamedTensors c;
  c.tensors = {{"in.x", Tensor::of<float>({1, 2}, {0, std::log(3.0f)})},
               {"out.y", Tensor::of<float>({1, 2}, {0.25f, 0.75f})}};
  c.metadata = {{"op", "Softmax"},
                {"attributes", R"({"axis": -1})"},
                {"inputs", R"(["x"])"},
                {"outputs", R"(["y"])"}};
  return c;
}

// One query and one key: the output is the value, and the score 2·3/√1.
NamedTensors attention_case() {
  const auto number = [](float x) { return Tensor::of<float>({1, 1, 1, 1}, {x}); };
  NamedTensors c;
  c.tensors = {{"in.Q", number(2)},
               {"in.K", number(3)},
               {"in.V", number(5)},
               {"out.Y", number(5)},
               {"out.scores", number(6)}};
  c.metadata = {{"op", "Attention"},
                {"attributes", "{}"},
                {"inputs", R"(["Q", "K", "V"])"},
                {"outputs", R"(["Y", "", "", "scores"])"}};
  return c;
}

struct Outcome {
  int status;
  std::string out;
};

Outcome outcome_of(const NamedTensors& c) {
  const TemporaryFolder folder;
  write_safetensors(folder / "case.safetensors", c);
  const ProgramResult result = run_program(kProgram, {folder.path()});
  EXPECT_EQ(result.error, "");
  return {result.status, result.out};
}

TEST(Conformance, ACaseThatAgreesPasses) {
  const Outcome outcome = outcome_of(softmax_case());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, StartsWith("PASS "));
  EXPECT_THAT(outcome.out, EndsWith("\n1 passed, 0 failed\n"));
}

TEST(Conformance, AttentionIsCheckedBothWays) {
  const Outcome outcome = outcome_of(attention_case());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("by hand exact  fused exact"));
}

TEST(Conformance, ByHandMeansByHand) {
  // The steps by hand would take 19 GB, which is refused; fused would go.
  const Tensor x({1, 1, 40000, 1});
  NamedTensors c = attention_case();
  c.tensors = {{"in.Q", x}, {"in.K", x}, {"in.V", x}, {"out.Y", x}};
  c.metadata["outputs"] = R"(["Y"])";
  EXPECT_THAT(outcome_of(c).out, HasSubstr("by hand: attention: by hand"));
}

TEST(Conformance, ADifferenceIsNamedWithItsPlace) {
  NamedTensors c = softmax_case();
  c.tensors[1].second = Tensor::of<float>({1, 2}, {0.25f, 0.7501f});
  const Outcome outcome = outcome_of(c);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, StartsWith("FAIL "));
  EXPECT_THAT(outcome.out, HasSubstr("output y at [0, 1]: expected 0.7501"));
  EXPECT_THAT(outcome.out, HasSubstr("got 0.75"));
  EXPECT_THAT(outcome.out, EndsWith("\n0 passed, 1 failed\n"));
}

TEST(Conformance, TheTypeDecidesWhatErrorIsAllowed) {
  // 1e-3 is too much for f32, and not for f16.
  NamedTensors c = softmax_case();
  c.tensors[1].second = Tensor::of<float>({1, 2}, {0.25f, 0.751f});
  EXPECT_EQ(outcome_of(c).status, 1);
  for (auto& [name, tensor] : c.tensors) tensor = tensor.to(DType::f16);
  EXPECT_EQ(outcome_of(c).status, 0);
}

TEST(Conformance, ShapeAndTypeMustMatch) {
  NamedTensors c = softmax_case();
  c.tensors[1].second = Tensor::of<float>({2}, {0.25f, 0.75f});
  EXPECT_THAT(outcome_of(c).out, HasSubstr("output y: expected f32 [2], got f32 [1, 2]"));
  c.tensors[1].second = Tensor::of<double>({1, 2}, {0.25, 0.75});
  EXPECT_THAT(outcome_of(c).out, HasSubstr("output y: expected f64 [1, 2], got f32 [1, 2]"));
}

TEST(Conformance, NaNAgreesWithNaNOnly) {
  NamedTensors c = softmax_case();
  c.tensors[0].second = Tensor::of<float>({1, 2}, {NAN, 0});
  EXPECT_EQ(outcome_of(c).status, 1);
  c.tensors[1].second = Tensor::of<float>({1, 2}, {NAN, NAN});
  EXPECT_EQ(outcome_of(c).status, 0);
}

TEST(Conformance, AnUnknownOperatorIsSkipped) {
  NamedTensors c = softmax_case();
  c.metadata["op"] = "Nonsense";
  const Outcome outcome = outcome_of(c);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("operator Nonsense is not known"));
  EXPECT_THAT(outcome.out, EndsWith("\n0 passed, 0 failed, 1 skipped\n"));
}

// What is wrong with a case, and what must be said about it.
TEST(Conformance, AMalformedCaseFailsWithAReason) {
  const std::map<std::string, std::pair<std::string, std::string>> faults = {
      {"attributes", {R"({"axis": "last"})", "attribute axis: expected an integer"}},
      {"inputs", {R"(["x", "y", "z"])", "in.y"}},
      {"outputs", {R"({"y": 1})", "\"outputs\" are no list"}},
  };
  for (const auto& [key, fault] : faults) {
    NamedTensors c = softmax_case();
    c.metadata[key] = fault.first;
    const Outcome outcome = outcome_of(c);
    EXPECT_EQ(outcome.status, 1) << key;
    EXPECT_THAT(outcome.out, HasSubstr(fault.second)) << key;
    c.metadata[key] = "{";
    EXPECT_THAT(outcome_of(c).out, HasSubstr("\"" + key + "\" are no JSON")) << key;
    c.metadata.erase(key);
    EXPECT_THAT(outcome_of(c).out, HasSubstr("no \"" + key + "\"")) << key;
  }
  NamedTensors c = softmax_case();
  c.metadata["attributes"] = R"({"axsi": 0})";
  EXPECT_THAT(outcome_of(c).out, HasSubstr("attribute axsi is not known; known are axis"));
}

TEST(Conformance, ABrokenFileFailsAndTheOthersStillRun) {
  const TemporaryFolder folder;
  write_safetensors(folder / "b.safetensors", softmax_case());
  folder.write("a/broken.safetensors", "nonsense");
  folder.write("notes.txt", "no case");
  const ProgramResult result = run_program(kProgram, {folder.path()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, StartsWith("FAIL a/broken"));
  EXPECT_THAT(result.out, HasSubstr("\nPASS "));
  EXPECT_THAT(result.out, EndsWith("\n1 passed, 1 failed\n"));
}

TEST(Conformance, WrongUseEndsWithTwo) {
  const TemporaryFolder empty;
  EXPECT_EQ(run_program(kProgram, {}).status, 2);
  EXPECT_EQ(run_program(kProgram, {empty / "missing"}).status, 2);
  EXPECT_EQ(run_program(kProgram, {"--nonsense", empty.path()}).status, 2);
  const ProgramResult result = run_program(kProgram, {empty.path()});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.error, HasSubstr("no .safetensors files below"));
  EXPECT_EQ(run_program(kProgram, {"--help"}).status, 0);
}

TEST(Conformance, TheSharedCasesPass) {
  const auto cases = shared_path("conformance/onnx");
  if (!cases) GTEST_SKIP() << "CLEARHEAD_SHARED does not say where the shared data are";
  for (const char* op :
       {"adam", "attention", "gelu", "layernormalization", "lstm", "rmsnormalization", "rnn",
        "rotaryembedding", "softmax", "softmax_cross_entropy_loss"}) {
    const ProgramResult result = run_program(kProgram, {*cases / op});
    EXPECT_EQ(result.status, 0) << result.out;
    EXPECT_THAT(result.out, EndsWith(" passed, 0 failed\n")) << result.out;
    EXPECT_THAT(result.out, Not(HasSubstr("SKIP"))) << op;
  }
}

}  // namespace
}  // namespace clearhead
