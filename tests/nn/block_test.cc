// Blocks: the formula in each of their forms, the names that they record, gradients, cache,
// dropout.
#include "clearhead/nn/block.h"

#include <gmock/gmock.h>

#include "clearhead/nn/positions.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/feed_forward.h"
#include "clearhead/ops/multiply.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kC = 4;

BlockConfig config_of(bool pre_norm, NormKind norm, Activation activation, bool gated, bool bias) {
  return {.attention = {.embed_dim = kC, .num_heads = 2, .bias = bias},
          .feed_forward = {.hidden_dim = 6, .activation = activation, .gated = gated, .bias = bias},
          .norm = {.kind = norm},
          .pre_norm = pre_norm};
}

const BlockConfig kOriginal = config_of(false, NormKind::layer, Activation::relu, false, true);
const BlockConfig kBert = config_of(false, NormKind::layer, Activation::gelu, false, true);
const BlockConfig kGpt2 = config_of(true, NormKind::layer, Activation::gelu_tanh, false, true);
BlockConfig llama() {
  BlockConfig config = config_of(true, NormKind::rms, Activation::silu, true, false);
  config.attention.num_kv_heads = 1;
  config.attention.rotary.dim = 2;
  return config;
}
BlockConfig t5() {
  BlockConfig config = config_of(true, NormKind::rms, Activation::relu, false, false);
  config.attention.scale = 1;
  return config;
}
std::vector<BlockConfig> all_configs() { return {kOriginal, kBert, kGpt2, llama(), t5()}; }

TEST(Blocks, AreAddAndNormAroundTheirParts) {
  for (const bool pre_norm : {true, false}) {
    Parameters parameters({.seed = 1}, DType::f64);
    const BlockConfig config = config_of(pre_norm, NormKind::layer, Activation::gelu, false, true);
    const Block block(parameters, config);
    shake(parameters);
    // The same parts by themselves, under the names that they have in the block.
    Parameters again({}, DType::f64);
    const auto within = [&](const char* name) { return again.scope(name); };
    std::optional<MultiHeadAttention> attention;
    std::optional<FeedForward> feed_forward;
    {
      const auto scope = within("attn");
      attention.emplace(again, config.attention);
    }
    const Norm ln1(again, "ln1", kC);
    {
      const auto scope = within("mlp");
      feed_forward.emplace(again, kC, config.feed_forward);
    }
    const Norm ln2(again, "ln2", kC);
    again.load(parameters.named_tensors());

    Tape tape;
    const Var x = tape.input("x", random_tensor({2, 3, kC}, 1));
    Var y = x;
    if (pre_norm) {
      const Var in = ln1.forward(y, {});
      y = add(y, attention->forward(in, in, {}));
      y = add(y, feed_forward->forward(ln2.forward(y, {}), {}));
    } else {
      y = ln1.forward(add(y, attention->forward(y, y, {})), {});
      y = ln2.forward(add(y, feed_forward->forward(y, {})), {});
    }
    expect_near(block.forward(x, {}).value(), y.value(), 1e-14);
  }
}

TEST(FeedForward, IsItsFormula) {
  for (const bool gated : {false, true}) {
    Parameters parameters({.seed = 1}, DType::f64);
    const FeedForward layer(
        parameters, kC,
        {.hidden_dim = 6, .activation = Activation::silu, .gated = gated, .bias = !gated});
    shake(parameters);
    EXPECT_EQ(parameters.size(), gated ? 3 : 4);
    Tape tape;
    const Var x = tape.input("x", random_tensor({5, kC}, 1));
    const Var y = layer.forward(x, {});
    const auto parameter = [&](const char* name) { return on(tape, &parameters.at(name)); };
    Var hidden;
    if (gated) {
      hidden = multiply(activate(linear(x, parameter("W_gate")), Activation::silu),
                        linear(x, parameter("W_in")));
      expect_near(y.value(), linear(hidden, parameter("W_out")).value(), 1e-15);
      expect_near(tape["hook_pre_linear"].value(), linear(x, parameter("W_in")).value(), 0);
    } else {
      hidden = activate(linear(x, parameter("W_in"), parameter("b_in")), Activation::silu);
      expect_near(y.value(), linear(hidden, parameter("W_out"), parameter("b_out")).value(), 1e-15);
    }
    expect_near(tape["hook_post"].value(), hidden.value(), 0);
    check_layer_gradients(
        parameters, [&](Tape&, const std::vector<Var>& in) { return layer.forward(in[0], {}); },
        {random_tensor({2, kC}, 1)});
  }
}

TEST(Blocks, Gradients) {
  for (const BlockConfig& config : all_configs()) {
    Parameters parameters({.seed = 1}, DType::f64);
    const Block block(parameters, config);
    shake(parameters);
    check_layer_gradients(
        parameters, [&](Tape&, const std::vector<Var>& x) { return block.forward(x[0], {}); },
        {random_tensor({2, 3, kC}, 1)}, 1e-6);
  }
}

TEST(Blocks, GradientsWithCrossAttentionAndRelativeBias) {
  for (const BlockConfig& config : {kOriginal, t5()}) {
    Parameters parameters({.seed = 1}, DType::f64);
    const Positions positions(
        parameters, {.kind = PositionKind::relative, .buckets = 4, .relative = {false, 5}}, kC, 2);
    const Block block(parameters, config, /*cross_attention=*/true);
    shake(parameters);
    check_layer_gradients(
        parameters,
        [&](Tape& tape, const std::vector<Var>& x) {
          const Var bias = positions.bias(tape, 0, 3, 3, DType::f64);
          return block.forward(x[0], {},
                               {.own = {.is_causal = true, .attn_mask = bias}, .memory = x[1]});
        },
        {random_tensor({1, 3, kC}, 1), random_tensor({1, 2, kC}, 2)}, 1e-6);
  }
}

TEST(Blocks, GiveWithACacheWhatTheyGiveWithout) {
  for (const BlockConfig& config : all_configs()) {
    for (const PositionKind kind : {PositionKind::none, PositionKind::alibi}) {
      Parameters parameters({.seed = 1}, DType::f64);
      const Block block(parameters, config, /*cross_attention=*/true);
      const Positions positions(parameters, {.kind = kind}, kC, 2);
      shake(parameters);
      const Tensor x = random_tensor({2, 7, kC}, 1), memory = random_tensor({2, 4, kC}, 2);
      const Tensor length = Tensor::of<std::int64_t>({2}, {3, 4});
      const auto run = [&](std::int64_t begin, std::int64_t end, BlockCache* cache) {
        Tape tape(Keep::nothing);
        BlockContext context{
            .own = {.is_causal = true}, .memory = tape.input("memory", memory), .cache = cache};
        context.own.attn_mask = positions.bias(tape, begin, end - begin, end, DType::f64);
        context.of_memory.nonpad_kv_seqlen = length;
        return block.forward(tape.input("x", x.slice(1, begin, end)), {}, context).value();
      };
      const Tensor whole = run(0, 7, nullptr);
      BlockCache cache;
      expect_near(run(0, 4, &cache), whole.slice(1, 0, 4), 1e-13);
      expect_near(run(4, 5, &cache), whole.slice(1, 4, 5), 1e-13);
      expect_near(run(5, 7, &cache), whole.slice(1, 5, 7), 1e-13);
      EXPECT_EQ(cache.cross.length(), 4);
    }
  }
}

TEST(Blocks, RecordTheNamesOfTransformerLens) {
  Parameters parameters({}, DType::f64);
  const auto parameter_scope = parameters.scope("blocks.0");
  const Block block(parameters, llama(), /*cross_attention=*/true);
  Tape tape;
  const Var x = tape.input("x", random_tensor({1, 3, kC}));
  {
    const auto scope = tape.scope("blocks.0");
    block.forward(x, {}, {.memory = x});
  }
  for (const char* name : {"hook_resid_pre",      "ln1.w",
                           "ln1.hook_scale",      "ln1.hook_normalized",
                           "attn.hook_q",         "attn.hook_rot_q",
                           "attn.hook_k",         "attn.hook_v",
                           "attn.hook_pattern",   "attn.hook_z",
                           "hook_attn_out",       "hook_resid_mid",
                           "ln2.hook_scale",      "cross_attn.hook_pattern",
                           "hook_cross_attn_out", "hook_resid_mid_cross",
                           "ln3.hook_normalized", "mlp.W_gate",
                           "mlp.hook_pre",        "mlp.hook_pre_linear",
                           "mlp.hook_post",       "hook_mlp_out",
                           "hook_resid_post"}) {
    EXPECT_TRUE(tape.contains("blocks.0." + std::string(name))) << name;
  }
  EXPECT_FALSE(tape.contains("blocks.0.cross_attn.hook_rot_q"));

  Parameters post({}, DType::f64);
  const Block bert(post, kBert);
  bert.forward(tape.input("y", random_tensor({1, 3, kC})), {});
  EXPECT_TRUE(tape.contains("hook_normalized_resid_mid"));
  EXPECT_TRUE(tape.contains("hook_normalized_resid_post"));
  EXPECT_EQ(tape["hook_normalized_resid_post"].formula(), "(resid_post - mean) / scale ⊙ w + b");
}

TEST(Blocks, DropOutOnlyWhereThePassSays) {
  Parameters parameters({}, DType::f64);
  const Block block(parameters, kGpt2);
  const auto run = [&](const Pass& pass) {
    Tape tape(Keep::nothing);
    const Tensor y = block.forward(tape.input("x", random_tensor({1, 3, kC})), pass).value();
    return std::vector<double>(y.data<double>(), y.data<double>() + y.count());
  };
  const std::vector<double> plain = run({});
  const std::vector<double> first = run({.dropout = 0.5, .seed = 1, .step = 1});
  EXPECT_NE(first, plain);
  EXPECT_EQ(run({.dropout = 0.5, .seed = 1, .step = 1}), first);
  EXPECT_NE(run({.dropout = 0.5, .seed = 1, .step = 2}), first);
  EXPECT_NE(run({.dropout = 0.5, .seed = 2, .step = 1}), first);
  EXPECT_EQ(run({.seed = 2, .step = 1}), plain);
}

TEST(Positions, AreAddedToTheTokensOrToTheScores) {
  for (const PositionKind kind :
       {PositionKind::none, PositionKind::learned, PositionKind::sinusoidal, PositionKind::alibi,
        PositionKind::relative}) {
    Parameters parameters({.seed = 1}, DType::f64);
    const Positions positions(parameters, {.kind = kind, .max_length = 6}, kC, 2);
    Tape tape;
    const Var x = tape.input("x", Tensor({2, 3, kC}, DType::f64));
    const bool added = kind == PositionKind::learned || kind == PositionKind::sinusoidal;
    const Var y = positions.add_to(x, 2);
    EXPECT_EQ(tape.contains("hook_pos_embed"), added);
    EXPECT_EQ(y.name() == "x", !added);
    if (kind == PositionKind::learned) {
      EXPECT_EQ(y.value().at({1, 2, 3}), parameters.at("W_pos").value().at({4, 3}));
      try {
        positions.add_to(x, 4);
        ADD_FAILURE() << "positions 4 to 6 of 6";
      } catch (const std::exception& error) {
        EXPECT_THAT(error.what(), HasSubstr("the text has 7 tokens"));
      }
    }
    const Var bias = positions.bias(tape, 2, 3, 5, DType::f64);
    const bool biased = kind == PositionKind::alibi || kind == PositionKind::relative;
    EXPECT_EQ(bias.defined(), biased);
    if (biased) {
      EXPECT_EQ(bias.shape(), (Shape{1, 2, 3, 5}));
    }
  }
}

}  // namespace
}  // namespace clearhead
