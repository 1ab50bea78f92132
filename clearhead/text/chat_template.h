// Conversations as the text that a model was taught to answer.
#ifndef CLEARHEAD_TEXT_CHAT_TEMPLATE_H_
#define CLEARHEAD_TEXT_CHAT_TEMPLATE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// A message of a conversation.
struct ChatMessage {
  std::string role = "user";  ///< "system", of the first alone; "user"; or "assistant"
  std::string text = {};      ///< what it says
};

struct ChatStyle;

/// How a conversation is written for a model.
class ChatTemplate {
 public:
  /// The names that there are: chatml, gemma, llama-2, llama-3, mistral, phi-3 and zephyr.
  static std::vector<std::string> names();
  /// By its name. Throws Error with the list of them if it is another.
  static ChatTemplate named(std::string_view name);
  /// The one that a template in Jinja stands for (`chat_template` of tokenizer_config.json, and of
  /// GGUF), with the system message that it adds by itself. What it writes of tools is left out,
  /// and a date is the one that it names. Throws Error, which shows the template, if it is none of
  /// those.
  static ChatTemplate recognised(std::string_view source);

  /// Its name.
  std::string_view name() const;
  /// The name of the token with which an answer ends; `end` is the one that ends a text.
  std::string end_of_turn(std::string_view end) const;
  /// The text of `messages` up to where the model answers. It names all special tokens: encode it
  /// without adding any. `start` and `end` are the names of those that begin and end a text. Throws
  /// Error unless user and assistant speak in turn, the user first and last, and if there is a
  /// system message that has no place.
  std::string text(std::span<const ChatMessage> messages, std::string_view start,
                   std::string_view end) const;

 private:
  explicit ChatTemplate(const ChatStyle& style);

  std::shared_ptr<const ChatStyle> style_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_CHAT_TEMPLATE_H_
