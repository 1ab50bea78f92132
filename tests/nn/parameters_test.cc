// Parameters: their names, how they begin, what a checkpoint may hold, and that sharing one shares
// its gradient.
#include "clearhead/nn/parameters.h"

#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

double variance(const Tensor& tensor) {
  double square = 0;
  for (std::int64_t i = 0; i < tensor.count(); ++i) square += std::pow(tensor.data<double>()[i], 2);
  return square / static_cast<double>(tensor.count());
}

TEST(Parameters, AreNamedByTheirScopes) {
  Parameters parameters;
  {
    const auto block = parameters.scope("blocks.0");
    const auto attention = parameters.scope("attn");
    parameters.matrix("W_Q", 3, 2);
  }
  parameters.zeros("b", {4});
  EXPECT_EQ(parameters.begin()->name, "blocks.0.attn.W_Q");
  EXPECT_EQ(parameters.at("b").value().shape(), (Shape{4}));
  EXPECT_EQ(parameters.size(), 2);
  EXPECT_EQ(parameters.count(), 10);
  EXPECT_THAT(error_of([&] { parameters.ones("b", {1}); }), HasSubstr("two named \"b\""));
  EXPECT_THAT(error_of([&] { parameters.at("blocks.0.attn.W_K"); }),
              HasSubstr("those most like it: blocks.0.attn.W_Q"));
}

TEST(Parameters, AreAnOutlineWithoutASeed) {
  Parameters outline({.seed = std::nullopt});
  const std::int64_t huge = std::int64_t{1} << 40;  // more than could be allocated
  outline.matrix("W", huge, 2);
  outline.ones("w", {3});
  EXPECT_EQ(outline.count(), 2 * huge + 3);
  EXPECT_EQ(outline.at("w").value().at({2}), 0);
  EXPECT_THAT(
      error_of([&] {
        outline.load({.tensors = {{"W", Tensor({2, 2})}, {"w", Tensor({3})}}, .metadata = {}});
      }),
      HasSubstr("W: the model has [1099511627776, 2]"));

  Parameters small({.seed = std::nullopt});
  const Parameter* W = small.matrix("W", 1, 2);
  small.load({.tensors = {{"W", Tensor::of<double>({1, 2}, {3, 4})}}, .metadata = {}});
  EXPECT_EQ(W->value().at({0, 1}), 4);
  EXPECT_FALSE(W->value().is_read_only());
}

TEST(Parameters, BeginAsTheirNameAndTheSeedSay) {
  const auto matrix = [](std::uint64_t seed, const char* name, double std, double scale) {
    return Parameters({.seed = seed, .std = std}, DType::f64).matrix(name, 32, 64, scale)->value();
  };
  const Tensor uniform = matrix(3, "a", 0, 1);
  const double bound = std::sqrt(6.0 / 96);
  double largest = 0;
  for (std::int64_t i = 0; i < uniform.count(); ++i) {
    largest = std::max(largest, std::abs(uniform.data<double>()[i]));
  }
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.99 * bound);
  // The variance of 2048 uniform numbers, bound²/3, varies by about 2 %, that of normal ones by 3
  // %.
  EXPECT_NEAR(variance(uniform), bound * bound / 3, 0.1 * bound * bound / 3);
  EXPECT_NEAR(variance(matrix(3, "a", 0.02, 0.5)), 1e-4, 0.15e-4);
  EXPECT_EQ(matrix(3, "a", 0, 1).at({5, 7}), uniform.at({5, 7}));
  EXPECT_NE(matrix(4, "a", 0, 1).at({5, 7}), uniform.at({5, 7}));
  EXPECT_NE(matrix(3, "b", 0, 1).at({5, 7}), uniform.at({5, 7}));
}

TEST(Parameters, KeepTheirAddressesWhenMoved) {
  Parameters parameters;
  const Parameter* first = parameters.ones("a", {2});
  for (int i = 0; i < 1000; ++i) parameters.zeros("b" + std::to_string(i), {1});
  const Parameters moved = std::move(parameters);
  EXPECT_EQ(&*moved.begin(), first);
  EXPECT_EQ(first->value().at({1}), 1);
}

TEST(Parameters, OneUsedTwiceHasOneGradient) {
  Parameters parameters({.seed = 1}, DType::f64);
  const Parameter* W = parameters.matrix("W", 3, 3);
  check_layer_gradients(parameters,
                        [&](Tape& tape, const std::vector<Var>& x) {
                          const auto scope = tape.scope("twice");
                          return linear(linear(x[0], on(tape, W)), on(tape, W));
                        },
                        {random_tensor({2, 3})});
  Tape tape;
  const auto scope = tape.scope("blocks.0");
  EXPECT_EQ(on(tape, W).name(), "W");
  EXPECT_EQ(on(tape, W).name(), on(tape, W).name());
  EXPECT_EQ(tape.vars().size(), 1u);
  EXPECT_FALSE(on(tape, nullptr).defined());
  // Another model's parameter of the same name is another value.
  Parameters others({.seed = 2}, DType::f64);
  EXPECT_EQ(on(tape, others.matrix("W", 3, 3)).name(), "W#2");
}

TEST(Parameters, LoadAllOrNothing) {
  Parameters parameters;
  parameters.matrix("W", 2, 2);
  parameters.zeros("b", {2});
  const Tensor W = Tensor::of<double>({2, 2}, {1, 2, 3, 4}), b = Tensor::of<float>({2}, {5, 6});
  const auto load = [&](std::vector<std::pair<std::string, Tensor>> tensors) {
    return error_of([&] { parameters.load({std::move(tensors), {}}); });
  };
  EXPECT_THAT(load({{"W", W}}), HasSubstr("'b'"));
  EXPECT_THAT(load({{"W", W}, {"b", b}, {"c", b}}), HasSubstr("\"c\""));
  EXPECT_THAT(load({{"W", W}, {"b", W}}), AllOf(HasSubstr("b: "), HasSubstr("[2, 2]")));
  EXPECT_EQ(parameters.at("b").value().at({0}), 0);
  EXPECT_EQ(load({{"W", W}, {"b", b}}), "(no error)");
  EXPECT_EQ(parameters.at("W").value().dtype(), DType::f32);
  EXPECT_EQ(parameters.at("W").value().at({1, 0}), 3);
  parameters.at("b").mutable_value().mutable_data<float>()[0] = 9;
  EXPECT_EQ(b.at({0}), 5);  // what was loaded is no longer the parameters' memory
  EXPECT_EQ(parameters.named_tensors().at("b").at({0}), 9);
}

TEST(Parameters, AreReadFromAFileWhenTheyAreFirstUsed) {
  Parameters parameters({.seed = std::nullopt});
  parameters.matrix("W", 2, 3);
  parameters.zeros("b", {2});
  const Tensor W = Tensor::of<double>({3, 2}, {1, 2, 3, 4, 5, 6}),
               b = Tensor::of<float>({2}, {7, 8});
  int times = 0;
  const auto entry = [&](std::string name, const Tensor& value) {
    return TensorFile::Entry{.name = std::move(name),
                             .type = std::string(dtype_name(value.dtype())),
                             .dtype = value.dtype(),
                             .shape = value.shape(),
                             .read = [&times, value] {
                               ++times;
                               return value;
                             }};
  };
  const auto load = [&](std::vector<TensorFile::Entry> entries) {
    return error_of(
        [&] { parameters.load(TensorFile{.name = "x", .entries = std::move(entries)}); });
  };
  EXPECT_THAT(load({entry("b", b)}), HasSubstr("x: there is no tensor 'W' among the 1"));
  EXPECT_THAT(load({entry("W", W), entry("b", b)}),
              HasSubstr("x: W: the model has [2, 3] of floating type, the file [3, 2] of f64"));
  EXPECT_THAT(load({entry("W", W.transpose(0, 1)), entry("b", b.to(DType::i64))}),
              HasSubstr("x: b: the model has [2] of floating type, the file [2] of i64"));
  EXPECT_THAT(load({entry("W", W.transpose(0, 1)), entry("b", b), entry("c", b)}),
              HasSubstr("x: parameters: there is none named \"c\""));
  EXPECT_EQ(load({entry("W", W.transpose(0, 1)), entry("b", b)}), "(no error)");
  EXPECT_EQ(times, 0);
  EXPECT_EQ(parameters.at("W").shape(), (Shape{2, 3}));
  EXPECT_EQ(parameters.at("W").dtype(), DType::f32);
  EXPECT_EQ(parameters.count(), 8);
  EXPECT_EQ(times, 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(numbers_of(parameters.at("W").value()), ElementsAre(1, 3, 5, 2, 4, 6));
    EXPECT_TRUE(parameters.at("W").value().is_contiguous());
    EXPECT_EQ(times, 1);
  }
}

TEST(Parameters, StayInTheMappedFileUntilTheyAreChanged) {
  const TemporaryFolder folder;
  const Tensor W = random_tensor({2, 3}, 1, DType::f32), b = random_tensor({2}, 2, DType::f32);
  write_safetensors(folder / "x.safetensors",
                    {.tensors = {{"W", W}, {"b", b.to(DType::bf16)}}, .metadata = {}});
  Parameters parameters({.seed = std::nullopt});
  parameters.matrix("W", 2, 3);
  parameters.zeros("b", {2});
  const TensorFile file = open_safetensors(folder / "x.safetensors");
  parameters.load(file);
  Parameter& read = parameters.at("W");
  EXPECT_TRUE(read.value().is_read_only());
  EXPECT_EQ(read.value().address(), file.read("W").address());
  expect_near(parameters.at("b").value(), b.to(DType::bf16), 0);  // widened

  read.mutable_value().mutable_data<float>()[0] = 9;
  EXPECT_EQ(read.value().at({0, 0}), 9);
  EXPECT_EQ(file.read("W").at({0, 0}), W.at({0, 0}));
  EXPECT_EQ(read.mutable_value().address(), read.value().address());  // copied once
}

TEST(Parameters, SeveralThreadsMayAskForOneThatIsNotReadYet) {
  Parameters parameters({.seed = std::nullopt});
  const Parameter* const W = parameters.matrix("W", 1000, 10);
  const Tensor value = random_tensor({1000, 10});  // f64: reading divides its work over threads
  parameters.load(as_file({.tensors = {{"W", value}}, .metadata = {}}, "x"));
  std::vector<const void*> addresses(64);
  parallel_for(
      64, [&](std::int64_t i) { addresses[static_cast<std::size_t>(i)] = W->value().address(); });
  EXPECT_THAT(addresses, ::testing::Each(W->value().address()));
  expect_near(W->value(), value.to(DType::f32), 0);
}

}  // namespace
}  // namespace clearhead
