// A text as each kind of model reads it: with which tokens around it, and with everything kept.
#include "clearhead/lens/reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/lens/interventions.h"
#include "clearhead/models/beam_search.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/text/characters.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Random weights that are large, so that what the model says depends on all that it reads. Ids are
// a 4, b 5, c 6.
SavedModel tiny(Family family, std::int64_t context) {
  auto tokenizer = std::make_shared<Tokenizer>(
      learn_characters("abc", {std::string(kPadToken), std::string(kStartToken),
                               std::string(kEndToken), std::string(kMaskToken)}));
  const TransformerConfig transformer{.vocabulary = tokenizer->size(),
                                      .context = context,
                                      .layers = 1,
                                      .heads = 2,
                                      .channels = 8,
                                      .init_std = 0.5};
  ModelConfig config{family, transformer};
  if (family == Family::sentence_encoder) config.network = SentenceEncoderConfig{transformer};
  if (family == Family::text_classifier) {
    config.network = TextClassifierConfig{transformer, /*labels=*/{"yes", "no"}};
  }
  std::unique_ptr<Model> model = make_model(config, 5);
  return {config, std::move(tokenizer), std::move(model)};
}

Var on_tape(Tape& tape, const std::vector<std::int64_t>& ids) {
  return tape.input("tokens", Tensor::of<std::int64_t>({1, std::ssize(ids)}, ids));
}

Reading read(Family family, std::vector<std::int64_t> ids, Tape tape = Tape(Keep::everything),
             std::int64_t context = 32) {
  return {"tiny", tiny(family, context), std::move(ids), Precision::highest, std::move(tape)};
}

// The network calculates fused where nothing is kept, which rounds otherwise.
void expect_probabilities(const Reading& reading, const Var& logits) {
  EXPECT_LT(relative_error(reading.probabilities.value(), softmax(logits).value()), 1e-5);
}

TEST(Reading, OfALanguageModelGoesOn) {
  const Reading reading = read(Family::decoder, {4, 6, 5});
  EXPECT_TRUE(reading.goes_on());
  EXPECT_FALSE(reading.is_translation());
  EXPECT_THAT(reading.text.ids, ElementsAre(4, 6, 5));
  EXPECT_THAT(reading.text.names, ElementsAre("a", "c", "b"));
  EXPECT_THAT(reading.source.ids, IsEmpty());

  Tape tape(Keep::nothing);
  const Var logits = as<LanguageModel>(reading.saved).forward(on_tape(tape, {4, 6, 5}), {});
  expect_probabilities(reading, logits);
}

TEST(Reading, KeepsAllThatIsCalculated) {
  const Reading reading = read(Family::decoder, {4, 6, 5});
  EXPECT_THAT(numbers_of(reading.tape["tokens"].value()), ElementsAre(4, 6, 5));
  EXPECT_EQ(reading.tape["blocks.0.attn.hook_pattern"].shape(), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(reading.tape["probabilities"].shape(), (Shape{1, 3, reading.saved.tokenizer->size()}));
}

TEST(Reading, OfAMaskedModelIsOfTheTokensAsTheyAre) {
  const std::vector<std::int64_t> ids = {1, 4, 3, 5, 2};  // <s> a <mask> b </s>
  const Reading reading = read(Family::encoder, ids);
  EXPECT_FALSE(reading.goes_on());
  EXPECT_FALSE(reading.is_translation());
  EXPECT_THAT(reading.text.names, ElementsAre("<s>", "a", "<mask>", "b", "</s>"));

  Tape tape(Keep::nothing);
  const Var logits = as<MaskedModel>(reading.saved).forward(on_tape(tape, ids), {}, {});
  expect_probabilities(reading, logits);
}

TEST(Reading, OfATextAsAWholeHasItsVectorOrItsClass) {
  const std::vector<std::int64_t> ids = {1, 4, 5, 2};  // <s> a b </s>
  const Reading vector = read(Family::sentence_encoder, ids);
  EXPECT_EQ(vector.predicted, Predicted::vector);
  EXPECT_FALSE(vector.logits.defined());
  Tape tape(Keep::nothing);
  expect_near(vector.embedding.value(),
              as<EmbeddingModel>(vector.saved).embed(on_tape(tape, ids), {}, {}).value(), 1e-5);

  const Reading label = read(Family::text_classifier, ids);
  EXPECT_EQ(label.predicted, Predicted::label);
  EXPECT_EQ(label.outcome(1), "no");
  EXPECT_EQ(label.logits.shape(), (Shape{1, 1, 2}));
  const Tensor logits =
      as<ClassificationModel>(label.saved).classify(on_tape(tape, ids), {}, {}).value();
  expect_near(label.logits.value(), logits.reshape({1, 1, 2}), 1e-5);
  EXPECT_LT(
      relative_error(label.probabilities.value(), softmax(label.logits).value().to(DType::f32)),
      1e-6);
}

TEST(Reading, OnePlaceIsThatOfAll) {
  for (const Family family : {Family::decoder, Family::encoder, Family::encoder_decoder}) {
    const Reading reading = read(family, {4, 6, 5});
    const Tensor all = reading.run(Tape(Keep::nothing)).value();
    const std::int64_t last = all.size(1) - 1;
    for (const Keep keep : {Keep::nothing, Keep::everything}) {
      expect_near(reading.run_at(last, Tape(keep)).value(), all.slice(1, last, last + 1), 1e-5);
    }
  }
  const Reading label = read(Family::text_classifier, {1, 4, 5, 2});
  expect_near(label.run_at(0, Tape(Keep::nothing)).value(), label.logits.value(), 1e-5);
}

TEST(Reading, OfATranslationModelIsOfBothTexts) {
  const Reading reading = read(Family::encoder_decoder, {4, 6});
  const auto& model = as<TranslationModel>(reading.saved);
  const std::vector<std::vector<std::int64_t>> sources = {{4, 6}};
  std::vector<std::int64_t> target = translate(model, sources, {.start = 1, .end = 2})[0][0].tokens;
  EXPECT_TRUE(reading.is_translation());
  EXPECT_FALSE(reading.goes_on());
  EXPECT_EQ(reading.translation, reading.saved.tokenizer->decode(target));
  EXPECT_THAT(reading.source.names, ElementsAre("a", "c", "</s>"));
  std::vector<std::int64_t> written = target;
  written.push_back(2);
  EXPECT_EQ(reading.written.ids, written);
  EXPECT_EQ(reading.written.names.back(), "</s>");
  target.insert(target.begin(), 1);
  EXPECT_EQ(reading.text.ids, target);
  EXPECT_EQ(reading.text.names.front(), "<s>");

  Tape tape(Keep::nothing);
  const Memory memory = model.encode(on_tape(tape, {4, 6, 2}), {}, {});
  const Var logits = model.decode(memory, on_tape(tape, target), {});
  expect_probabilities(reading, logits);
}

TEST(Reading, OfATranslationAsLongAsTheContextHasAllThatIsRead) {
  const Reading reading =
      read(Family::encoder_decoder, {4, 6}, Tape(Keep::everything), /*context=*/8);
  const std::vector<std::vector<std::int64_t>> sources = {{4, 6}};
  const std::vector<std::int64_t> target =
      translate(as<TranslationModel>(reading.saved), sources, {.start = 1, .end = 2})[0][0].tokens;
  ASSERT_EQ(target.size(), 8u);  // it does not end by itself
  EXPECT_EQ(reading.translation, reading.saved.tokenizer->decode(target));
  EXPECT_EQ(reading.written.ids, target);
  EXPECT_EQ(reading.text.ids.size(), 8u);
  EXPECT_EQ(reading.probabilities.size(1), 8);
}

TEST(Reading, AnInterventionActsOnWhatIsSeenNotOnTheTranslating) {
  const Reading before = read(Family::encoder_decoder, {4, 6});
  Tape tape(Keep::everything);
  tape.intervene("decoder.blocks.0.cross_attn.hook_z", set_to(0));
  const Reading after = read(Family::encoder_decoder, {4, 6}, tape);
  EXPECT_THAT(tape.unmatched(), IsEmpty());
  EXPECT_EQ(after.translation, before.translation);
  EXPECT_NE(numbers_of(after.probabilities), numbers_of(before.probabilities));
}

TEST(Reading, OfAModelInAFolder) {
  const TemporaryFolder folder;
  const SavedModel saved = tiny(Family::decoder, 32);
  save_model(folder / "small", saved.config, *saved.tokenizer, saved.model->parameters(),
             DType::f32);
  const Reading reading = read_with_model(folder / "small", "acb");
  EXPECT_EQ(reading.name, "small");
  EXPECT_EQ(numbers_of(reading.probabilities),
            numbers_of(read(Family::decoder, {4, 6, 5}).probabilities));
  EXPECT_THAT(error_of([&] { read_with_model(folder / "none", "acb"); }), HasSubstr("none"));
}

TEST(Reading, MoreTokensThanTheModelReadsAreRefused) {
  const std::vector<std::int64_t> many(33, 4);
  for (const Family family : {Family::decoder, Family::encoder, Family::encoder_decoder}) {
    EXPECT_THAT(error_of([&] { read(family, many); }), HasSubstr("33"));
  }
}

}  // namespace
}  // namespace clearhead
