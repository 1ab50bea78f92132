// clearhead attend: numbers that are shown, saved, explained and drawn; files of users; shapes that
// do not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kDemo = {"attend", "--tokens", "3", "--dim", "4", "--seed", "7"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// Runs the program, which must succeed, and returns what it says.
std::string say(const std::vector<std::string>& arguments) {
  const ProgramResult result = run_program("clearhead", arguments);
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  return result.out;
}

NamedTensors saved(const std::vector<std::string>& arguments,
                   const std::string& ending = ".safetensors") {
  const TemporaryFolder folder;
  const std::string path = folder / ("steps" + ending);
  say(with(arguments, {"--save", path}));
  NamedTensors named = read_tensors(path);
  for (auto& [name, tensor] : named.tensors) tensor = tensor.clone();  // the file goes away
  return named;
}

double greatest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  const Tensor x = a.to(DType::f64).contiguous();
  const Tensor y = b.to(DType::f64).contiguous();
  double greatest = 0;
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const double difference = std::abs(x.data<double>()[i] - y.data<double>()[i]);
    if (x.data<double>()[i] != y.data<double>()[i]) greatest = std::fmax(greatest, difference);
  }
  return greatest;
}

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
    EXPECT_LT(greatest_difference(tensor, fused.at(name)), 1e-5) << name;
  }
  EXPECT_THAT(say(with(arguments, {"--fused"})), HasSubstr(", fused\n"));
  EXPECT_THAT(say(with(arguments, {"--by-hand"})), HasSubstr(", by hand\n"));
}

TEST(Attend, HeadsThatShareKeysReadLikeOthers) {
  for (const char* way : {"--by-hand", "--fused"}) {
    const std::string text = say({"attend", "--tokens", "3", "--dim", "8", "--heads", "4",
                                  "--kv-heads", "2", "--steps", "--explain", "3,2,1", way});
    EXPECT_THAT(text, HasSubstr("\nhook_raw_scores = q·kᵀ\n")) << way;
    EXPECT_THAT(text, HasSubstr("\n  hook_v[0, 1, 2, 1] = ")) << way;  // head 3 reads kv head 1
    EXPECT_THAT(text, Not(HasSubstr("reshape"))) << way;
  }
  EXPECT_THAT(say({"attend", "--tokens", "3", "--dim", "8", "--heads", "4", "--kv-heads", "2"}),
              HasSubstr("4 heads of 2 dims sharing 2 kv heads"));
}

TEST(Attend, NpzAndSafetensorsHoldTheSame) {
  const NamedTensors a = saved(kDemo, ".safetensors");
  const NamedTensors b = saved(kDemo, ".npz");
  EXPECT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    EXPECT_EQ(greatest_difference(tensor, b.at(name)), 0) << name;
  }
}

TEST(Attend, SameSeedSameBytesWhateverTheThreads) {
  const auto bytes = [](const std::vector<std::string>& more) {
    const NamedTensors s =
        saved(with({"attend", "--tokens", "40", "--dim", "16", "--heads", "2"}, more));
    return s.at("hook_attn_out");
  };
  const Tensor one = bytes({"--seed", "3", "--threads", "1"});
  EXPECT_EQ(greatest_difference(one, bytes({"--seed", "3", "--threads", "2"})), 0);
  EXPECT_GT(greatest_difference(one, bytes({"--seed", "4"})), 0.1);
}

TEST(Attend, ATableOfOnesOwnWithLabels) {
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

TEST(Attend, LabelsThatReadAlikeComeWithTheirPlaces) {
  const TemporaryFolder folder;
  const std::string x = folder.write("words.csv", "the,1,0\nthe,0,3\nsat,2,1\n");
  EXPECT_THAT(say({"attend", "--x", x, "--causal"}), HasSubstr("\n1 the  1 the (0.998)\n"));
}

TEST(Attend, LabelsFromTheCommandLineAndFromAFile) {
  const TemporaryFolder folder;
  const std::string tokens = folder.write("tokens.txt", "the\ncat\nsat\n");
  EXPECT_THAT(say(with(kDemo, {"--labels", "le,chat,dort"})), HasSubstr("chat"));
  EXPECT_EQ(say(with(kDemo, {"--labels", "the,cat,sat"})),
            say(with(kDemo, {"--tokens-file", tokens})));
  const std::string marked = folder.write("marked.txt", "\xEF\xBB\xBFthe\r\ncat\r\nsat\r\n");
  EXPECT_EQ(say(with(kDemo, {"--tokens-file", tokens})),
            say(with(kDemo, {"--tokens-file", marked})));
}

TEST(Attend, MasksAreReadByWhatTheyHold) {
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
TEST(Attend, TheTypeOfAMaskSaysWhatItsNumbersMean) {
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
    EXPECT_LT(greatest_difference(saved(arguments).at("hook_pattern"), unmasked), 1e-6);
    EXPECT_THAT(noted(arguments), HasSubstr("has floating-point numbers: they are added to the"));
    EXPECT_THAT(noted(arguments), Not(HasSubstr("other numbers")));
    EXPECT_EQ(saved(mask("ones.npy", ones.to(type))).at("hook_mask").at({0, 1, 1}), 1);
    EXPECT_THAT(noted(mask("ones.npy", ones.to(type))),
                HasSubstr("saved as bools or whole numbers"));
  }
}

TEST(Attend, SaysHowATableWasUnderstood) {
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

TEST(Attend, WhatCannotBeReadHindersNoneOfTheOthers) {
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
TEST(Attend, LayoutsComeBackAsTheyWere) {
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
    EXPECT_EQ(greatest_difference(steps.at("x"), tensor), 0) << layout;
    ASSERT_EQ(steps.at("hook_z").shape(), tensor.shape()) << layout;
    const Tensor z = layout == "htd" || layout == "bhtd"
                         ? steps.at("hook_z").reshape({2, 5, 3}).transpose(0, 1).contiguous()
                         : steps.at("hook_z").reshape({5, 2, 3});
    if (!first.defined()) first = z;
    EXPECT_EQ(greatest_difference(z, first), 0) << layout;
    EXPECT_EQ(steps.at("hook_pattern").rank(), layout[0] == 'b' ? 4 : 3) << layout;
  }
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
  EXPECT_EQ(greatest_difference(saved(arguments).at("hook_z"), demo.at("hook_z")), 0);
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
  EXPECT_LT(greatest_difference(last.at("hook_z"), whole.slice(0, 3, 5)), 1e-6);
  EXPECT_EQ(greatest_difference(last.at("hook_k"), x), 0);
  EXPECT_THAT(say({"attend", "--q", rest, "--k", rest, "--v", rest, "--past-key", past,
                   "--past-value", past, "--steps"}),
              HasSubstr("keys of the cache: 3 past keys × 4 dims\n"));
}

TEST(Attend, NumbersOfAnyTypeAreTaken) {
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
    EXPECT_LT(greatest_difference(z, expected), 1e-6) << dtype_name(type);
  }
}

TEST(Attend, ATableWithNumbersTooLargeForF32IsCalculatedInF64) {
  const TemporaryFolder folder;
  const NamedTensors s = saved({"attend", "--x", folder.write("x.csv", "1e39,0\n0,1\n")});
  EXPECT_EQ(s.at("hook_z").dtype(), DType::f64);
  EXPECT_EQ(s.at("hook_z").at({0, 0}), 1e39);
}

TEST(Attend, OneNumberIsExplained) {
  const NamedTensors s = saved(kDemo);
  const std::string text = say(with(kDemo, {"--explain", "0,2,1"}));
  EXPECT_THAT(text, HasSubstr("\nhook_z[0, 0, 2, 1] = "));
  const double value = std::stod(text.substr(text.find("1] = ") + 5));
  EXPECT_NEAR(value, s.at("hook_z").at({2, 1}), 5e-5 * std::abs(value));
  EXPECT_THAT(text, AllOf(HasSubstr("= pattern·v\n"), HasSubstr("hook_pattern[0, 0, 2, 0]"),
                          HasSubstr("hook_v[0, 0, 2, 1]"), Not(HasSubstr("W_Q"))));
  EXPECT_THAT(say(with(kDemo, {"--explain", "0,2,1", "--depth", "all"})),
              AllOf(HasSubstr("W_Q[0, 3, 3]"), HasSubstr("x[0, 0, 2, 3]"), HasSubstr("(input)")));
  EXPECT_EQ(say(with(kDemo, {"--explain", "0,2,1", "--depth", "all"})),
            say(with(kDemo, {"--explain", "0,2,1", "--depth", "5000"})));
  EXPECT_THAT(say(with(kDemo, {"--explain", "0,1,1", "--explain-of", "hook_pattern"})),
              HasSubstr("= exp("));
  EXPECT_THAT(say(with(kDemo, {"--explain", "0,1", "--explain-of", "hook_row_max"})),
              HasSubstr("hook_row_max[0, 0, 1, 0] = "));
}

TEST(Attend, FiguresAreWrittenByTheirEnding) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> figures = {
      {".svg", "<?xml"}, {".png", "\x89PNG"}, {".pdf", "%PDF"}, {".html", "<!DOCTYPE html"}};
  std::vector<std::string> arguments = kDemo;
  for (const auto& [ending, start] : figures) {
    arguments = with(arguments, {"--out", folder / ("figure" + ending)});
  }
  const std::string text = say(arguments);
  for (const auto& [ending, start] : figures) {
    EXPECT_THAT(text, HasSubstr("wrote " + folder / ("figure" + ending)));
    EXPECT_EQ(folder.read("figure" + ending).substr(0, start.size()), start);
  }
}

TEST(Attend, TextThatIsNotForATerminalIsPlain) {
  const std::string text = say(with(kDemo, {"--steps", "--explain", "0,0,0"}));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
}

TEST(Attend, LargeStepsShowTheirCornerAndSaySo) {
  const std::string text =
      say({"attend", "--tokens", "60", "--dim", "64", "--heads", "32", "--steps"});
  EXPECT_THAT(text, HasSubstr("… 48 more rows, "));
  EXPECT_THAT(text, HasSubstr("… 28 more of these tables"));
  EXPECT_LT(text.size(), 200000u);
}

TEST(Attend, APatternTooLargeToHoldIsPooledAndSaysSo) {
  const char* scale = std::getenv("CLEARHEAD_TEST_SCALE");
  if (scale != nullptr && std::string(scale) == "small") GTEST_SKIP() << "67 million weights";
  const TemporaryFolder folder;
  write_tensors(folder / "long.npy", {{{"x", Tensor({8200, 1})}}, {}});
  const std::string text = say({"attend", "--x", folder / "long.npy", "--fused", "--causal",
                                "--save", folder / "steps.safetensors"});
  EXPECT_THAT(text, HasSubstr("each cell the largest of 17 × 17 weights"));
  EXPECT_THAT(text, HasSubstr("left out of it"));
  const NamedTensors steps = read_tensors(folder / "steps.safetensors");
  EXPECT_EQ(steps.find("hook_pattern"), nullptr);
  EXPECT_EQ(steps.at("hook_z").shape(), (Shape{8200, 1}));
}

TEST(Attend, ShapesThatDoNotFitAreNamedWithWhatToDo) {
  const TemporaryFolder folder;
  folder.write("three.csv", "1,2,3\n4,5,6\n7,8,9\n1,1,1\n");
  folder.write("two.csv", "1,2\n3,4\n5,6\n");
  folder.write("short.csv", "1,2,3\n4,5,6\n");
  folder.write("letters.csv", "1,2,3\n4,5,x\n");
  write_tensors(folder / "none.npy", {{{"x", Tensor({0, 4})}}, {}});
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> uses = {
      {{"--q", "three.csv", "--k", "two.csv", "--v", "two.csv"},
       {"q (three.csv) is [4, 3]", "k (two.csv) is [3, 2]", "as many numbers as a key", "3 and 2",
        "wrong way round"}},
      {{"--q", "three.csv", "--k", "three.csv", "--v", "short.csv"},
       {"k (three.csv) is [4, 3]", "v (short.csv) is [2, 3]", "4 keys and 2 values"}},
      {{"--x", "three.csv", "--heads", "2"}, {"x (three.csv) is [4, 3]", "into 2 heads"}},
      {{"--x", "three.csv", "--mask", "two.csv"},
       {"mask (two.csv) is [3, 2]", "4 queries and 4 keys", "[4, 4]"}},
      {{"--x", "three.csv", "--layout", "thd"}, {"x (three.csv) is [4, 3]", "layout thd has 3"}},
      {{"--x", "three.csv", "--w-q", "two.csv", "--w-k", "two.csv", "--w-v", "short.csv"},
       {"x (three.csv) is [4, 3]", "w-v (short.csv) is [2, 3]", "3 numbers", "2 rows"}},
      {{"--x", "three.csv", "--labels", "a,b"}, {"4 queries", "2 labels"}},
      {{"--x", "three.csv", "--explain", "0,4,1"}, {"query 0 to 3", "dim 0 to 2"}},
      {{"--x", "three.csv", "--explain", "0,0,0", "--explain-of", "hook_patern"},
       {"did you mean hook_pattern?"}},
      {{"--x", "three.csv", "--nonpad-kv-seqlen", "1,2"}, {"batch of 1", "got 2"}},
      {{"--tokens", "3", "--dim", "5", "--heads", "2"}, {"--dim 5", "--heads 2"}},
      {{"--tokens", "3", "--dim", "6", "--heads", "3", "--kv-heads", "2"},
       {"3 query heads", "2 key"}},
      {{"--x", "three.csv", "--tokens-file", "."},
       {"--tokens-file .", "expected a text file, got a folder"}},
      {{"--x", "letters.csv"}, {"letters.csv", "line 2, column 3"}},
      {{"--x", "missing.csv"}, {"missing.csv"}},
      {{"--x", "none.npy"}, {"x (none.npy) is [0, 4]", "nothing in it"}},
  };
  for (const auto& [arguments, said] : uses) {
    const ProgramResult result = run_program(
        "clearhead", with({"attend", "--out", "figure.svg", "--save", "steps.npz"}, arguments),
        folder.path());
    EXPECT_EQ(result.status, 1) << said[0];
    EXPECT_THAT(result.error, StartsWith("clearhead: "));
    for (const std::string& part : said) EXPECT_THAT(result.error, HasSubstr(part));
    EXPECT_EQ(result.out, "") << said[0];
  }
  EXPECT_THAT(folder.names(),
              ElementsAre("letters.csv", "none.npy", "short.csv", "three.csv", "two.csv"))
      << "nothing may be left of a failure";
}

TEST(Attend, AFileOfSeveralTensorsSaysWhatItHas) {
  const TemporaryFolder folder;
  say(with(kDemo, {"--save", folder / "steps.npz"}));
  const ProgramResult unnamed =
      run_program("clearhead", {"attend", "--x", "steps.npz"}, folder.path());
  EXPECT_EQ(unnamed.status, 1);
  EXPECT_THAT(unnamed.error, AllOf(HasSubstr("--from steps.npz --x NAME"), HasSubstr("W_Q")));
  const ProgramResult none =
      run_program("clearhead", {"attend", "--from", "steps.npz"}, folder.path());
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.error, HasSubstr("hook_q f32 [3, 4]"));
  const ProgramResult mistyped =
      run_program("clearhead", {"attend", "--from", "steps.npz", "--x", "hook_zz"}, folder.path());
  EXPECT_EQ(mistyped.status, 1);
  EXPECT_THAT(mistyped.error, HasSubstr("hook_z"));
}

TEST(Attend, ByHandIsRefusedWhereItWouldTakeTooMuch) {
  const TemporaryFolder folder;
  write_tensors(folder / "long.npy", {{{"x", Tensor({65536, 1})}}, {}});
  const ProgramResult result =
      run_program("clearhead", {"attend", "--x", folder / "long.npy", "--by-hand"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, AllOf(HasSubstr("bytes"), HasSubstr("--fused")));
}

}  // namespace
}  // namespace clearhead
