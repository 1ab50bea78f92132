// Tiny encoder–decoders with random weights calculate what Hugging Face's transformers calculate,
// and write what they write (tools/checkpoint-golden writes the files).
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

fs::path translation_data() {
  return fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models/translation_data";
}

// Both are in f32, in another order.
constexpr double kTranslationNear = 1e-4;
constexpr double kTranslationPatternNear = 1e-5;

const TranslationModel& translator(const HuggingFaceModel& read) {
  return dynamic_cast<const TranslationModel&>(*read.model);
}

// A run of a model on sources of unequal lengths.
struct TranslationRun {
  explicit TranslationRun(const std::string& name, const Pass& given = {},
                          Keep keep = Keep::everything)
      : read(read_hugging_face(translation_data() / name)),
        golden(read_safetensors(translation_data() / name / "golden.safetensors")),
        lengths(golden.at("lengths")),
        pass(given),
        tape(keep),
        memory(translator(read).encode(tape.input("source", golden.at("source")), lengths, pass)) {}

  Tensor decode(const Tensor& target, DecodingState* state = nullptr) {
    return translator(read).decode(memory, tape.input("target", target), pass, state).value();
  }

  // Compares what belongs to tokens of the source that are no padding; they lie on `axis`.
  void expect(const std::string& ours, const std::string& theirs, std::int64_t axis,
              double near) const {
    SCOPED_TRACE(theirs);
    const Tensor got = tape[ours].value(), expected = golden.at(theirs);
    ASSERT_EQ(got.shape(), expected.shape());
    for (std::int64_t b = 0; b < got.size(0); ++b) {
      const auto length = static_cast<std::int64_t>(lengths.at({b}));
      const auto part = [&](const Tensor& whole) {
        return whole.slice(0, b, b + 1).slice(axis, 0, length);
      };
      expect_near(part(got), part(expected), near);
    }
  }

  HuggingFaceModel read;
  NamedTensors golden;
  Tensor lengths;
  Pass pass;
  Tape tape;
  Memory memory;
};

class HuggingFaceTranslation : public ::testing::TestWithParam<std::string> {};

TEST_P(HuggingFaceTranslation, CalculatesWhatTransformersDo) {
  TranslationRun run(GetParam());
  expect_near(run.decode(run.golden.at("target")), run.golden.at("logits"), kTranslationNear);
  const auto ours = [](const std::string& stack, std::int64_t layer, const std::string& name) {
    return stack + ".blocks." + std::to_string(layer) + "." + name;
  };
  const auto theirs = [](const std::string& name, std::int64_t layer) {
    return name + "." + std::to_string(layer);
  };
  const auto has = [&](const std::string& name) { return run.golden.find(name) != nullptr; };
  for (std::int64_t i = 0; has(theirs("encoder.attention", i)); ++i) {
    run.expect(ours("encoder", i, "hook_resid_pre"), theirs("encoder.hidden", i), 1,
               kTranslationNear);
    run.expect(ours("encoder", i, "attn.hook_pattern"), theirs("encoder.attention", i), 2,
               kTranslationPatternNear);
  }
  ASSERT_TRUE(has("cross.attention.0"));
  for (std::int64_t i = 0; has(theirs("cross.attention", i)); ++i) {
    const auto expect = [&](const std::string& name, const std::string& expected, double near) {
      SCOPED_TRACE(name);
      expect_near(run.tape[ours("decoder", i, name)].value(), run.golden.at(theirs(expected, i)),
                  near);
    };
    expect("hook_resid_pre", "decoder.hidden", kTranslationNear);
    expect("attn.hook_pattern", "decoder.attention", kTranslationPatternNear);
    expect("cross_attn.hook_pattern", "cross.attention", kTranslationPatternNear);
  }
}

TEST_P(HuggingFaceTranslation, CalculatesTheSameFused) {
  TranslationRun run(GetParam(), {.way = AttentionWay::fused}, Keep::nothing);
  expect_near(run.decode(run.golden.at("target")), run.golden.at("logits"), kTranslationNear);
}

TEST_P(HuggingFaceTranslation, CalculatesTheSameTokenByToken) {
  TranslationRun run(GetParam(), {}, Keep::nothing);
  const Tensor& target = run.golden.at("target");
  const Tensor whole = run.decode(target);
  DecodingState state;
  for (std::int64_t t = 0; t < target.size(1); ++t) {
    expect_near(run.decode(target.slice(1, t, t + 1).contiguous(), &state),
                whole.slice(1, t, t + 1), 1e-5);
  }
}

TEST_P(HuggingFaceTranslation, WritesWhatTransformersDo) {
  const TranslationRun run(GetParam(), {}, Keep::nothing);
  const Tensor &source = run.golden.at("source"), &written = run.golden.at("written");
  BeamSearchOptions options{.start = run.read.tokens.begin.value(),
                            .end = run.read.tokens.ends.at(0),
                            .first = run.read.tokens.first,
                            .never = run.read.tokens.never,
                            .beam = 1};
  const auto id = [](const Tensor& ids, std::int64_t row, std::int64_t at) {
    return static_cast<std::int64_t>(ids.at({row, at}));
  };
  for (std::int64_t row = 0; row < source.size(0); ++row) {
    std::vector<std::int64_t> tokens, expected;
    for (std::int64_t s = 0; s < static_cast<std::int64_t>(run.lengths.at({row})); ++s) {
      tokens.push_back(id(source, row, s));
    }
    EXPECT_EQ(id(written, row, 0), options.start);
    const std::int64_t most = written.size(1) - 1;  // some force the last one to be the end
    for (std::int64_t t = 1; t < most && id(written, row, t) != options.end; ++t) {
      expected.push_back(id(written, row, t));
    }
    const std::vector<std::vector<std::int64_t>> sources = {tokens};
    auto got = translate(translator(run.read), sources, options)[0][0].tokens;
    if (std::ssize(got) >= most) got.resize(static_cast<std::size_t>(most - 1));
    EXPECT_EQ(got, expected);
  }
}

// A copy of a folder, to change.
struct TranslationCopy {
  explicit TranslationCopy(const std::string& name) {
    constexpr auto kOptions = fs::copy_options::recursive | fs::copy_options::overwrite_existing;
    fs::copy(translation_data() / name, folder.path(), kOptions);
  }
  void replace_in_config(const std::string& from, const std::string& to) const {
    std::string text = content(folder / "config.json");
    ASSERT_THAT(text, ::testing::HasSubstr(from));
    set_content(folder / "config.json", text.replace(text.find(from), from.size(), to));
  }
  // Calls change(weights).
  template <typename F>
  void change_weights(const F& change) const {
    NamedTensors weights = read_safetensors(folder / "model.safetensors");
    change(weights.tensors);
    write_safetensors(folder / "model.safetensors", weights);
  }

  TemporaryFolder folder;
};

TEST(HuggingFaceTranslationFolder, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const std::string& name, const std::string& from, const std::string& to,
                          const std::string& part) {
    SCOPED_TRACE(to);
    const TranslationCopy copy(name);
    copy.replace_in_config(from, to);
    expect_error([&] { read_hugging_face(copy.folder.path()); }, part);
  };
  refused("t5", "\"feed_forward_proj\": \"relu\"", "\"feed_forward_proj\": \"gated-tanh\"",
          "feed_forward_proj: \"gated-tanh\" is not supported; supported are relu, gelu");
  refused("t5", "T5ForConditionalGeneration", "T5EncoderModel",
          "\"T5EncoderModel\" is not supported; of t5 supported are …ForConditionalGeneration");
  refused("bart", "\"decoder_ffn_dim\": 20", "\"decoder_ffn_dim\": 24",
          "decoder_ffn_dim: another number than the encoder's is not supported");
  refused("marian", "\"share_encoder_decoder_embeddings\": true",
          "\"share_encoder_decoder_embeddings\": false", "false is not supported, only true");
  refused("t5", "\"num_decoder_layers\": 1", "\"num_decoder_layers\": 2",
          "the config asks for tensors that are not there: decoder.block.1.");
}

// As BartModel alone is saved, and as tables were saved under each of their names.
TEST(HuggingFaceTranslationFolder, TakesOtherNamesOfTheSame) {
  const TranslationCopy copy("bart");
  copy.change_weights([](auto& tensors) {
    std::erase_if(tensors, [](const auto& tensor) { return tensor.first == "final_logits_bias"; });
    for (auto& [name, value] : tensors) {
      name.erase(0, std::string("model.").size());
      if (name == "shared.weight") name = "encoder.embed_tokens.weight";
    }
  });
  copy.replace_in_config("BartForConditionalGeneration", "BartModel");
  const HuggingFaceModel renamed = read_hugging_face(copy.folder.path());
  const HuggingFaceModel plain = read_hugging_face(translation_data() / "bart");
  for (const Parameter& parameter : plain.model->parameters()) {
    const Tensor& other = renamed.model->parameters().at(parameter.name).value();
    const bool is_bias = parameter.name == "unembed.b_U";
    expect_near(other, is_bias ? Tensor(other.shape()) : parameter.value(), 0);
  }
}

// Configs of T5 do not say for certain whether there is a table for the scores.
TEST(HuggingFaceTranslationFolder, HasATableForScoresWhereTheFileHasIt) {
  const auto is_tied = [](const fs::path& folder) {
    const ModelConfig config = read_hugging_face(folder).config;
    return std::get<TransformerConfig>(config.network).tied_embedding;
  };
  EXPECT_TRUE(is_tied(translation_data() / "t5"));
  EXPECT_FALSE(is_tied(translation_data() / "t5-gated"));
  EXPECT_FALSE(is_tied(translation_data() / "mt5"));
  const TranslationCopy copy("t5-gated");
  copy.change_weights([](auto& tensors) {
    std::erase_if(tensors, [](const auto& tensor) { return tensor.first == "lm_head.weight"; });
  });
  EXPECT_TRUE(is_tied(copy.folder.path()));
}

TEST(HuggingFaceTranslationFolder, KnowsWhatIsWrittenAndWhatIsNot) {
  const WritingTokens bart = read_hugging_face(translation_data() / "bart").tokens;
  EXPECT_EQ(bart.begin, 2);
  EXPECT_EQ(bart.first, 0);
  EXPECT_THAT(bart.ends, ::testing::ElementsAre(2));
  const WritingTokens marian = read_hugging_face(translation_data() / "marian").tokens;
  EXPECT_EQ(marian.begin, 23);
  EXPECT_EQ(marian.first, std::nullopt);
  EXPECT_THAT(marian.never, ::testing::ElementsAre(23));
}

// (Its ids: tests/text/marian_tokenizer_test.cc.)
TEST(HuggingFaceTranslationFolder, HasMariansTwoFilesOrATokenizer) {
  const TranslationCopy copy("marian");
  copy.folder.write("vocab.json", "{}");
  expect_error([&] { open_model(copy.folder.path()); },
               "there is no tokenizer in it: expected tokenizer.json, or source.spm;");
  copy.folder.write("source.spm", "");
  expect_error([&] { open_model(copy.folder.path()); },
               "vocab.json: expected a token </s>, as Marian's have");
}

std::vector<std::string> translation_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(translation_data())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Each, HuggingFaceTranslation, ::testing::ValuesIn(translation_names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace clearhead
