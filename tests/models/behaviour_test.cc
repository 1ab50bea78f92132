// What all models of a kind must do alike: continue from a state as if there were none, see no
// padding and no future, refuse what is too long, and record under the names of the field.
#include <functional>
#include <memory>

#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/models/recurrent_encoder_decoder.h"
#include "clearhead/models/text_encoder.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// The same numbers are added in another order at most.
constexpr double kTolerance = 1e-12;

// All models of a kind in f64, shaken, by name.
template <typename Kind>
using Models = std::vector<std::pair<std::string, std::unique_ptr<Kind>>>;

template <typename Network, typename Kind, typename Configs>
void add_models(Models<Kind>& models, const std::string& family, const Configs& configs) {
  for (const auto& [name, config] : configs) {
    models.emplace_back(family + ", " + name, std::make_unique<Network>(config, 1, DType::f64));
    shake(models.back().second->parameters());
  }
}

// The presets, and positions that they do not have.
std::vector<std::pair<std::string, TransformerConfig>> transformer_configs() {
  auto configs = presets();
  TransformerConfig alibi = small(gpt2());
  alibi.positions = TransformerPositions::alibi;
  configs.emplace_back("alibi", alibi);
  return configs;
}

Models<LanguageModel> language_models() {
  Models<LanguageModel> models;
  add_models<Decoder>(models, "decoder", transformer_configs());
  auto configs = recurrent_configs();
  for (auto& [name, config] : configs) config.bidirectional = false;
  add_models<RecurrentLanguageModel>(models, "recurrent", configs);
  return models;
}

Models<TranslationModel> translation_models() {
  Models<TranslationModel> models;
  add_models<EncoderDecoder>(models, "encoder-decoder", transformer_configs());
  add_models<RecurrentEncoderDecoder>(models, "recurrent encoder-decoder", recurrent_configs());
  return models;
}

// Logits of tokens i64 [B, T] that continue the state, which lies on one tape.
using Decode = std::function<Var(const Tensor& tokens, DecodingState* state)>;
using DecodeOn = std::function<Decode(Tape& tape)>;

const Tensor kTokens = ids({{1, 6, 3, 0, 2}, {2, 2, 5, 4, 1}});

// Every model that writes from left to right; a source is the same for all sequences, as for the
// beams of one sentence.
void for_each_writer(const std::function<void(const DecodeOn& writer)>& check) {
  for (const auto& [name, model] : language_models()) {
    SCOPED_TRACE(name);
    check([&model = model](Tape& tape) {
      return [&](const Tensor& tokens, DecodingState* state) {
        return model->forward(tape.input("tokens", tokens), {}, state);
      };
    });
  }
  for (const auto& [name, model] : translation_models()) {
    SCOPED_TRACE(name);
    check([&model = model](Tape& tape) {
      const Var source = tape.input("source", ids({{1, 2, 3, 4}, {1, 2, 3, 4}}));
      const Memory memory = model->encode(source, lengths({3, 3}), {});
      return [&, memory](const Tensor& tokens, DecodingState* state) {
        return model->decode(memory, tape.input("tokens", tokens), {}, state);
      };
    });
  }
}

TEST(Writers, ContinueFromAStateAsIfThereWereNone) {
  for_each_writer([](const DecodeOn& writer) {
    for (const Keep keep : {Keep::nothing, Keep::everything}) {
      Tape tape(keep);
      const Decode decode = writer(tape);
      const Tensor whole = decode(kTokens, nullptr).value();
      for (const std::vector<std::int64_t>& pieces :
           {std::vector<std::int64_t>{1, 1, 1, 1, 1}, {3, 2}, {1, 4}}) {
        DecodingState state;
        std::int64_t first = 0;
        for (const std::int64_t T : pieces) {
          const Tensor piece = decode(kTokens.slice(1, first, first + T), &state).value();
          expect_near(piece, whole.slice(1, first, first + T), kTolerance);
          first += T;
          EXPECT_EQ(state.length, first);
        }
      }
    }
  });
}

TEST(Writers, ContinueFromAStateWhoseSequencesChangedPlaces) {
  for_each_writer([](const DecodeOn& writer) {
    Tape tape(Keep::nothing);
    const Decode decode = writer(tape);
    DecodingState state;
    decode(kTokens.slice(1, 0, 3), &state);
    state.reorder(std::vector<std::int64_t>{1, 1});
    const Tensor next = decode(ids({{0, 2}, {6, 6}}), &state).value();
    const Tensor whole = decode(ids({{2, 2, 5, 0, 2}, {2, 2, 5, 6, 6}}), nullptr).value();
    expect_near(next, whole.slice(1, 3, 5), kTolerance);
  });
}

TEST(Writers, BeginWithOneSequenceAndGoOnWithSeveral) {
  for (const auto& [name, model] : language_models()) {
    SCOPED_TRACE(name);
    Tape tape(Keep::nothing);
    DecodingState state;
    model->forward(tape.input("tokens", ids({{3, 4}})), {}, &state);
    state.reorder(std::vector<std::int64_t>{0, 0, 0});
    const Var next = model->forward(tape.input("tokens", ids({{1}, {2}, {5}})), {}, &state);
    const Tensor whole =
        model->forward(tape.input("tokens", ids({{3, 4, 1}, {3, 4, 2}, {3, 4, 5}})), {}).value();
    expect_near(next.value(), whole.slice(1, 2, 3), kTolerance);
  }
}

TEST(SentenceEncoders, GiveEachOfManyTextsItsOwnVector) {
  const SentenceEncoder model(SentenceEncoderConfig{small(bert())});
  std::vector<std::vector<std::int64_t>> texts;  // more tokens than one batch takes
  for (std::int64_t i = 0; i < 400; ++i) {
    texts.emplace_back();
    for (std::int64_t t = 0; t <= i * 5 % 6; ++t) texts.back().push_back((i + t * t) % kV);
  }
  const Tensor vectors = embed_texts(model, texts);
  for (std::int64_t i = 0; i < vectors.size(0); ++i) {
    Tape tape(Keep::nothing);
    const Var tokens = tape.input("tokens", ids({texts[static_cast<std::size_t>(i)]}));
    expect_near(vectors.slice(0, i, i + 1), model.embed(tokens, {}, {}).value(), 1e-6);  // f32
  }
}

TEST(Writers, SayTheSameOfTheLastTokenAlone) {
  for (const auto& [name, model] : language_models()) {
    SCOPED_TRACE(name);
    Tape tape(Keep::nothing);
    const Tensor whole = model->forward(tape.input("tokens", kTokens), {}).value();
    DecodingState state;
    for (const auto& [first, end] : {std::pair{0, 3}, {3, 5}}) {
      const Var piece = tape.input("tokens", kTokens.slice(1, first, end));
      const Tensor last = model->forward_last(piece, {}, state).value();
      expect_near(last, whole.slice(1, end - 1, end), kTolerance);
    }
  }
}

TEST(Writers, SeeNoFuture) {
  for_each_writer([](const DecodeOn& writer) {
    Tape tape(Keep::nothing);
    const Decode decode = writer(tape);
    const Tensor a = decode(kTokens, nullptr).value();
    const Tensor b = decode(ids({{1, 6, 3, 5, 5}, {2, 2, 5, 0, 0}}), nullptr).value();
    expect_near(a.slice(1, 0, 3), b.slice(1, 0, 3), 0);
    EXPECT_NE(a.at({0, 3, 0}), b.at({0, 3, 0}));
  });
}

TEST(Readers, SeeNoPadding) {
  const Tensor padded = ids({{1, 2, 3, 4}, {5, 6, 0, 3}}), alone = ids({{5, 6}});
  Models<MaskedModel> masked;
  add_models<Encoder>(masked, "encoder", transformer_configs());
  for (const auto& [name, model] : masked) {
    SCOPED_TRACE(name);
    Tape tape(Keep::nothing);
    const Tensor a = model->forward(tape.input("x", padded), lengths({4, 2}), {}).value();
    const Tensor b = model->forward(tape.input("x", alone), {}, {}).value();
    expect_near(a.slice(0, 1, 2).slice(1, 0, 2), b, kTolerance);
  }
  for (const auto& [name, model] : translation_models()) {
    SCOPED_TRACE(name);
    Tape tape(Keep::nothing);
    const auto translate = [&, &model = model](const Tensor& source, const Tensor& lengths,
                                               const Tensor& target) {
      const Memory memory = model->encode(tape.input("source", source), lengths, {});
      DecodingState state;
      const Var first =
          model->decode(memory, tape.input("target", target.slice(1, 0, 2)), {}, &state);
      expect_near(model->decode(memory, tape.input("target", target), {}).value().slice(1, 0, 2),
                  first.value(), kTolerance);
      return model->decode(memory, tape.input("target", target.slice(1, 2, 5)), {}, &state).value();
    };
    const Tensor a = translate(padded, lengths({4, 2}), kTokens);
    const Tensor b = translate(alone, {}, kTokens.slice(0, 1, 2));
    expect_near(a.slice(0, 1, 2), b, kTolerance);
  }
}

TEST(Readers, SeeBothWays) {
  for (const auto& [name, config] : transformer_configs()) {
    SCOPED_TRACE(name);
    Encoder model(config, 1, DType::f64);
    shake(model.parameters());
    Tape tape(Keep::nothing);
    const Tensor a = model.forward(tape.input("x", ids({{1, 2, 3}})), {}, {}).value();
    const Tensor b = model.forward(tape.input("x", ids({{1, 2, 4}})), {}, {}).value();
    EXPECT_NE(a.at({0, 0, 0}), b.at({0, 0, 0}));
  }
}

TEST(Transformers, RefuseMoreTokensThanTheirContext) {
  Tape tape(Keep::nothing);
  const Decoder decoder(small(llama()));
  const Var six = tape.input("six", ids({{1, 2, 3, 4, 5, 6}}));
  const Var one = tape.input("one", ids({{1}}));
  DecodingState state;
  EXPECT_EQ(decoder.forward(six, {}, &state).shape(), (Shape{1, 6, kV}));
  expect_error([&] { decoder.forward(one, {}, &state); }, "6 tokens at most, and these are 7");
  EXPECT_EQ(decoder.context(), 6);
  EXPECT_EQ(decoder.vocabulary(), kV);
}

TEST(Models, RefuseConfigsThatDoNotFit) {
  TransformerConfig heads = small(gpt2());
  heads.heads = 3;
  expect_error([&] { Decoder model(heads); }, "3 heads");
  TransformerConfig odd = small(llama());
  odd.channels = 6;
  expect_error([&] { EncoderDecoder model(odd); }, "a head has 3");
  TransformerConfig empty = small(bert());
  empty.vocabulary = 0;
  expect_error([&] { Encoder model(empty); }, "vocabulary");
  expect_error([&] { RecurrentLanguageModel model({.vocabulary = kV, .bidirectional = true}); },
               "only what came before");
  expect_error(
      [&] {
        RecurrentLanguageModel model(
            {.vocabulary = kV, .channels = 3, .hidden = 4, .tied_embedding = true});
      },
      "hidden is 4 and channels are 3");
}

TEST(Models, AreAFunctionOfTheirSeed) {
  const Decoder a(small(gpt2()), 1), same(small(gpt2()), 1), other(small(gpt2()), 2);
  const auto weight = [](const Decoder& model) {
    return model.parameters().named_tensors().at("blocks.1.mlp.W_in");
  };
  expect_near(weight(a), weight(same), 0);
  EXPECT_NE(weight(a).at({0, 0}), weight(other).at({0, 0}));
}

// The names that an operation or layer records by itself have tests of their own; these are where
// models put them.
void expect_names(const Tape& tape, const std::vector<std::string>& names) {
  for (const std::string& name : names) EXPECT_TRUE(tape.contains(name)) << name;
}

TEST(Models, RecordUnderTheNamesOfTheField) {
  const Tensor x = ids({{1, 2, 3}});
  {
    Tape tape;
    Decoder(small(gpt2())).forward(tape.input("tokens", x), {});
    expect_names(
        tape,
        {"embed.W_E", "pos_embed.W_pos", "hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre",
         "blocks.1.attn.W_Q", "blocks.1.attn.hook_pattern", "blocks.1.mlp.hook_post",
         "blocks.1.hook_resid_post", "ln_final.w", "ln_final.hook_normalized", "logits"});
  }
  {
    Tape tape;
    Encoder(small(bert())).forward(tape.input("tokens", x), {}, {});
    expect_names(tape, {"ln_embed.hook_normalized", "blocks.0.attn.hook_pattern",
                        "blocks.1.hook_normalized_resid_post", "mlm_head.W", "mlm_head.b",
                        "mlm_head.ln.w", "mlm_head.ln.hook_normalized", "unembed.b_U", "logits"});
  }
  {
    Tape tape;
    const EncoderDecoder model(small(t5()));
    const Memory memory = model.encode(tape.input("source", x), {}, {});
    model.decode(memory, tape.input("target", x), {});
    expect_names(tape,
                 {"embed.W_E", "encoder.pos_embed.rel_attn_bias", "encoder.hook_embed",
                  "encoder.blocks.0.attn.hook_pattern", "encoder.ln_final.hook_normalized",
                  "decoder.pos_embed.rel_attn_bias", "decoder.blocks.1.attn.hook_pattern",
                  "decoder.blocks.1.cross_attn.W_K", "decoder.blocks.1.cross_attn.hook_pattern",
                  "decoder.ln_final.w", "unembed.W_U", "logits"});
  }
  {
    Tape tape;
    const RecurrentEncoderDecoder model(
        {.vocabulary = kV, .channels = 4, .hidden = 4, .bidirectional = true});
    const Memory memory = model.encode(tape.input("source", x), {}, {});
    model.decode(memory, tape.input("target", x), {});
    expect_names(tape, {"encoder.hook_embed", "encoder.layers.0.W", "encoder.layers.0.hook_h",
                        "encoder.layers.0.reverse.hook_h", "bridge.0.W_h", "bridge.0.W_c",
                        "decoder.layers.0.hook_c", "decoder.cross_attn.W_Q", "decoder.cross_attn.v",
                        "decoder.cross_attn.hook_pattern", "decoder.cross_attn.hook_attn_out",
                        "unembed.W_U", "logits"});
  }
  {
    Tape tape;
    RecurrentLanguageModel({.vocabulary = kV, .channels = 4, .hidden = 4, .tied_embedding = true})
        .forward(tape.input("tokens", x), {});
    expect_names(tape, {"embed.W_E", "hook_embed", "layers.0.R", "layers.0.hook_gates",
                        "layers.0.hook_h", "unembed.b_U", "logits"});
    EXPECT_FALSE(tape.contains("unembed.W_U"));
  }
}

}  // namespace
}  // namespace clearhead
