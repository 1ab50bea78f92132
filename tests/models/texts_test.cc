// Texts as models of each ability read them.
#include "clearhead/models/texts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clearhead/models/text_encoder.h"
#include "clearhead/text/tokenizer_file.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Ids = std::vector<std::int64_t>;
using Json = nlohmann::json;

SavedModel model(const std::string& name) {
  return open_model(std::filesystem::path(CLEARHEAD_SOURCE_DIR) / "models" / name);
}

TEST(Texts, EachAbilityHasItsForm) {
  const SavedModel goes_on = model("shakespeare"), fills = model("captions");
  EXPECT_EQ(ids_to_read(goes_on, "To be"), goes_on.tokenizer->encode("To be"));

  const Tokenizer& tokenizer = *fills.tokenizer;
  const Ids ids = ids_to_read(fills, "A man is <mask> a guitar.");
  EXPECT_EQ(ids.front(), tokenizer.special(kStartToken));
  EXPECT_EQ(ids.back(), tokenizer.special(kEndToken));
  EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.special(mask_of(tokenizer))), 1);
  EXPECT_EQ(tokenizer.decode(ids), tokenizer.decode(tokenizer.encode("A man is a guitar.")));
}

TEST(Texts, RefusesWhatCannotBeRead) {
  const SavedModel saved = model("captions");
  expect_error([&] { ids_to_read(saved, ""); }, "there is no text to read");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "man ";
  expect_error([&] { ids_to_read(saved, text); }, "and the model reads 62 at most");
}

TEST(Texts, AnAnswerEndsWithItsTurn) {
  SavedModel saved = model("captions");
  const Tokenizer& tokenizer = *saved.tokenizer;
  saved.chat = {.jinja = "", .start = "<s>", .end = "</s>"};
  saved.tokens.ends = {7};
  const std::vector<ChatMessage> said = {{.text = "a man"}};
  const ChatTemplate zephyr = ChatTemplate::named("zephyr");
  const Prompt prompt = prompt_of_chat(saved, zephyr, said);
  EXPECT_EQ(prompt.ids,
            tokenizer.encode(zephyr.text(said, "<s>", "</s>"), {.add_special_tokens = false}));
  EXPECT_EQ(prompt.ends, (Ids{7, tokenizer.special(kEndToken)}));
  // A vocabulary without the end of a turn.
  EXPECT_EQ(prompt_of_chat(saved, ChatTemplate::named("chatml"), said).ends, Ids{7});
}

TEST(Texts, TheFirstTokensKeepWhatStandsAround) {
  const Encoding encoding{.ids = {1, 7, 8, 9, 2},
                          .offsets = {},
                          .type_ids = {},
                          .is_added = {true, false, false, false, true}};
  EXPECT_EQ(first_tokens(encoding, 0), encoding.ids);
  EXPECT_EQ(first_tokens(encoding, 5), encoding.ids);
  EXPECT_EQ(first_tokens(encoding, 4), (Ids{1, 7, 8, 2}));
}

TEST(Texts, ProbabilitiesOfClasses) {
  const Tensor logits = Tensor::of<float>({1, 2}, {0, std::log(3.0f)});
  EXPECT_NEAR(class_probabilities(logits, true).at({0, 1}), 0.75, 1e-6);
  EXPECT_NEAR(class_probabilities(logits, false).at({0, 0}), 0.5, 1e-6);
}

// [CLS], [SEP] and a; `single` is the template of a text, null: there is none.
Tokenizer tokenizer_with(const Json& single) {
  Json description = Json::parse(R"({
    "added_tokens": [{"id": 0, "content": "[CLS]", "special": true},
                     {"id": 1, "content": "[SEP]", "special": true}],
    "model": {"type": "WordLevel", "vocab": {"[CLS]": 0, "[SEP]": 1, "a": 2}, "unk_token": "a"}})");
  if (!single.is_null()) {
    description["post_processor"] = Json::parse(R"({"type": "TemplateProcessing",
      "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
      "special_tokens": {"[SEP]": {"id": "[SEP]", "ids": [1], "tokens": ["[SEP]"]}}})");
    description["post_processor"]["single"] = single;
  }
  return *parse_tokenizer(description.dump(), "file");
}

TEST(InFrame, IsWhatThePostProcessorPutsAroundAText) {
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json end = {{"SpecialToken", {{"id", "[SEP]"}, {"type_id", 0}}}};
  EXPECT_EQ(in_frame({2, 2}, tokenizer_with(Json::array({text}))), (Ids{2, 2}));
  EXPECT_EQ(in_frame({2, 2}, tokenizer_with(Json::array({text, end}))), (Ids{2, 2, 1}));
  EXPECT_EQ(in_frame({2, 2}, tokenizer_with(nullptr)), (Ids{0, 2, 2, 1}));  // as BERT
}

}  // namespace
}  // namespace clearhead
