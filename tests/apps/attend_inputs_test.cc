// clearhead attend: tables, arrays, masks and labels of users, in all forms that they have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/attend.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(AttendInputs, ATableOfOnesOwnWithLabels) {
  const TemporaryFolder folder;
  const std::string x = folder.write("words.csv",
                                     "token,a,b\n"
                                     "the,1,0\n"
                                     "cat,0,3\n"
                                     "sat,2,1\n");
  const std::string text = say({"attend", "--x", x, "--causal"});
  EXPECT_THAT(text, StartsWith("attention of 3 queries to 3 keys: 1 head of 2 dims, causal, f32, "
                               "by hand\n"));
  EXPECT_THAT(text, HasSubstr("cat    cat (0.998)"));  // exp(9/√2)/(1 + exp(9/√2))
  const NamedTensors steps = saved({"attend", "--x", x, "--causal"});
  EXPECT_EQ(steps.at("hook_z").shape(), (Shape{3, 2}));
  EXPECT_EQ(steps.at("hook_pattern").shape(), (Shape{1, 3, 3}));
  EXPECT_NEAR(steps.at("hook_pattern").at({0, 1, 1}), 1 / (1 + std::exp(-9 / std::sqrt(2.0))),
              1e-6);
}

TEST(AttendInputs, LabelsThatReadAlikeComeWithTheirPlaces) {
  const TemporaryFolder folder;
  const std::string x = folder.write("words.csv", "the,1,0\nthe,0,3\nsat,2,1\n");
  EXPECT_THAT(say({"attend", "--x", x, "--causal"}), HasSubstr("\n1 the  1 the (0.998)\n"));
}

TEST(AttendInputs, LabelsFromTheCommandLineAndFromAFile) {
  const TemporaryFolder folder;
  const std::string tokens = folder.write("tokens.txt", "the\ncat\nsat\n");
  EXPECT_THAT(say(with(kDemo, {"--labels", "le,chat,dort"})), HasSubstr("chat"));
  EXPECT_EQ(say(with(kDemo, {"--labels", "the,cat,sat"})),
            say(with(kDemo, {"--tokens-file", tokens})));
  const std::string marked = folder.write("marked.txt", "\xEF\xBB\xBFthe\r\ncat\r\nsat\r\n");
  EXPECT_EQ(say(with(kDemo, {"--tokens-file", tokens})),
            say(with(kDemo, {"--tokens-file", marked})));
}

TEST(AttendInputs, MasksAreReadByWhatTheyHold) {
  const TemporaryFolder folder;
  const std::string x = folder.write("x.csv", "1,0\n0,1\n");
  const std::string zero_one = folder.write("zero_one.csv", "1,0\n1,1\n");
  const std::string added = folder.write("added.csv", "0,-inf\n0,0.5\n");
  const Tensor pattern = saved({"attend", "--x", x, "--mask", zero_one}).at("hook_pattern");
  EXPECT_EQ(pattern.at({0, 0, 0}), 1);
  EXPECT_EQ(pattern.at({0, 0, 1}), 0);
  const NamedTensors steps = saved({"attend", "--x", x, "--mask", added});
  EXPECT_EQ(steps.at("hook_pattern").at({0, 0, 1}), 0);
  EXPECT_NEAR(steps.at("hook_attn_scores").at({0, 1, 1}), 1 / std::sqrt(2.0) + 0.5, 1e-6);
  EXPECT_THAT(say({"attend", "--x", x, "--mask", zero_one}), HasSubstr("has only 0 and 1"));
  EXPECT_THAT(say({"attend", "--x", x, "--mask", added}), HasSubstr("added to the scores"));
}

// A text whose notes are not wrapped.
std::string on_one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find("\n      ", at)) != text.npos;) text.replace(at, 7, " ");
  return text;
}

std::string noted(const std::vector<std::string>& arguments) { return on_one_line(say(arguments)); }

// As the ONNX operator has it: by type, not by value.
TEST(AttendInputs, TheTypeOfAMaskSaysWhatItsNumbersMean) {
  const TemporaryFolder folder;
  const std::string x = folder.write("x.csv", "1,0\n0,1\n");
  const Tensor zeros({2, 2}), ones = Tensor::of<float>({2, 2}, {1, 0, 1, 1});
  const auto mask = [&](const std::string& name, const Tensor& tensor) {
    write_tensors(folder / name, {{{"mask", tensor}}, {}});
    return std::vector<std::string>{"attend", "--x", x, "--mask", folder / name};
  };
  for (const auto& arguments : {mask("bool.npy", zeros.to(DType::boolean)),
                                mask("i64.npy", zeros.to(DType::i64)), mask("zeros.csv", zeros)}) {
    const Tensor pattern = saved(arguments).at("hook_pattern");
    for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(pattern.at({0, i / 2, i % 2}), 0);
    EXPECT_THAT(noted(arguments), HasSubstr("has only 0: no query sees any key"));
  }
  for (const auto& arguments : {mask("i64.npy", ones.to(DType::i64)), mask("ones.csv", ones)}) {
    EXPECT_EQ(saved(arguments).at("hook_mask").at({0, 0, 1}), -INFINITY);
    EXPECT_THAT(noted(arguments), HasSubstr("has only 0 and 1: 1 is where a query sees a key"));
  }
  const Tensor unmasked = saved({"attend", "--x", x}).at("hook_pattern");
  for (const DType type : {DType::f32, DType::f64, DType::f16}) {
    const auto arguments = mask("zeros.npy", zeros.to(type));
    EXPECT_LT(largest_difference(saved(arguments).at("hook_pattern"), unmasked), 1e-6);
    EXPECT_THAT(noted(arguments), HasSubstr("has floating-point numbers: they are added to the"));
    EXPECT_THAT(noted(arguments), Not(HasSubstr("other numbers")));
    EXPECT_EQ(saved(mask("ones.npy", ones.to(type))).at("hook_mask").at({0, 1, 1}), 1);
    EXPECT_THAT(noted(mask("ones.npy", ones.to(type))),
                HasSubstr("saved as bools or whole numbers"));
  }
}

TEST(AttendInputs, SaysHowATableWasUnderstood) {
  const TemporaryFolder folder;
  folder.write("header.csv", "a,b\n1,0\n0,1\n");
  folder.write("numbered.csv", "0,1\n0.5,0.6\n0.7,0.8\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"attend", "--x", "header.csv"},
           {"attend", "--q", "header.csv", "--k", "header.csv", "--v", "header.csv"},
           {"map", "--q", "header.csv", "--k", "header.csv"}}) {
    const ProgramResult result = run_program("clearhead", arguments, folder.path());
    EXPECT_EQ(result.status, 0) << result.error;
    const std::string note =
        "note: header.csv: the first row is taken for labels of columns: 'a', 'b'";
    EXPECT_THAT(on_one_line(result.out), HasSubstr(note));
    EXPECT_EQ(result.out.find("note: "), result.out.rfind("note: ")) << "once is enough";
  }
  const ProgramResult result =
      run_program("clearhead", {"attend", "--x", "numbered.csv"}, folder.path());
  EXPECT_THAT(on_one_line(result.out),
              AllOf(StartsWith("attention of 3 queries"),
                    HasSubstr("numbered.csv: the first row, 0, 1, is taken for numbers")));
}

TEST(AttendInputs, TablesOfOtherProgramsAreRead) {
  const TemporaryFolder folder;
  const NamedTensors expected =
      saved({"attend", "--x", folder.write("a.csv", "the,0.5,1\ncat,0.25,-2\n")});
  for (const auto& [name, text] : {std::pair("excel.csv", "the;0,5;1\r\ncat;0,25;-2\r\n"),
                                   {"tabs.tsv", "the\t0.5\t1\ncat\t0.25\t-2\n"},
                                   {"tabs.TSV", "the\t0,5\t1\ncat\t0,25\t-2\n"},
                                   {"savetxt.txt", "5.0e-01 1.0e+00\n2.5e-01 -2.0e+00\n"}}) {
    const NamedTensors steps = saved({"attend", "--x", folder.write(name, text)});
    EXPECT_EQ(largest_difference(steps.at("x"), expected.at("x")), 0) << name;
    EXPECT_EQ(steps.at("x").dtype(), DType::f32) << name;
  }
  EXPECT_THAT(
      noted({"attend", "--x", folder / "excel.csv"}),
      AllOf(HasSubstr("cells are separated by semicolons, and numbers have a decimal comma: "
                      "'0,5' is taken for 0.5"),
            HasSubstr("cat (")));
}

TEST(AttendInputs, WhatCannotBeReadHindersNoneOfTheOthers) {
  const TemporaryFolder folder;
  // A header of 3 tensors, whose elements are 2 numbers, 1 complex one and 2 unsigned ones.
  std::string header = R"({"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                       R"("z":{"dtype":"C64","shape":[1],"data_offsets":[8,16]},)"
                       R"("ids":{"dtype":"U64","shape":[2,1],"data_offsets":[16,32]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  file += header + std::string("\0\0\x80\x3f\0\0\0\xc0", 8) + std::string(8, '\0') +
          std::string("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16);
  folder.write("a.SAFETENSORS", file);
  const auto attend = [&](const std::vector<std::string>& more) {
    return run_program("clearhead", with({"attend", "--from", "a.SAFETENSORS"}, more),
                       folder.path());
  };
  EXPECT_EQ(attend({"--x", "x", "--save", "steps.NPZ"}).status, 0);
  EXPECT_EQ(read_tensors(folder / "steps.NPZ").at("x").at({1, 0}), -2);
  EXPECT_EQ(attend({"--x", "ids"}).status, 0);
  const ProgramResult refused = attend({"--x", "z"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error,
              HasSubstr("--x: a.SAFETENSORS: tensor 'z': elements of type 'C64' are"));
  EXPECT_THAT(attend({}).error, AllOf(HasSubstr("x f32 [2, 1]"), HasSubstr("z C64 [1]"),
                                      HasSubstr("ids u64 [2, 1]")));
}

// Rows of q in every layout: the same attention, laid out as it came.
TEST(AttendInputs, LayoutsComeBackAsTheyWere) {
  const TemporaryFolder folder;
  const Tensor thd =
      saved({"attend", "--tokens", "5", "--dim", "6"}).at("hook_q").reshape({5, 2, 3});
  const Tensor htd = thd.transpose(0, 1).contiguous();
  const std::vector<std::pair<std::string, Tensor>> forms = {
      {"thd", thd},
      {"htd", htd},
      {"td", thd.reshape({5, 6})},
      {"btc", thd.reshape({1, 5, 6})},
      {"bthd", thd.reshape({1, 5, 2, 3})},
      {"bhtd", htd.reshape({1, 2, 5, 3})},
  };
  const Tensor expected = saved({"attend", "--tokens", "5", "--dim", "6"}).at("hook_q");
  Tensor first;
  for (const auto& [layout, tensor] : forms) {
    const std::string path = folder / (layout + ".npy");
    write_tensors(path, {{{"x", tensor}}, {}});
    std::vector<std::string> arguments = {"attend", "--x", path, "--layout", layout, "--causal"};
    if (layout.find('h') == std::string::npos) arguments = with(arguments, {"--heads", "2"});
    const NamedTensors steps = saved(arguments);
    EXPECT_EQ(largest_difference(steps.at("x"), tensor), 0) << layout;
    ASSERT_EQ(steps.at("hook_z").shape(), tensor.shape()) << layout;
    const Tensor z = layout == "htd" || layout == "bhtd"
                         ? steps.at("hook_z").reshape({2, 5, 3}).transpose(0, 1).contiguous()
                         : steps.at("hook_z").reshape({5, 2, 3});
    if (!first.defined()) first = z;
    EXPECT_EQ(largest_difference(z, first), 0) << layout;
    EXPECT_EQ(steps.at("hook_pattern").rank(), layout[0] == 'b' ? 4 : 3) << layout;
  }
}

TEST(AttendInputs, NumbersOfAnyTypeAreTaken) {
  const TemporaryFolder folder;
  const Tensor x = Tensor::of<double>({2, 2}, {1, 0, -2, 3});
  write_tensors(folder / "f64.npy", {{{"x", x}}, {}});
  const Tensor expected = saved({"attend", "--x", folder / "f64.npy"}).at("hook_z");
  EXPECT_EQ(expected.dtype(), DType::f64);
  for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::i64}) {
    const std::string path = folder / "x.safetensors";
    write_tensors(path, {{{"x", x.to(type)}}, {}});
    const Tensor z = saved({"attend", "--x", path}).at("hook_z");
    EXPECT_EQ(z.dtype(), DType::f32) << dtype_name(type);
    EXPECT_LT(largest_difference(z, expected), 1e-6) << dtype_name(type);
  }
}

TEST(AttendInputs, ATableWithNumbersTooLargeForF32IsCalculatedInF64) {
  const TemporaryFolder folder;
  const NamedTensors s = saved({"attend", "--x", folder.write("x.csv", "1e39,0\n0,1\n")});
  EXPECT_EQ(s.at("hook_z").dtype(), DType::f64);
  EXPECT_EQ(s.at("hook_z").at({0, 0}), 1e39);
}

}  // namespace
}  // namespace clearhead
