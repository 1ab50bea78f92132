// Recurrent layers and additive attention: the operations within them, names, gradients, padding.
#include "clearhead/nn/recurrent.h"

#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/nn/additive_attention.h"
#include "clearhead/ops/reshape.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

constexpr RecurrentKind kKinds[] = {RecurrentKind::rnn, RecurrentKind::lstm, RecurrentKind::gru};

TEST(Recurrent, Gradients) {
  for (const RecurrentKind kind : kKinds) {
    for (const bool bidirectional : {false, true}) {
      Parameters parameters({.seed = 1}, DType::f64);
      const Recurrent layer(parameters, {.kind = kind,
                                         .input_dim = 3,
                                         .hidden_dim = 2,
                                         .layers = 2,
                                         .bidirectional = bidirectional});
      shake(parameters);
      check_layer_gradients(parameters,
                            [&](Tape&, const std::vector<Var>& x) {
                              const RecurrentOutput out = layer.forward(
                                  x[0], {}, {}, Tensor::of<std::int64_t>({2}, {3, 2}));
                              // What goes out at each step, and what is left at the end.
                              Var all = reshape(out.y, {-1});
                              for (const Var& h : out.state.h)
                                all = concat(all, reshape(h, {-1}), 0);
                              for (const Var& c : out.state.c)
                                all = concat(all, reshape(c, {-1}), 0);
                              return all;
                            },
                            {random_tensor({2, 3, 3}, 1)});
    }
  }
}

TEST(Recurrent, PiecesOfASequenceAreTheWholeWhenTheStateGoesOn) {
  for (const RecurrentKind kind : kKinds) {
    Parameters parameters({.seed = 1}, DType::f64);
    const Recurrent layer(parameters, {.kind = kind, .input_dim = 3, .hidden_dim = 4, .layers = 2});
    shake(parameters);
    Tape tape(Keep::nothing);
    const Tensor x = random_tensor({2, 5, 3}, 1);
    const RecurrentOutput whole = layer.forward(tape.input("x", x), {});
    RecurrentState state;
    for (const auto& [begin, end] : {std::pair(0, 2), {2, 3}, {3, 5}}) {
      const RecurrentOutput part =
          layer.forward(tape.input("part", x.slice(1, begin, end)), {}, state);
      expect_near(part.y.value(), whole.y.value().slice(1, begin, end), 1e-15);
      state = part.state;
    }
    expect_near(state.h[1].value(), whole.state.h[1].value(), 1e-15);
  }
}

TEST(Recurrent, PaddingChangesNothing) {
  for (const RecurrentKind kind : kKinds) {
    Parameters parameters({.seed = 1}, DType::f64);
    const Recurrent layer(parameters,
                          {.kind = kind, .input_dim = 3, .hidden_dim = 4, .bidirectional = true});
    shake(parameters);
    Tape tape(Keep::nothing);
    const Tensor x = random_tensor({1, 5, 3}, 1);
    const RecurrentOutput padded =
        layer.forward(tape.input("x", x), {}, {}, Tensor::of<std::int64_t>({1}, {3}));
    const RecurrentOutput cut = layer.forward(tape.input("cut", x.slice(1, 0, 3)), {});
    expect_near(padded.y.value().slice(1, 0, 3), cut.y.value(), 1e-15);
    for (std::size_t i = 0; i < 2; ++i) {
      expect_near(padded.state.h[i].value(), cut.state.h[i].value(), 1e-15);
    }
  }
}

TEST(Recurrent, NamesWhatItHasAndDoes) {
  Parameters parameters({}, DType::f64);
  const Recurrent layer(parameters, {.kind = RecurrentKind::lstm,
                                     .input_dim = 3,
                                     .hidden_dim = 2,
                                     .layers = 2,
                                     .bidirectional = true});
  EXPECT_EQ(parameters.at("0.W").value().shape(), (Shape{8, 3}));
  EXPECT_EQ(parameters.at("1.reverse.W").value().shape(), (Shape{8, 4}));
  EXPECT_EQ(parameters.at("1.R").value().shape(), (Shape{8, 2}));
  const Tensor& bias = parameters.at("0.b").value();  // the forget gate is the third
  EXPECT_EQ(bias.at({3}), 0);
  EXPECT_EQ(bias.at({4}), 1);
  EXPECT_EQ(bias.at({5}), 1);
  EXPECT_EQ(bias.at({6}), 0);
  Tape tape;
  const Var y = layer.forward(tape.input("x", random_tensor({2, 5, 3})), {}).y;
  EXPECT_EQ(y.shape(), (Shape{2, 5, 4}));
  EXPECT_EQ(tape["0.hook_gates"].shape(), (Shape{2, 5, 8}));
  EXPECT_EQ(tape["0.reverse.hook_h"].shape(), (Shape{2, 5, 2}));
  EXPECT_EQ(tape["1.hook_c"].shape(), (Shape{2, 5, 2}));
}

TEST(Recurrent, RefusesWhatDoesNotFit) {
  EXPECT_THAT(error_of([] { RecurrentConfig{.input_dim = 3}.validate(); }),
              HasSubstr("3, 0 and 1"));
  Parameters parameters;
  const Recurrent layer(parameters, {.input_dim = 3, .hidden_dim = 2});
  Tape tape;
  for (const Shape& shape : {Shape{2, 3}, {2, 5, 4}, {2, 0, 3}}) {
    EXPECT_THAT(error_of([&] { layer.forward(tape.input("x", Tensor(shape)), {}); }),
                HasSubstr("[batch, steps, 3]"));
  }
}

TEST(AdditiveAttention, IsAMeanOfTheMemoryThatIsSeen) {
  Parameters parameters({.seed = 1}, DType::f64);
  const AdditiveAttention layer(parameters, 3, 4, 5);
  const Tensor memory = random_tensor({2, 6, 4}, 2),
               lengths = Tensor::of<std::int64_t>({2}, {6, 2});
  Tape tape;
  const Var z = layer.forward(tape.input("x", random_tensor({2, 3, 3}, 1)),
                              tape.input("memory", memory), {}, lengths);
  const Tensor pattern = tape["hook_pattern"].value();
  ASSERT_EQ(z.shape(), (Shape{2, 3, 4}));
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t t = 0; t < 3; ++t) {
      double total = 0, first = 0;
      for (std::int64_t s = 0; s < 6; ++s) {
        const double weight = pattern.at({b, t, s});
        EXPECT_EQ(weight == 0, s >= lengths.at({b}));
        total += weight;
        first += weight * memory.at({b, s, 0});
      }
      EXPECT_NEAR(total, 1, 1e-14);
      EXPECT_NEAR(z.value().at({b, t, 0}), first, 1e-14);
    }
  }
}

TEST(AdditiveAttention, Gradients) {
  for (const Tensor& lengths : {Tensor(), Tensor::of<std::int64_t>({2}, {4, 2})}) {
    Parameters parameters({.seed = 1}, DType::f64);
    const AdditiveAttention layer(parameters, 3, 2, 4);
    check_layer_gradients(
        parameters,
        [&](Tape&, const std::vector<Var>& x) { return layer.forward(x[0], x[1], {}, lengths); },
        {random_tensor({2, 2, 3}, 1), random_tensor({2, 4, 2}, 2)});
  }
}

}  // namespace
}  // namespace clearhead
