// The commands on models of Hugging Face: they open them as our own, and write what the library
// calculates.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/model_file.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/tensor/io.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/train/evaluate.h"
#include "tests/apps/program.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Folders of tests/models with a tokenizer of letters, which has fewer tokens than they have rows.
class Checkpoints : public testing::Test {
 protected:
  fs::path copy(const std::string& name, const std::string& from = "data") const {
    fs::copy(fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models" / from / name, folder_ / name,
             fs::copy_options::recursive);
    const std::vector<std::string> specials = {"<pad>", "<s>", "</s>", "<mask>"};
    write_tokenizer(folder_ / name / "tokenizer.json",
                    learn_characters("abcdefghijklm .\n", specials));
    return folder_ / name;
  }
  ProgramResult run(const std::vector<std::string>& arguments) const {
    return run_program("clearhead", arguments, folder_.path());
  }

  const TemporaryFolder folder_;
};

TEST_F(Checkpoints, AreContinuedUpToTheTokenThatEndsATextOfTheirs) {
  const SavedModel saved = open_model(copy("llama"));
  const std::vector<std::int64_t> prompt = saved.tokenizer->encode("bad a");
  std::vector<std::int64_t> tokens =
      generate(as<LanguageModel>(saved), prompt, {.tokens = 6, .sampling = {.temperature = 0}});
  const auto written = [&](std::size_t count) {
    return "bad a" + saved.tokenizer->decode({tokens.data(), count}) + "\n";
  };
  const std::vector<std::string> command = {"generate", "llama",    "--prompt", "bad a",
                                            "--greedy", "--tokens", "6"};
  EXPECT_EQ(run(command).out, written(6));
  const auto end = std::find(tokens.begin(), tokens.end(), tokens[3]) - tokens.begin();
  set_content(folder_ / "llama" / "generation_config.json",
              fmt::format("{{\"eos_token_id\": [{}]}}", tokens[3]));
  EXPECT_EQ(run(command).out, written(static_cast<std::size_t>(end)));
}

// The same weights in one file.
TEST_F(Checkpoints, MayBeGgufFiles) {
  const fs::path file = fs::path(CLEARHEAD_SOURCE_DIR) / "tests/models/gguf_data/llama.gguf";
  const auto generated = [&](const std::string& model) {
    return run({"generate", model, "--prompt", "a cab", "--greedy", "--tokens", "6"});
  };
  const ProgramResult result = generated(file);
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, testing::StartsWith("a cab"));
  EXPECT_EQ(run({"convert", file, "--out", "folder"}).status, 0);
  EXPECT_EQ(generated("folder").out, result.out);
  EXPECT_THAT(run({"see", "a cab", "--model", file}).out, HasSubstr("a decoder: 2 layers"));
  EXPECT_THAT(run({"embed", file, "a"}).error, HasSubstr("expected an embedding model"));
}

// A folder of "llama" whose tokenizer has the names that ChatML writes, and a template of it.
class ChatModel : public Checkpoints {
 protected:
  ChatModel() {
    copy("llama");
    const std::vector<std::string> specials = {"<s>", "</s>", "<|im_start|>", "<|im_end|>"};
    write_tokenizer(folder_ / "llama" / "tokenizer.json",
                    learn_characters("aeimnrstuy \n[]/INST", specials));  // 23 of 24
    set_settings(
        "\"{% for m in messages %}<|im_start|>{{ m.role }}\\n{{ m.content }}<|im_end|>\\n\"");
    saved_ = open_model(folder_ / "llama");
  }

  void set_settings(const std::string& chat_template) const {
    set_content(folder_ / "llama" / "tokenizer_config.json",
                fmt::format(R"({{"bos_token": "<s>", "eos_token": {{"content": "</s>"}}{}}})",
                            chat_template.empty() ? "" : ", \"chat_template\": " + chat_template));
  }
  ProgramResult chat(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"generate", "llama", "--greedy", "--tokens", "6"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  // What the model writes after `text`, up to a token that ends texts or is called `end`.
  std::string answer(const std::string& text, std::string_view end = "<|im_end|>") const {
    const auto tokens = written(text);
    const auto stop = std::find_if(tokens.begin(), tokens.end(), [&](std::int64_t token) {
      return token == saved_.tokenizer->find(end) ||
             std::find(saved_.tokens.ends.begin(), saved_.tokens.ends.end(), token) !=
                 saved_.tokens.ends.end();
    });
    return saved_.tokenizer->decode(std::vector(tokens.begin(), stop)) + "\n";
  }
  std::vector<std::int64_t> written(const std::string& text) const {
    return generate(as<LanguageModel>(saved_),
                    saved_.tokenizer->encode(text, {.add_special_tokens = false}),
                    {.tokens = 6, .sampling = {.temperature = 0}});
  }

  SavedModel saved_;
};

TEST_F(ChatModel, AnswersInTheFormThatItWasTaught) {
  const std::string user = "<|im_start|>user\nyes<|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(chat({"--chat", "yes"}).out, answer(user));
  EXPECT_EQ(chat({"--chat", "yes"}).error, "");
  const std::string system = "<|im_start|>system\nautumn<|im_end|>\n";
  EXPECT_EQ(chat({"--chat", "yes", "--system", "autumn"}).out, answer(system + user));
  set_settings(
      "[{\"name\": \"tools\", \"template\": \"\"}, {\"name\": \"default\", "
      "\"template\": \"{{bos_token}}<|im_start|><|im_end|>\\n\"}]");
  EXPECT_EQ(chat({"--chat", "yes"}).out, answer("<s>" + user));
  set_content(folder_ / "llama" / "chat_template.jinja", "<|im_start|><|im_end|>\n");
  EXPECT_EQ(chat({"--chat", "yes"}).out, answer(user));
}

// Here the second token that it writes is the one that ends an answer.
TEST_F(ChatModel, EndsItsAnswerWithItsTurn) {
  const std::string user = "<s>[INST] yes [/INST]", jinja = "\"{{ bos_token }}[INST] [/INST]\"";
  set_settings(jinja);
  EXPECT_EQ(chat({"--chat", "yes"}).out, answer(user, "</s>"));
  const std::string second = saved_.tokenizer->token(written(user)[1]);
  set_content(folder_ / "llama" / "tokenizer_config.json",
              fmt::format(R"({{"bos_token": "<s>", "chat_template": {}}})", jinja));
  set_content(folder_ / "llama" / "special_tokens_map.json",
              fmt::format(R"({{"eos_token": "{}"}})", second));
  EXPECT_EQ(chat({"--chat", "yes"}).out, answer(user, second));
  EXPECT_NE(answer(user, second), answer(user, "</s>"));
}

TEST_F(ChatModel, SaysWhatItNeeds) {
  const auto expect_refused = [&](const std::vector<std::string>& more, int status,
                                  const std::string& says) {
    const ProgramResult result = chat(more);
    EXPECT_EQ(result.status, status) << says;
    EXPECT_THAT(result.error, HasSubstr(says));
    EXPECT_EQ(result.out, "");
  };
  expect_refused({"--chat", "yes", "--prompt", "yes"}, 2, "either --prompt TEXT or --chat TEXT");
  expect_refused({"--system", "yes"}, 2, "--system and --chat-template need --chat TEXT");
  expect_refused({"--chat", "yes", "--chat-template", "x"}, 2, "chatml, llama-3");
  expect_refused({"--chat", "cat"}, 1, "--chat: llama has not learnt \"c\"");
  set_settings("\"{{ messages | tojson }}\"");
  expect_refused({"--chat", "yes"}, 1, "{{ messages | tojson }}");
  set_settings("7");
  expect_refused({"--chat", "yes"}, 1, "tokenizer_config.json: /chat_template: expected a string");
  set_settings("");
  expect_refused({"--chat", "yes"}, 1, "llama has no chat template; --chat-template NAME");
  EXPECT_EQ(chat({"--chat", "yes", "--chat-template", "chatml"}).status, 0);
}

TEST_F(Checkpoints, AreFilledAndSeen) {
  copy("bert");
  const ProgramResult filled = run({"fill", "bert", "a <mask> b", "--top", "2"});
  EXPECT_EQ(filled.status, 0) << filled.error;
  EXPECT_THAT(filled.out, HasSubstr("<mask>"));
  const ProgramResult seen = run({"see", "a <mask> b", "--model", "bert"});
  EXPECT_EQ(seen.status, 0) << seen.error;
  EXPECT_THAT(seen.out, HasSubstr("bert, an encoder: 2 layers × 4 heads, 16 channels"));
}

// BART's texts end with </s> when they are encoded, T5's do not here; targets begin with the token
// that the folder names.
TEST_F(Checkpoints, TranslateAndAreSeenToDoSo) {
  for (const std::string name : {"t5", "bart"}) {
    SCOPED_TRACE(name);
    const SavedModel saved = open_model(copy(name, "translation_data"));
    const std::vector<std::vector<std::int64_t>> sources = {saved.tokenizer->encode("a bad dad")};
    BeamSearchOptions options = search_options(saved);
    EXPECT_EQ(options.start, name == "t5" ? 0 : 2);
    EXPECT_EQ(options.end, name == "t5" ? 1 : 2);
    options.beam = 1;
    const auto found = clearhead::translate(as<TranslationModel>(saved), sources, options);
    const std::string written = saved.tokenizer->decode(found[0][0].tokens);
    const ProgramResult result = run({"translate", name, "a bad dad", "--beam", "1"});
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_EQ(result.out, written + "\n");
    const ProgramResult seen = run({"see", "a bad dad", "--model", name});
    EXPECT_EQ(seen.status, 0) << seen.error;
    EXPECT_THAT(seen.out, HasSubstr(name + ", an encoder-decoder: 2 and 1 layers × 4 heads"));
    EXPECT_THAT(seen.out, HasSubstr("attention of the translation to the source"));
    set_content(folder_ / "source.txt", "a bad dad\n");
    set_content(folder_ / "target.txt", written + "\n");
    const ProgramResult evaluated =
        run({"evaluate", name, "--source", "source.txt", "--target", "target.txt", "--beam", "1"});
    EXPECT_EQ(evaluated.status, 0) << evaluated.error;
    const std::vector<Sequence> targets = {saved.tokenizer->encode(written)};
    const PredictionScore score =
        evaluate_pairs(as<TranslationModel>(saved), sources, targets,
                       {.start = options.start, .end = options.end}, Precision::highest);
    EXPECT_THAT(evaluated.out, HasSubstr(fmt::format("{:.4f} nats a token", score.loss)));
  }
}

TEST_F(Checkpoints, GiveVectorsOfTexts) {
  const SavedModel saved = open_model(copy("bert-sentence"));
  set_content(folder_ / "lines.txt", "a bad dad\na bad dad\nface\n");
  const ProgramResult result =
      run({"embed", "bert-sentence", "--file", "lines.txt", "--out", "vectors.npy"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("3 vectors, 16 numbers each"));
  expect_failure(run({"embed", "nowhere", "a", "--out", "vectors.txt"}), 2,
                 "--out: expected a name that ends in .npy, .npz, .safetensors or .csv");
  EXPECT_THAT(result.out, HasSubstr("1.000"));
  const std::vector<std::vector<std::int64_t>> ids = {saved.tokenizer->encode("a bad dad"),
                                                      saved.tokenizer->encode("a bad dad"),
                                                      saved.tokenizer->encode("face")};
  const Tensor vectors = open_tensors(folder_ / "vectors.npy").read_all().tensors[0].second;
  expect_near(vectors, embed_texts(as<EmbeddingModel>(saved), ids), 0);
  double length = 0;
  for (std::int64_t c = 0; c < 16; ++c) length += vectors.at({2, c}) * vectors.at({2, c});
  EXPECT_NEAR(length, 1, 1e-5);
}

TEST_F(Checkpoints, ReadTheBeginningsOfLongTexts) {
  copy("bert-sentence");
  set_content(folder_ / "lines.txt", "a bad dad\nabcdefghijkl\nface\n");
  const auto vectors = [&](const std::string& lines) {
    const ProgramResult result =
        run({"embed", "bert-sentence", "--file", lines, "--out", "vectors.npy"});
    EXPECT_EQ(result.status, 0) << result.error;
    return std::pair(open_tensors(folder_ / "vectors.npy").read_all().tensors[0].second,
                     result.error);
  };
  EXPECT_EQ(vectors("lines.txt").second, "");
  set_content(folder_ / "bert-sentence" / "sentence_bert_config.json",
              "{\"max_seq_length\": 5, \"do_lower_case\": false}");
  const auto [cut, message] = vectors("lines.txt");
  EXPECT_THAT(message, HasSubstr("note: 2 of 3 texts are longer than the 5 tokens that "
                                 "bert-sentence reads; their ends are left out"));
  set_content(folder_ / "short.txt", "a bad\nabcde\nface\n");
  expect_near(cut, vectors("short.txt").first, 0);
}

TEST_F(Checkpoints, SayWhichClassATextIsOf) {
  copy("bert-classifier");
  const ProgramResult one = run({"classify", "bert-classifier", "a bad dad"});
  EXPECT_EQ(one.status, 0) << one.error;
  for (const char* label : {"bad", "so so", "good"}) EXPECT_THAT(one.out, HasSubstr(label));
  const ProgramResult two = run({"classify", "bert-classifier", "a bad dad", "face", "--top", "1"});
  EXPECT_THAT(two.out, HasSubstr("a bad dad\nclass"));
  EXPECT_THAT(two.out, HasSubstr("\n\nface\nclass"));
}

TEST_F(Checkpoints, AreRefusedForWhatTheyCannotDo) {
  copy("bert-classifier");
  const ProgramResult result = run({"embed", "bert-classifier", "a bad dad"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("expected an embedding model (clearhead embed), got a "
                                      "classification model (clearhead classify)"));
}

TEST_F(Checkpoints, TellTheStoryThatTheyTell) {
  const auto stories = shared_path("models/stories260K");
  if (!stories) GTEST_SKIP() << "the shared data are not there";
  const ProgramResult result = run({"generate", stories->string(), "--greedy", "--tokens", "199"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out, content(*stories / "greedy_200.txt") + "\n");
}

}  // namespace
}  // namespace clearhead
