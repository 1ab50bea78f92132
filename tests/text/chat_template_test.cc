// Conversations as text, against what Jinja makes of templates (tools/chat-golden writes them).
#include "clearhead/text/chat_template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clearhead/text/text_file.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

std::vector<ChatMessage> messages_of(const Json& conversation) {
  std::vector<ChatMessage> messages;
  for (const Json& one : conversation) messages.push_back({one["role"], one["content"]});
  return messages;
}

TEST(ChatTemplate, IsRecognisedAndWritesAsJinja) {
  const Json cases = Json::parse(read_text(std::filesystem::path(CLEARHEAD_SOURCE_DIR) /
                                           "tests/text/data/chat_templates.json.gz"));
  for (const Json& one : cases["templates"]) {
    SCOPED_TRACE(one["name"]);
    const ChatTemplate recognised = ChatTemplate::recognised(one["source"].get<std::string>());
    EXPECT_EQ(recognised.name(), one["style"].get<std::string>());
    for (std::size_t i = 0; i < one["texts"].size(); ++i) {
      const std::vector<ChatMessage> messages = messages_of(cases["conversations"][i]);
      const Json& expected = one["texts"][i];
      if (expected.is_null()) {
        expect_error([&] { recognised.text(messages, "<s>", "</s>"); },
                     "has no place for a system message");
      } else {
        EXPECT_EQ(recognised.text(messages, "<s>", "</s>"), expected.get<std::string>());
      }
    }
  }
}

TEST(ChatTemplate, HasANameOrIsShown) {
  const std::vector<ChatMessage> messages{{.text = "Hello"}};
  EXPECT_EQ(ChatTemplate::named("gemma").text(messages, "<bos>", "<eos>"),
            "<bos><start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\n");
  expect_error([] { ChatTemplate::named("x"); },
               "chat template: expected chatml, llama-3, llama-2, mistral, phi-3, zephyr, gemma, "
               "got x");
  expect_error([] { ChatTemplate::recognised("{{ messages | tojson }}"); },
               "chat template: expected one like chatml");
  expect_error([] { ChatTemplate::recognised("{{ messages | tojson }}"); },
               "{{ messages | tojson }}");
}

TEST(ChatTemplate, KnowsWhatEndsAnAnswer) {
  const auto end = [](const char* name) { return ChatTemplate::named(name).end_of_turn("</s>"); };
  EXPECT_EQ(end("chatml"), "<|im_end|>");
  EXPECT_EQ(end("llama-3"), "<|eot_id|>");
  EXPECT_EQ(end("gemma"), "<end_of_turn>");
  EXPECT_EQ(end("phi-3"), "<|end|>");
  for (const char* name : {"llama-2", "mistral", "zephyr"}) EXPECT_EQ(end(name), "</s>");
}

// A template that thinks before it answers is none of those, though its marks are.
TEST(ChatTemplate, WhatIsOnlyLikeOneIsRefused) {
  const auto expect_refused = [](const std::string& source) {
    SCOPED_TRACE(source);
    expect_error([&] { ChatTemplate::recognised(source); }, "chat template: expected one like");
  };
  const std::string begins = "{{ '<|im_start|>' + m.role + '\\n' + m.content",
                    chatml = begins + " + '<|im_end|>' + '\\n' }}";
  EXPECT_EQ(ChatTemplate::recognised(chatml).name(), "chatml");
  expect_refused(chatml + R"({{ '<think>\n' }})");
  expect_refused(begins + " + '<|im_end|>' }}");  // no line ends
  expect_refused(begins + " | trim + '<|im_end|>\\n' }}");
  expect_refused(R"({% set content = m['content'] | trim %})" + chatml);
  // A system message that stands elsewhere.
  const std::string system = "{{ '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}" + chatml;
  EXPECT_EQ(ChatTemplate::recognised("{% set system = messages[0].content %}" + system).name(),
            "chatml");
  expect_refused("{% set system = 'You help.' %}" + system);

  const std::string phi = R"('<|user|>\n' + m.content + '<|end|>\n' + '<|assistant|>\n')";
  EXPECT_EQ(ChatTemplate::recognised("{{ " + phi + " }}").name(), "phi-3");
  expect_refused("{{ '<|user|>' + m.content + '<|end|>' + '<|assistant|>' }}");

  const std::string answer = R"({{ '<|assistant|>\n' + m.content + eos_token + '\n' }})";
  EXPECT_EQ(
      ChatTemplate::recognised(R"({{ '<|user|>\n' + m.content + eos_token }})" + answer).name(),
      "zephyr");
  expect_refused(R"({{ '<|user|>\n' + m.content + '\n' }})" + answer);  // Tulu 3
}

TEST(ChatTemplate, BlanksAroundMessagesStayWhereTheTemplateLeavesThem) {
  const std::string header = "'<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + ";
  const auto text = [&](const std::string& content) {
    return ChatTemplate::recognised("{{ " + header + content + " + '<|eot_id|>' }}")
        .text(std::vector<ChatMessage>{{.text = " Hello "}}, "", "");
  };
  EXPECT_EQ(text("m.content | trim"),
            "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(text("m.content"),
            "<|start_header_id|>user<|end_header_id|>\n\n Hello <|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST(ChatTemplate, UserAndAssistantSpeakInTurn) {
  const ChatTemplate chatml = ChatTemplate::named("chatml");
  const ChatMessage system{"system", "x"}, user{"user", "x"}, assistant{"assistant", "x"};
  const auto text = [&](const std::vector<ChatMessage>& messages) {
    return chatml.text(messages, "", "");
  };
  expect_error([&] { text({}); }, "expected the user to speak last");
  expect_error([&] { text({system}); }, "expected the user to speak last");
  expect_error([&] { text({user, assistant}); }, "expected the user to speak last");
  expect_error([&] { text({user, user, user}); }, "expected message 1 to be of the assistant");
  expect_error(
      [&] {
        text({user, system, user});
      },
      "expected message 1 to be of the assistant, got system");
}

}  // namespace
}  // namespace clearhead
