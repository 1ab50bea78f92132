// Lesson 9: feed-forward and the block. Attention mixes between words, the feed-forward part mixes
// within each; together with two norms and two sums they are the block that transformers repeat.
#include "lessons/lesson.h"

#include <functional>
#include <string>
#include <vector>

#include "clearhead/nn/block.h"
#include "clearhead/nn/feed_forward.h"
#include "clearhead/nn/multi_head_attention.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/matmul.h"

namespace clearhead::lessons {
namespace {

const std::vector<std::string> kWords = {"the", "clouds", "are", "dark", "today"};
constexpr std::int64_t kT = 5;

// How far each of the words [1, T, C] moves in the result when word 2, "are", is another.
using Part = std::function<Var(const Var& x)>;
std::vector<double> moved(const Part& part, const Tensor& x) {
  Tape tape(Keep::nothing);
  Tensor other = x.clone();
  const std::int64_t C = x.size(-1);
  for (std::int64_t c = 0; c < C; ++c) other.mutable_data<double>()[2 * C + c] += 1;
  const Tensor a = part(tape.input("x", x)).value(), b = part(tape.input("x", other)).value();
  std::vector<double> distances;
  for (std::int64_t t = 0; t < kT; ++t) {
    distances.push_back(largest_difference(a.slice(1, t, t + 1), b.slice(1, t, t + 1)));
  }
  return distances;
}

}  // namespace

void block(Lesson& lesson) {
  const std::int64_t C = lesson.knob("channels", 8, 2, 512, "numbers in each word");
  const std::int64_t H = lesson.knob("heads", 2, 1, 16, "heads, which share the channels evenly");
  const BlockConfig config{
      .attention = {.embed_dim = C, .num_heads = H},
      .feed_forward = {.activation = Activation::relu, .bias = false},
  };
  Parameters of_attention({.seed = 9}, DType::f64), of_feed_forward({.seed = 9}, DType::f64);
  const MultiHeadAttention attention(of_attention, config.attention);
  const FeedForward feed_forward(of_feed_forward, C, config.feed_forward);
  const Tensor x = random_normal({1, kT, C}, 9);  // [B, T, C]

  lesson.step("mixing");
  const std::vector<double> in_attention =
      moved([&](const Var& y) { return attention.forward(y, y, Pass{}); }, x);
  const std::vector<double> in_feed_forward =
      moved([&](const Var& y) { return feed_forward.forward(y, Pass{}); }, x);
  lesson.table({{"word", kWords},
                {"moved by attention", in_attention, 3},
                {"moved by feed-forward", in_feed_forward, 3}});

  lesson.step("activation");
  // Without an activation, two products with matrices are one, with their product.
  Tape tape;
  const Var W_in = on(tape, &of_feed_forward.at("W_in"));    // [F, C]
  const Var W_out = on(tape, &of_feed_forward.at("W_out"));  // [C, F]
  const Var y = tape.input("x", x);
  const Tensor twice = linear(linear(y, W_in), W_out).value();
  const Tensor once = linear(y, matmul(W_out, W_in)).value();
  const double apart = largest_difference(twice, feed_forward.forward(y, Pass{}).value());
  const bool is_one = largest_difference(twice, once) < 1e-12;
  lesson.print("two products as one, to 1e-12: {}", is_one);
  lesson.print("with relu between them, the result differs by up to {:.3f}", apart);

  lesson.step("block");
  Parameters parameters({.seed = 9}, DType::f64);
  const Block whole(parameters, config);
  Tape recorded;
  whole.forward(recorded.input("hook_resid_pre", x), Pass{});
  const std::vector<std::string> parts = {"hook_resid_pre", "hook_attn_out", "hook_resid_mid",
                                          "hook_mlp_out", "hook_resid_post"};
  std::vector<std::string> formulas;
  std::vector<double> lengths;
  plot::Heatmap figure{.title = "A block, part by part",
                       .row_title = "word",
                       .column_title = "channel",
                       .value_title = "number",
                       .panel_columns = 3};
  for (const std::string& name : parts) {
    const Var part = recorded[name];
    formulas.push_back(part.formula());
    lengths.push_back(length(part.value()));
    figure.panels.push_back(
        {.title = name, .values = part.value().reshape({kT, C}), .row_labels = kWords});
  }
  lesson.table({{"name", parts}, {"formula", formulas}, {"length", lengths, 2}});
  lesson.draw("block", figure);

  lesson.step("weights");
  const auto count = [](const Parameters& all) { return static_cast<double>(all.count()); };
  lesson.table({{"part", {"attention", "feed-forward"}},
                {"weights", {count(of_attention), count(of_feed_forward)}, 0}});

  lesson.claim("Attention mixes between words, feed-forward only within each.",
               in_attention[0] > 0 && in_feed_forward[0] == 0 && in_feed_forward[2] > 0);
  lesson.claim("Without the activation, two products are one.", is_one && apart > 0.01);
  const auto value = [&](const char* name) { return recorded[name]; };
  lesson.claim(
      "What leaves a block is what entered it, and two things added.",
      largest_difference(
          add(add(value("hook_resid_pre"), value("hook_attn_out")), value("hook_mlp_out")).value(),
          value("hook_resid_post").value()) < 1e-12);
  lesson.claim("The feed-forward part has two thirds of the weights.",
               2 * of_attention.count() == of_feed_forward.count());
}

}  // namespace clearhead::lessons
