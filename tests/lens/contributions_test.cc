// The parts of a logit sum to it, for every kind of transformer, in batches, with padding and with
// a cache; and a part is what its definition says.
#include "clearhead/lens/contributions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/ops/add.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

double sum_of_parts(const std::vector<Contribution>& parts) {
  double sum = 0;
  for (const Contribution& part : parts) sum += part.value;
  return sum;
}

std::int64_t heads_among(const std::vector<Contribution>& parts) {
  return std::count_if(parts.begin(), parts.end(), [](const auto& part) { return part.head; });
}

const Contribution& part(const std::vector<Contribution>& parts, const std::string& name,
                         std::optional<std::int64_t> head = {}) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Contribution& p) {
    return p.name == name && p.head == head;
  });
  EXPECT_NE(found, parts.end()) << name;
  return *found;
}

// In f64, where sums of some hundred products are exact to 1e-12 or so.
void expect_sum(const Var& logits, const LogitMetric& metric) {
  const std::vector<Contribution> parts = decompose(logits, metric);
  EXPECT_NEAR(sum_of_parts(parts), metric.of(logits.value()), 1e-10);
}

TEST(Decompose, ThePartsOfEachDecoderSumToTheLogit) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    Decoder model(config, 1, DType::f64);
    shake(model.parameters());
    Tape tape;
    const Var logits = model.forward(tape.input("tokens", ids({{1, 2, 3, 4}, {5, 6, 0, 1}})), {});
    expect_sum(logits, {.place = 3, .token = 2});
    expect_sum(logits, {.batch = 1, .place = 2, .token = 5, .other = 1});
    // Each head of each layer is a part.
    EXPECT_EQ(heads_among(decompose(logits, {.token = 0})), 2 * 2);
  }
}

TEST(Decompose, ThePartsOfATranslationSumToo) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    EncoderDecoder model(config, 1, DType::f64);
    shake(model.parameters());
    Tape tape;
    const Memory memory =
        model.encode(tape.input("source_tokens", ids({{1, 2, 3}, {4, 5, 0}})), lengths({3, 2}), {});
    const Var logits = model.decode(memory, tape.input("tokens", ids({{1, 2}, {3, 4}})), {});
    expect_sum(logits, {.batch = 1, .place = 1, .token = 3});
    const std::int64_t layers = config.decoder_layers > 0 ? config.decoder_layers : config.layers;
    EXPECT_EQ(heads_among(decompose(logits, {.token = 0})), 2 * 2 * layers);  // two attentions each
  }
}

// The activation in the head of a masked model is held as a factor.
TEST(Decompose, ThePartsOfAMaskedModelSumToo) {
  Encoder model(small(bert()), 1, DType::f64);
  shake(model.parameters());
  Tape tape;
  const Var logits =
      model.forward(tape.input("tokens", ids({{1, 2, 3}, {4, 5, 0}})), lengths({3, 2}), {});
  expect_sum(logits, {.batch = 1, .place = 1, .token = 3});
  EXPECT_EQ(heads_among(decompose(logits, {.token = 0})), 2 * 2);
}

TEST(Decompose, WhatIsNotLinearIsOnePart) {
  RecurrentLanguageModel recurrent(recurrent_configs()[0].second, 1, DType::f64);
  Tape tape;
  const Var other = recurrent.forward(tape.input("tokens", ids({{1, 2, 3}})), {});
  expect_sum(other, {.place = 2, .token = 3});
}

TEST(Decompose, WithACacheThePartsAreThoseOfOneRun) {
  Decoder model(small(llama()), 1, DType::f64);
  shake(model.parameters());
  Tape whole, before(Keep::nothing), next;
  const Var logits = model.forward(whole.input("tokens", ids({{1, 2, 3, 4}})), {});
  DecodingState state;
  model.forward(before.input("tokens", ids({{1, 2, 3}})), {}, &state);
  const Var cached = model.forward(next.input("tokens", ids({{4}})), {}, &state);
  const auto expected = decompose(logits, {.place = 3, .token = 2});
  const auto parts = decompose(cached, {.place = 0, .token = 2});
  ASSERT_EQ(parts.size(), expected.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].name, expected[i].name);
    EXPECT_NEAR(parts[i].value, expected[i].value, 1e-10) << parts[i].name;
  }
}

// Head 1 of layer 0 writes r = z·W_Oᵀ into the residual; the final norm, its scale held, makes
// (r − mean(r)) / s ⊙ w of it, and the table of tokens a logit.
TEST(Decompose, AHeadAddsWhatItWritesAsTheNormAndTheTableReadIt) {
  Decoder model(small(gpt2()), 1, DType::f64);
  shake(model.parameters());
  Tape tape;
  const Var logits = model.forward(tape.input("tokens", ids({{1, 2, 3, 4}})), {});
  const Tensor z = tape["blocks.0.attn.hook_z"].value();                  // [1, 2, 4, 4]
  const Tensor W_O = model.parameters().at("blocks.0.attn.W_O").value();  // [8, 8]
  const Tensor W_U = model.parameters().at("embed.W_E").value();          // [7, 8]
  const Tensor w = model.parameters().at("ln_final.w").value();
  const double s = tape["ln_final.hook_scale"].value().at({0, 2, 0});
  std::vector<double> r(8, 0.0);
  double mean = 0;
  for (std::int64_t c = 0; c < 8; ++c) {
    for (std::int64_t i = 0; i < 4; ++i) r[c] += z.at({0, 1, 2, i}) * W_O.at({c, 4 + i});
    mean += r[c] / 8;
  }
  double expected = 0;
  for (std::int64_t c = 0; c < 8; ++c) expected += (r[c] - mean) / s * w.at({c}) * W_U.at({5, c});
  const auto parts = decompose(logits, {.place = 2, .token = 5});
  EXPECT_NEAR(part(parts, "blocks.0.attn.hook_z", 1).value, expected, 1e-12);
  for (const char* name : {"hook_embed", "hook_pos_embed", "blocks.1.mlp.hook_post",
                           "blocks.1.mlp.b_out", "blocks.1.attn.b_O", "ln_final.b"}) {
    part(parts, name);
  }
  EXPECT_EQ(parts.front().name, "hook_embed");  // in the order of the calculation
}

TEST(Decompose, WhatAnInterventionMadeIsWhatIsAdded) {
  Decoder model(small(gpt2()), 1, DType::f64);
  shake(model.parameters());
  Tape tape;
  tape.intervene("blocks.0.attn.hook_z", [](const Var& z) {
    return z.tape().input("nothing", Tensor(z.shape(), DType::f64));
  });
  const Var logits = model.forward(tape.input("tokens", ids({{1, 2, 3, 4}})), {});
  const auto parts = decompose(logits, {.place = 2, .token = 5});
  EXPECT_EQ(part(parts, "blocks.0.attn.hook_z", 1).value, 0);
  expect_sum(logits, {.place = 2, .token = 5});
}

// Logits in ±2 that were made of scaled vectors: cap and scale are factors.
TEST(Decompose, ACapAndAScaleAreFactorsOfAllParts) {
  Tape tape;
  const Var a = tape.input("a", random_tensor({1, 2, 3}, 1));
  const Var b = tape.input("b", random_tensor({1, 2, 3}, 2));
  const Var W = tape.input("W", random_tensor({4, 3}, 3));
  const Var raw = linear(scale(add(a, b), 0.5), W);
  const Var logits = softcap(raw, 2).named("logits");
  expect_sum(logits, {.place = 1, .token = 3, .other = 0});
  const LogitMetric metric{.place = 1, .token = 3};
  const double factor = metric.of(logits.value()) / metric.of(raw.value());
  const auto parts = decompose(logits, metric);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_NEAR(part(parts, "a").value, factor * part(decompose(raw, metric), "a").value, 1e-12);
}

TEST(Decompose, ATapeWithoutThePartsAndPlacesThatDoNotExistAreRefused) {
  Decoder model(small(gpt2()), 1, DType::f64);
  Tape nothing(Keep::nothing), tape;
  const Var unkept = model.forward(nothing.input("tokens", ids({{1, 2}})), {});
  expect_error([&] { decompose(unkept, {.token = 1}); }, "Keep::everything");
  const Var logits = model.forward(tape.input("tokens", ids({{1, 2}})), {});
  expect_error([&] { decompose(logits, {.place = 2, .token = 1}); }, "place 2");
  expect_error([&] { decompose(logits, {.token = 7}); }, "token 7");
  expect_error([&] { decompose(logits, {.token = 1, .other = -1}); }, "token -1");
}

}  // namespace
}  // namespace clearhead
