// Models as folders: what is saved is what is opened, and whatever is wrong with a folder is said.
#include "clearhead/models/model_file.h"

#include <gmock/gmock.h>

#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/characters.h"
#include "tests/models/model_testing.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

const Tokenizer kTokenizer = learn_characters("abcdefg");  // kV of them

ModelConfig config_of(Family family) {
  if (family == Family::recurrent || family == Family::recurrent_encoder_decoder) {
    return {family, RecurrentModelConfig{.vocabulary = kV, .channels = 4, .hidden = 5}};
  }
  if (family == Family::sentence_encoder) return {family, SentenceEncoderConfig{small(bert())}};
  if (family == Family::text_classifier) {
    return {family, TextClassifierConfig{small(bert()), {"a", "b", "c"}}};
  }
  return {family, small(llama())};
}

// A folder with a saved model, to spoil.
struct Saved {
  explicit Saved(Family family = Family::decoder, DType dtype = DType::f32) {
    config = config_of(family);
    model = make_model(config, 3);
    save_model(folder.path(), config, kTokenizer, model->parameters(), dtype);
  }
  void replace_in_config(const std::string& from, const std::string& to) const {
    std::string text = content(folder / "config.json");
    ASSERT_THAT(text, HasSubstr(from));
    set_content(folder / "config.json", text.replace(text.find(from), from.size(), to));
  }

  TemporaryFolder folder;
  ModelConfig config;
  std::unique_ptr<Model> model;
};

TEST(ModelFile, OpensWhatItSaved) {
  for (const FamilyRow& row : families()) {
    const Family family = row.family;
    for (const DType dtype : {DType::f32, DType::bf16}) {
      const Saved saved(family, dtype);
      const SavedModel opened = open_model(saved.folder.path());
      EXPECT_EQ(opened.config.family, family);
      EXPECT_EQ(write_fields(opened.config), write_fields(saved.config));
      EXPECT_EQ(opened.tokenizer->encode("cab"), kTokenizer.encode("cab"));
      EXPECT_EQ(opened.model->vocabulary(), kV);
      EXPECT_EQ(opened.model->parameters().size(), saved.model->parameters().size());
      for (const auto& [name, value] : saved.model->parameters().named_tensors().tensors) {
        const Tensor& read = opened.model->parameters().at(name).value();
        EXPECT_EQ(read.dtype(), DType::f32);
        expect_near(read, value.to(dtype), 0);
      }
    }
  }
}

TEST(ModelFile, CalculatesTheSameOnceOpened) {
  const Saved saved;
  const SavedModel opened = open_model(saved.folder.path());
  Tape tape(Keep::nothing);
  const Var tokens = tape.input("tokens", ids({{0, 3, 6}}));
  expect_near(as<LanguageModel>(opened).forward(tokens, {}).value(),
              dynamic_cast<const LanguageModel&>(*saved.model).forward(tokens, {}).value(), 0);
}

TEST(ModelFile, MatricesMayStayBf16) {
  const std::pair<Family, TransformerConfig> all[] = {{Family::decoder, small(gpt2())},
                                                      {Family::decoder, small(t5())},
                                                      {Family::decoder, small(llama())},
                                                      {Family::encoder, small(bert())}};
  for (const auto& [family, transformer] : all) {
    const TemporaryFolder folder;
    const ModelConfig config{family, transformer};
    save_model(folder.path(), config, kTokenizer, make_model(config, 3)->parameters());
    const SavedModel widened = open_model(folder.path());
    const SavedModel kept = open_model(folder.path(), /*keep_bf16=*/true);
    for (const Parameter& parameter : kept.model->parameters()) {
      EXPECT_EQ(parameter.value().dtype(), parameter.value().rank() == 2 ? DType::bf16 : DType::f32)
          << parameter.name;
    }
    for (const std::int64_t T :
         {1, 6}) {  // few rows, which are multiplied in another order, and many
      Tape tape(Keep::nothing);
      const Var tokens = tape.input("tokens", ids({{0, 3, 6, 1, 2, 5}}).slice(1, 0, T));
      const auto logits = [&, &family = family](const SavedModel& model) {
        return family == Family::encoder ? as<MaskedModel>(model).forward(tokens, {}, {}).value()
                                         : as<LanguageModel>(model).forward(tokens, {}).value();
      };
      expect_near(logits(kept), logits(widened), 1e-5);  // a few dozen roundings of f32
    }
  }
}

TEST(ModelFile, ARecurrentModelIsWidened) {
  const Saved saved(Family::recurrent, DType::bf16);
  const SavedModel opened = open_model(saved.folder.path(), /*keep_bf16=*/true);
  for (const Parameter& parameter : opened.model->parameters()) {
    EXPECT_EQ(parameter.value().dtype(), DType::f32) << parameter.name;
  }
}

TEST(ModelFile, WeightsOfTheRightTypeStayInTheFile) {
  const Saved f32(Family::decoder, DType::f32), bf16(Family::decoder, DType::bf16);
  const SavedModel opened = open_model(f32.folder.path());
  for (const Parameter& parameter : opened.model->parameters()) {
    EXPECT_TRUE(parameter.value().is_read_only()) << parameter.name;
  }
  const SavedModel kept = open_model(bf16.folder.path(), /*keep_bf16=*/true);
  for (const Parameter& parameter : kept.model->parameters()) {
    EXPECT_EQ(parameter.value().is_read_only(), parameter.shape().size() == 2) << parameter.name;
  }
}

TEST(ModelFile, SavesInPlaceOfAModelThatIsOpen) {
  const Saved saved;
  const SavedModel opened = open_model(saved.folder.path());
  const auto other = make_model(saved.config, 4);
  save_model(saved.folder.path(), saved.config, kTokenizer, other->parameters(), DType::f32);
  const auto weight = [](const Model& model) {
    return model.parameters().named_tensors().at("embed.W_E");
  };
  expect_near(weight(*opened.model), weight(*saved.model), 0);
  expect_near(weight(*open_model(saved.folder.path()).model), weight(*other), 0);
}

TEST(ModelFile, SaysWhatAModelIsThatCannotDoWhatIsAsked) {
  SavedModel decoder{config_of(Family::decoder), nullptr, make_model(config_of(Family::decoder))};
  EXPECT_NO_THROW(as<LanguageModel>(decoder));
  expect_error([&] { as<MaskedModel>(decoder); },
               "expected a masked model (clearhead fill), got a language model (clearhead "
               "generate): its family is decoder");
  expect_error([&] { as<TranslationModel>(decoder); }, "expected a translation model");
  SavedModel encoder{config_of(Family::encoder), nullptr, make_model(config_of(Family::encoder))};
  EXPECT_NO_THROW(as<MaskedModel>(encoder));
  expect_error([&] { as<LanguageModel>(encoder); }, "got a masked model (clearhead fill)");
  for (const Family family : {Family::encoder_decoder, Family::recurrent_encoder_decoder}) {
    SavedModel translator{config_of(family), nullptr, make_model(config_of(family))};
    EXPECT_NO_THROW(as<TranslationModel>(translator));
  }
  SavedModel recurrent{config_of(Family::recurrent), nullptr,
                       make_model(config_of(Family::recurrent))};
  EXPECT_NO_THROW(as<LanguageModel>(recurrent));
}

// What a config says of itself and what its model can do are one row, so that they agree.
TEST(Family, ModelsCanDoWhatTheirRowSays) {
  for (const FamilyRow& row : families()) {
    const ModelConfig config = config_of(row.family);
    const SavedModel saved{config, nullptr, make_model(config, std::nullopt)};
    EXPECT_EQ(as_if<LanguageModel>(saved) != nullptr, row.ability == LanguageModel::kAbility);
    EXPECT_EQ(as_if<MaskedModel>(saved) != nullptr, row.ability == MaskedModel::kAbility);
    EXPECT_EQ(as_if<TranslationModel>(saved) != nullptr, row.ability == TranslationModel::kAbility);
    EXPECT_EQ(as_if<EmbeddingModel>(saved) != nullptr, row.ability == EmbeddingModel::kAbility);
    EXPECT_EQ(as_if<ClassificationModel>(saved) != nullptr,
              row.ability == ClassificationModel::kAbility);
  }
}

TEST(Family, RefusesTheNetworkOfAnother) {
  expect_error(
      [] {
        make_model({Family::decoder, RecurrentModelConfig{}});
      },
      "the family decoder is described by a config of its network called transformer");
}

TEST(ModelFile, RefusesFoldersThatLackAFile) {
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    const Saved saved;
    std::filesystem::remove(saved.folder / name);
    expect_error([&] { open_model(saved.folder.path()); }, name);
  }
  const TemporaryFolder folder;
  expect_error([&] { open_model(folder / "none"); }, "none/config.json");
  set_content(folder / "file", "");
  expect_error(
      [&] { save_model(folder / "file", config_of(Family::decoder), kTokenizer, Parameters()); },
      "file: ");
}

// As a fine-tuning leaves it that adds a token for padding and does not resize the model.
TEST(ModelFile, SpecialTokensMayBeAddedThatTheModelHasNoVectorOf) {
  const Saved saved;
  const std::filesystem::path file = saved.folder / "tokenizer.json";
  std::string tokenizer = content(file);
  const std::string list = R"("added_tokens": [)";
  const std::size_t at = tokenizer.find(list);
  ASSERT_NE(at, std::string::npos) << tokenizer;
  const bool is_empty =
      tokenizer.find_first_not_of(" \n", at + list.size()) == tokenizer.find(']', at);
  tokenizer.insert(at + list.size(),
                   std::string(R"({"id": 7, "content": "[PAD]", "single_word": false, )"
                               R"("lstrip": false, "rstrip": false, "normalized": false, )"
                               R"("special": true})") +
                       (is_empty ? "" : ", "));
  set_content(file, tokenizer);
  const SavedModel model = open_model(saved.folder.path());
  EXPECT_EQ(model.tokenizer->size(), 8);
  EXPECT_EQ(model.model->tokens(), 7);
  const auto read = [&](const std::string& text) {
    Tape tape(Keep::nothing);
    const std::vector<std::int64_t> ids = model.tokenizer->encode(text);
    as<LanguageModel>(model).forward(
        tape.input("tokens", Tensor::of<std::int64_t>({1, std::ssize(ids)}, ids)), {});
  };
  read("ab");
  expect_error([&] { read("a[PAD]"); }, "token 7 at [0, 1] is none of the 7 of the table; a model");
}

TEST(ModelFile, RefusesConfigsThatAreNotOfTheModel) {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& part) {
    SCOPED_TRACE(to);
    const Saved saved;
    saved.replace_in_config(from, to);
    expect_error([&] { open_model(saved.folder.path()); }, part);
  };
  refused("\"vocabulary\": 7", "\"vocabulary\": 6",
          "the model has 6 tokens, its tokenizer more: 7");
  refused("\"vocabulary\": 7", "\"vocabulary\": 8",
          "model.safetensors: embed.W_E: the model has [8, 8]");
  refused("\"layers\": 2", "\"layerz\": 2", "layerz");
  refused("\"layers\": 2", "\"layers\": 0", "config.json");
  refused("\"layers\": 2", "\"layers\": 3", "model.safetensors: there is no tensor 'blocks.2.");
  refused("\"layers\": 2", "\"layers\": 1",
          "model.safetensors: parameters: there is none named \"blocks.1.");
  refused("\"hidden\": 6", "\"hidden\": 7",
          "model.safetensors: blocks.0.mlp.W_in: the model has [7, 8]");
  refused("\"heads\": 2", "\"heads\": 3",
          "config.json: model: channels 8 do not divide into 3 heads");
  refused("\"family\": \"decoder\"", "\"family\": \"encoder\"", "model.safetensors: ");
  refused("\"family\": \"decoder\"", "\"family\": \"transformer\"", "encoder_decoder");
  refused("\"family\": \"decoder\"", "\"family\": \"recurrent\"", "config.json");
  refused("{", "", "config.json");
}

// A config may ask for more than there is on earth; that the weights have other shapes shows before
// they are asked for.
TEST(ModelFile, TakesNoMemoryForWhatAConfigClaims) {
  const Saved saved;
  saved.replace_in_config("\"channels\": 8", "\"channels\": 1048576");
  saved.replace_in_config("\"layers\": 2", "\"layers\": 1000");
  saved.replace_in_config("\"context\": 6", "\"context\": 1048576");
  expect_error([&] { open_model(saved.folder.path()); },
               "model.safetensors: embed.W_E: the model has [7, 1048576]");
  TransformerConfig network = small(llama());
  network.channels = 1 << 20;
  network.layers = 100;
  const ModelConfig huge{Family::decoder, network};
  expect_error([&] { make_model(huge); }, "MiB, and this machine has");
  EXPECT_GT(make_model(huge, /*seed=*/std::nullopt)->parameters().count(), std::int64_t{1} << 40);
}

TEST(ModelFile, RefusesWeightsThatAreNotWhole) {
  const Saved saved;
  const std::string whole = content(saved.folder / "model.safetensors");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1}) {
    set_content(saved.folder / "model.safetensors", whole.substr(0, size));
    expect_error([&] { open_model(saved.folder.path()); }, "model.safetensors");
  }
  NamedTensors spoilt = saved.model->parameters().named_tensors();
  spoilt.tensors[1].second = Tensor({2, 2}, DType::f32);
  write_safetensors(saved.folder / "model.safetensors", spoilt);
  expect_error([&] { open_model(saved.folder.path()); }, spoilt.tensors[1].first);
}

}  // namespace
}  // namespace clearhead
