// clearhead see: what it shows, saves, explains and draws of tiny networks is what they calculate.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class See : public testing::Test {
 protected:
  ProgramResult see(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "see");
    return run_program("clearhead", arguments, folder_.path());
  }

  // Runs the program, which must succeed, and returns what it says.
  std::string say(const std::vector<std::string>& arguments) const {
    const ProgramResult result = see(arguments);
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_EQ(result.error, "");
    if (std::count(arguments.begin(), arguments.end(), "--explain") == 0) {  // has long lines
      expect_80_columns(result.out);
    }
    return result.out;
  }

  void fail(const std::vector<std::string>& arguments, int status, const std::string& says) const {
    expect_failure(see(arguments), status, says);
  }

  NamedTensors saved(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--save", folder_ / "all.safetensors"});
    say(arguments);
    return read_tensors(folder_ / "all.safetensors");
  }

  const TemporaryFolder folder_;
};

TEST_F(See, ShowsTokensHeadsAndTheNextToken) {
  const SavedModel saved = write_language_model(folder_ / "lm");
  Tape tape(Keep::everything);
  const std::vector<std::int64_t> ids = saved.tokenizer->encode("to be");
  const Var logits = as<LanguageModel>(saved).forward(
      tape.input("tokens", Tensor::of<std::int64_t>({1, 5}, ids)), {});
  const Tensor probabilities = softmax(logits).value();
  double most = 0;
  for (std::int64_t id = 0; id < saved.tokenizer->size(); ++id) {
    most = std::max(most, probabilities.at({0, 4, id}));
  }
  const std::string text = say({"to be", "--model", "lm"});
  EXPECT_THAT(text, StartsWith("lm, a decoder: 1 layer × 2 heads, 8 channels, "));
  EXPECT_THAT(text, HasSubstr("text (5 tokens):\n 0  t o ␣ b e\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("L0H0"), HasSubstr("L0H1"), HasSubstr("most selective")));
  EXPECT_THAT(text, HasSubstr(fmt::format("{:.2f} %  ", 100 * most)));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));  // no colours where there is no terminal
}

TEST_F(See, TheLargeHeadIsTheOneAskedFor) {
  write_language_model(folder_ / "lm");
  const NamedTensors named = saved({"to be", "--model", "lm"});
  for (const char* head : {"0", "1"}) {
    const std::string text = say({"to be", "--model", "lm", "--layer", "0", "--head", head});
    EXPECT_THAT(text, HasSubstr(std::string("layer 0, head ") + head));
    EXPECT_THAT(text, Not(HasSubstr("selective")));
    const double weight = named.at("blocks.0.attn.hook_pattern").at({0, std::stoi(head), 4, 1});
    EXPECT_THAT(text, HasSubstr(fmt::format(" {:.3f}", weight)));  // five tokens: numbers fit
  }
}

TEST_F(See, SavesUnderTheNamesAndShapesOfTransformerLens) {
  write_language_model(folder_ / "lm");
  const NamedTensors named = saved({"to be", "--model", "lm"});
  EXPECT_EQ(named.at("tokens").shape(), (Shape{1, 5}));
  EXPECT_EQ(named.at("blocks.0.attn.hook_q").shape(), (Shape{1, 5, 2, 4}));
  EXPECT_EQ(named.at("blocks.0.attn.hook_z").shape(), (Shape{1, 5, 2, 4}));
  EXPECT_EQ(named.at("blocks.0.attn.hook_pattern").shape(), (Shape{1, 2, 5, 5}));
  EXPECT_EQ(named.at("blocks.0.hook_attn_out").shape(), (Shape{1, 5, 8}));
  EXPECT_EQ(named.at("blocks.0.hook_resid_post").shape(), (Shape{1, 5, 8}));
  EXPECT_EQ(named.at("logits").shape(), (Shape{1, 5, 29}));
  // Another command takes up from there.
  const ProgramResult attend =
      run_program("clearhead", {"attend", "--from", folder_ / "all.safetensors", "--causal", "--q",
                                "blocks.0.attn.hook_q", "--k", "blocks.0.attn.hook_k", "--v",
                                "blocks.0.attn.hook_v", "--save", folder_ / "steps.safetensors"});
  ASSERT_EQ(attend.status, 0) << attend.error;
  const Tensor again = read_tensors(folder_ / "steps.safetensors").at("hook_pattern");
  const Tensor pattern = named.at("blocks.0.attn.hook_pattern");
  for (std::int64_t t = 0; t < 5; ++t) {  // the same operations in f32
    EXPECT_FLOAT_EQ(again.at({0, 1, t, 0}), pattern.at({0, 1, t, 0}));
  }
}

TEST_F(See, ExplainsANumberWithItsTokens) {
  write_language_model(folder_ / "lm");
  const std::string pattern = "blocks.0.attn.hook_pattern";
  const std::string large = say({"to be", "--model", "lm", "--head", "1", "--explain", "4,1"});
  EXPECT_THAT(large, HasSubstr(pattern + "[0, 1, 4, 1] of \"e\" to \"o\" = "));
  EXPECT_THAT(large, HasSubstr("blocks.0.attn.hook_row_sum[0, 1, 4, 0] of \"e\" = "));
  EXPECT_EQ(large, say({"to be", "--model", "lm", "--explain", pattern + "[0,1,4,1]"}));
  EXPECT_EQ(large, say({"to be", "--model", "lm", "--explain", pattern + "[1,-1,1]"}));
  EXPECT_EQ(large, say({"to be", "--model", "lm", "--head", "1", "--explain", "-1,1"}));
  EXPECT_THAT(say({"to be", "--model", "lm", "--explain", "logits[4,3]", "--depth", "2"}),
              AllOf(HasSubstr("logits[0, 4, 3] after \"e\" for \"a\" = "),
                    HasSubstr("embed.W_E[3, 0] of \"a\" = ")));
}

TEST_F(See, ListsWhatThereIs) {
  write_language_model(folder_ / "lm");
  const std::string list = say({"to be", "--model", "lm", "--list"});
  EXPECT_THAT(list, HasSubstr("blocks.0.attn.hook_raw_scores"));
  EXPECT_THAT(list, HasSubstr("[1, 2, 5, 5]  q·kᵀ\n"));
  write_masked_model(folder_ / "masked");
  EXPECT_THAT(say({"a<mask>", "--model", "masked", "--list"}),
              HasSubstr("is blocks.0.attn.hook_scaled_s"));
}

TEST_F(See, DrawsAllHeadsALayerOrOne) {
  write_language_model(folder_ / "lm");
  const auto drawn = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"to be", "--model", "lm", "--window", "0:3,0:3", "--out",
                                         folder_ / "see.svg", "--out", folder_ / "see.html"});
    EXPECT_THAT(say(arguments), HasSubstr("see.svg\nwrote "));
    EXPECT_THAT(folder_.read("see.svg"), HasSubstr("<svg"));
    return folder_.read("see.html");
  };
  EXPECT_THAT(drawn({"--head", "1"}), AllOf(HasSubstr("layer 0, head 1"), Not(HasSubstr("L0H1"))));
}

TEST_F(See, ThePageHasAllHeadsWithTheChosenOneOpen) {
  write_language_model(folder_ / "lm");
  say({"to be", "--model", "lm", "--head", "1", "--out", folder_ / "see.html"});
  EXPECT_THAT(folder_.read("see.html"),
              AllOf(HasSubstr("\"heads\":2,"), HasSubstr("\"layers\":1,"),
                    HasSubstr("\"open\":{\"head\":1,\"kind\":0,\"layer\":0}")));
  write_translation_model(folder_ / "mt");
  say({"a dog", "--model", "mt", "--out", folder_ / "see.html"});
  EXPECT_THAT(
      folder_.read("see.html"),
      AllOf(HasSubstr("attention within the source"),
            HasSubstr("attention of the translation to the source"), HasSubstr("\"kind\":2,")));
}

TEST_F(See, ReadsTheLastTokensOfALongText) {
  write_language_model(folder_ / "lm");
  write_masked_model(folder_ / "masked");
  write_translation_model(folder_ / "mt");
  const std::string text = "of the many words, so many, so many, that are: to be a <mask>";
  for (const auto& [model, most, end] : {std::tuple("lm", "7", "to be a"),
                                         {"masked", "9", "to be a <mask>"},
                                         {"mt", "5", "to be"}}) {
    const std::string before = text.substr(0, text.find(end));
    EXPECT_EQ(say({before + end, "--model", model, "--last", most, "--replace", "."}),
              say({end, "--model", model}))
        << model;
  }
  EXPECT_EQ(say({"to be", "--model", "lm", "--last", "9"}), say({"to be", "--model", "lm"}));
}

TEST_F(See, TheTextMayComeAfterAFile) {
  write_language_model(folder_ / "lm");
  EXPECT_THAT(say({"--model", "lm", "--out", folder_ / "see.svg", "to be"}), HasSubstr("see.svg"));
}

TEST_F(See, ReplacesWhatTheModelHasNotLearnt) {
  write_language_model(folder_ / "lm");
  EXPECT_EQ(say({"To bé!", "--model", "lm", "--replace", "."}), say({".o b..", "--model", "lm"}));
}

TEST_F(See, ALongTextIsShownInAWindow) {
  write_language_model(folder_ / "lm");
  write_byte_model(folder_ / "bytes");
  const std::string text = "the quick brown fox jumps over";  // 30 letters fit
  EXPECT_THAT(say({text, "--model", "lm"}), Not(HasSubstr("Shown are")));
  // Of what is called by more than a letter fewer fit: <0xC3> takes two columns, upright.
  std::string long_names;
  for (int i = 0; i < 15; ++i) long_names += "é";
  const ProgramResult narrow =
      run_shell(fmt::format("COLUMNS=40 {}/clearhead see {} --model {}", CLEARHEAD_BIN_DIR,
                            long_names, (folder_ / "bytes").string()));
  EXPECT_THAT(narrow.out, HasSubstr(" to 29 of 30"));
  const std::string window = say({text, "--model", "lm", "--window", "4:8,0:6"});
  EXPECT_THAT(window, HasSubstr("Shown are queries 4 to 7 of 30 and keys 0 to 5 of 30"));
}

TEST_F(See, SaysHowMuchWeightLiesOutsideTheWindow) {
  write_language_model(folder_ / "lm");
  const NamedTensors named = saved({"to be or", "--model", "lm"});
  const Tensor pattern = named.at("blocks.0.attn.hook_pattern");
  const double outside = 1 - (pattern.at({0, 0, 6, 2}) + pattern.at({0, 0, 6, 3}) +
                              pattern.at({0, 0, 7, 2}) + pattern.at({0, 0, 7, 3})) /
                                 2;
  const std::string text = say({"to be or", "--model", "lm", "--head", "0", "--window", "6:8,2:4"});
  EXPECT_THAT(text, HasSubstr(fmt::format("{:.0f} % of the weight", 100 * outside)));
}

TEST_F(See, ShowsWhatTheTranslationLooksAt) {
  const SavedModel saved = write_translation_model(folder_ / "mt");
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::vector<std::vector<std::int64_t>> source = {tokenizer.encode("a dog")};
  const auto best =
      translate(as<TranslationModel>(saved), source,
                {.start = tokenizer.special("<s>"), .end = tokenizer.special("</s>")});
  const std::vector<std::int64_t>& target = best[0][0].tokens;
  const std::string text = say({"a dog", "--model", "mt"});
  EXPECT_THAT(text, HasSubstr("source (6 tokens):\n 0  a ␣ d o g </s>\n"));
  EXPECT_THAT(text, HasSubstr(fmt::format("translation ({} tokens):", target.size() + 1)));
  EXPECT_THAT(text, HasSubstr("attention of the translation to the source, all heads"));
  const std::int64_t T = std::ssize(target) + 1;
  const NamedTensors named = this->saved({"a dog", "--model", "mt"});
  EXPECT_EQ(named.at("decoder.blocks.0.cross_attn.hook_pattern").shape(), (Shape{1, 2, T, 6}));
  EXPECT_EQ(named.at("encoder.blocks.0.attn.hook_pattern").shape(), (Shape{1, 2, 6, 6}));
  EXPECT_THAT(
      say({"a dog", "--model", "mt", "--explain", "decoder.blocks.0.cross_attn.hook_v[0,2,1]"}),
      HasSubstr("[0, 0, 2, 1] of \"d\" = "));
  EXPECT_THAT(say({"a dog", "--model", "mt", "--attention", "encoder"}),
              HasSubstr("attention within the source"));
  EXPECT_THAT(say({"a dog", "--model", "mt", "--attention", "decoder"}),
              HasSubstr("attention within the translation"));
}

TEST_F(See, GuessesWhatHidesBehindMasks) {
  const SavedModel saved = write_masked_model(folder_ / "masked");
  EXPECT_THAT(say({"a <mask> dog", "--model", "masked", "--top", "3"}),
              AllOf(HasSubstr("<s> a ␣ <mask> ␣ d o g </s>"),
                    HasSubstr("What stands at place 3, <mask>:")));
  EXPECT_THAT(say({"a dog", "--model", "masked"}), HasSubstr("There is nothing to guess"));
}

TEST_F(See, ShowsWhatATextBecomesAsAWhole) {
  write_embedding_model(folder_ / "vectors");
  EXPECT_THAT(say({"a dog", "--model", "vectors"}),
              AllOf(HasSubstr("<s> a ␣ d o g </s>"), HasSubstr("a vector of 8 numbers")));
  EXPECT_EQ(saved({"a dog", "--model", "vectors"}).at("embedding").shape(), (Shape{1, 8}));
  write_classification_model(folder_ / "classes");
  EXPECT_THAT(say({"a dog", "--model", "classes"}),
              AllOf(HasSubstr("The class of the text:"), HasSubstr("yes"), HasSubstr("no")));
}

TEST_F(See, ShowsTheStatesOfANetworkWithoutAttention) {
  const SavedModel tiny = write_language_model(folder_ / "lm");
  const ModelConfig config{
      Family::recurrent,
      RecurrentModelConfig{
          .vocabulary = tiny.tokenizer->size(), .channels = 8, .hidden = 8, .layers = 2}};
  save_model(folder_ / "rnn", config, *tiny.tokenizer, make_model(config, 5)->parameters());
  const std::vector<std::string> common = {"to be", "--model", "rnn"};
  const std::string text = say(common);
  EXPECT_THAT(text,
              AllOf(HasSubstr("has no attention"), HasSubstr("layers.0"),
                    HasSubstr("layers.1, states after each token"), HasSubstr("The next token:")));
  fail({"to be", "--model", "rnn", "--layer", "2"}, 2, "--layer 2: there are 2 of them");
  fail({"to be", "--model", "rnn", "--head", "0"}, 2, "has no attention");
  fail({"to be", "--model", "rnn", "--explain", "1,1"}, 2, "has no attention");
}

TEST_F(See, OneHeadOfAdditiveAttention) {
  const SavedModel tiny = write_translation_model(folder_ / "mt");
  const ModelConfig config{
      Family::recurrent_encoder_decoder,
      RecurrentModelConfig{.vocabulary = tiny.tokenizer->size(), .channels = 8, .hidden = 8}};
  save_model(folder_ / "rnn", config, *tiny.tokenizer, make_model(config, 5)->parameters());
  const std::string text = say({"a dog", "--model", "rnn"});
  EXPECT_THAT(text, AllOf(HasSubstr("rnn: attention of the translation to the source\n"),
                          Not(HasSubstr("all heads")), Not(HasSubstr("selective"))));
  EXPECT_THAT(say({"a dog", "--model", "rnn", "--explain", "0,2"}),
              HasSubstr("decoder.cross_attn.hook_pattern[0, 0, 2] after \"<s>\" to \"d\" = "));
  EXPECT_EQ(say({"a dog", "--model", "rnn", "--explain", "decoder.cross_attn.hook_pattern[0,2]"}),
            say({"a dog", "--model", "rnn", "--explain", "0,2"}));
  fail({"a dog", "--model", "rnn", "--attention", "encoder"}, 2, "has none");
}

TEST_F(See, WrongUseIsSaid) {
  write_language_model(folder_ / "lm");
  const auto refuse = [&](std::vector<std::string> more, int status, const std::string& says) {
    more.insert(more.begin(), {"to be", "--model", "lm"});
    fail(more, status, says);
  };
  fail({}, 2, "which TEXT?");
  fail({"--"}, 2, "which TEXT?");
  fail({"", "--model", "lm"}, 2, "which TEXT?");
  fail({"to be", "--model", "nowhere"}, 1, "there is no model \"nowhere\"");
  fail({"Ä", "--model", "lm"}, 1,
       "TEXT: lm has not learnt \"Ä\" (U+00C4); --replace \"\" leaves it");
  fail({"Ä", "--model", "lm", "--replace", ""}, 1, "nothing is left of the text");
  fail({std::string(33, 'a'), "--model", "lm"}, 1,
       "the text has 33 tokens, and lm reads 32 at most; --last 32 reads its end");
  refuse({"--last", "33"}, 2, "--last 33: lm reads 32 tokens at most");
  refuse({"--layer", "1"}, 2, "--layer 1: there is 1 of them, counted from 0");
  refuse({"--head", "2"}, 2, "--head 2: there are 2 of them, counted from 0");
  refuse({"--attention", "cross"}, 2, "lm is none");
  refuse({"--window", "0:9,0:5"}, 2,
         "--window: expected some of queries 0:5 and keys 0:5, got \"0:9,0:5\"");
  refuse({"--window", "0:9"}, 2, "BEGIN:END,BEGIN:END");
  refuse({"--explain", "1"}, 2, "expected the query and the key");
  refuse({"--explain", "x,y"}, 2, "--explain: expected NAME[INDEX]");
  refuse({"--explain", "1,9"}, 2,
         "--explain 1,9: there is no such place in blocks.0.attn.hook_pattern, which has head 0 to "
         "1, query 0 to 4, key 0 to 4");
  refuse({"--explain", "blocks.0.attn.hook_z[9,0,0]"}, 2,
         "--explain blocks.0.attn.hook_z[9,0,0]: there is no such place in "
         "blocks.0.attn.hook_z, which has head 0 to 1, query 0 to 4, dim 0 to 3");
  refuse({"--explain", "blocks.0.attn.pattern[0,0]"}, 2,
         "--explain blocks.0.attn.pattern[0,0]: nothing that is calculated here is called "
         "blocks.0.attn.pattern; those most like it: blocks.0.attn.hook_pattern");
  refuse({"--depth", "2"}, 2, "--explain");
  refuse({"--explain", "1,1", "--depth", "9"}, 2, "8 steps");
  refuse({"--out", "see.txt"}, 2, "--out: ");
  refuse({"--save", "see.json"}, 2, ".safetensors");
}

}  // namespace
}  // namespace clearhead
