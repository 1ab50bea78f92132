// A table of templates. Jinja is not run: a template is recognised by what it has and has not, and
// what its kind leaves open is read out of it.
#include "clearhead/text/chat_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/text/pattern_internal.h"

namespace clearhead {

struct ChatStyle {
  struct Around {  // {start} and {end} are the names of tokens
    std::string before, behind;
  };
  enum class SystemPlace { own_message, first_user, last_user };
  enum class Trim { nothing, messages, answers, with_system };

  std::string name;
  std::vector<std::string_view> marks;   // a template of it has all of these
  std::vector<std::string_view> others;  // and none of these
  std::string unlike = {};               // a regular expression, which finds nothing in it
  bool begins;                           // with the token that begins a text
  Around system, user, answer;
  std::string prompt;  // behind the last message
  SystemPlace place = SystemPlace::own_message;
  Trim trim = Trim::nothing;  // blanks around messages
  bool takes_system = true;
  std::string default_system = {};  // where none is given
  std::string preface = {};         // of the system message, which is always there then
};

namespace {

using SystemPlace = ChatStyle::SystemPlace;
using Trim = ChatStyle::Trim;

constexpr std::string_view kTools = "tool";

// Behind the literal `text` no line ends, neither within the literal nor in one that is added.
std::string no_line_after(std::string_view text) {
  return fmt::format(R"(\Q{}\E(?!['"]?\s*(?:\}}\}}|\+)?\s*(?:\{{\{{-?)?\s*['"]?(?:\\n|\n)))", text);
}

// Messages without the blanks around them, before `behind`.
std::string trims_before(std::string_view behind) {
  return fmt::format(R"(content['"]?\]?\s*\|\s*trim\)?\s*\+\s*['"]?\Q{}\E)"
                     R"(|set\s+content\s*=\s*\(?\w+(?:\.|\[['"])content['"]?\]?\s*\|\s*trim)",
                     behind);
}

// A system message of the template's own, set apart from where it is written.
constexpr const char* kSetsSystem =
    R"(set\s+([\w.]+)\s*=\s*['"][^'"][\s\S]*<\|im_start\|>system(?:\\n|\n)['"]\s*\+\s*\1\b)";

// A message of the user that no eos_token ends.
constexpr const char* kUserWithoutEnd =
    R"(<\|user\|>(?!['"]?\s*\+?\s*['"]?(?:\\n|\n)['"]?[^}]*eos_token))";

std::vector<ChatStyle> make_styles() {
  return {
      {.name = "chatml",
       .marks = {"<|im_start|>", "<|im_end|>"},
       .others = {"<|im_sep|>", "## Metadata", "'<think>\\n' }}", "assistant\\n<think>",
                  " <tools> "},
       .unlike = fmt::format("{}|{}|{}", no_line_after("<|im_end|>"), trims_before("<|im_end|>"),
                             kSetsSystem),
       .begins = false,
       .system = {"<|im_start|>system\n", "<|im_end|>\n"},
       .user = {"<|im_start|>user\n", "<|im_end|>\n"},
       .answer = {"<|im_start|>assistant\n", "<|im_end|>\n"},
       .prompt = "<|im_start|>assistant\n"},
      {.name = "llama-3",
       .marks = {"<|start_header_id|>", "<|eot_id|>"},
       .others = {"<think>", "<function=", "functools", "recipient"},
       .begins = true,
       .system = {"<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"},
       .user = {"<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"},
       .answer = {"<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"},
       .prompt = "<|start_header_id|>assistant<|end_header_id|>\n\n",
       .trim = Trim::messages},
      {.name = "llama-2",
       .marks = {"[INST]", "<<SYS>>", "bos_token + '[INST] '", "strip()"},
       .others = {"[SYSTEM_PROMPT]", kTools},
       .begins = false,  // each message of the user does
       .system = {"<<SYS>>\n", "\n<</SYS>>\n\n"},
       .user = {"{start}[INST] ", " [/INST]"},
       .answer = {" ", " {end}"},
       .prompt = "",
       .place = SystemPlace::first_user,
       .trim = Trim::with_system},
      {.name = "mistral",
       .marks = {"[INST]", "[/INST]", "bos_token"},
       .others = {"[SYSTEM_PROMPT]", "<<SYS>>"},
       .begins = true,
       .system = {"", "\n\n"},
       .user = {"[INST] ", " [/INST]"},
       .answer = {"", "{end}"},
       .prompt = "",
       .place = SystemPlace::last_user},
      {.name = "phi-3",
       .marks = {"<|user|>", "<|assistant|>", "<|end|>"},
       .others = {kTools, "<|im_start|>", "<think>"},
       .unlike = fmt::format("{}|{}|{}", no_line_after("<|user|>"), no_line_after("<|end|>"),
                             trims_before("<|end|>")),
       .begins = false,
       .system = {"<|system|>\n", "<|end|>\n"},
       .user = {"<|user|>\n", "<|end|>\n"},
       .answer = {"<|assistant|>\n", "<|end|>\n"},
       .prompt = "<|assistant|>\n"},
      {.name = "zephyr",
       .marks = {"<|user|>", "<|assistant|>", "eos_token"},
       .others = {kTools, "<|end|>", "<|im_start|>", "[gMASK]", "<think>"},
       .unlike = fmt::format("{}|{}", kUserWithoutEnd, trims_before("eos_token")),
       .begins = false,
       .system = {"<|system|>\n", "{end}\n"},
       .user = {"<|user|>\n", "{end}\n"},
       .answer = {"<|assistant|>\n", "{end}\n"},
       .prompt = "<|assistant|>\n"},
      {.name = "gemma",
       .marks = {"<start_of_turn>", "<end_of_turn>"},
       .others = {kTools, "<think>"},
       .begins = true,
       .system = {"", "\n\n"},
       .user = {"<start_of_turn>user\n", "<end_of_turn>\n"},
       .answer = {"<start_of_turn>model\n", "<end_of_turn>\n"},
       .prompt = "<start_of_turn>model\n",
       .place = SystemPlace::first_user,
       .trim = Trim::messages},
  };
}

const std::vector<ChatStyle>& styles() {
  static const std::vector<ChatStyle> kStyles = make_styles();
  return kStyles;
}

bool has(std::string_view source, std::string_view mark) {
  return source.find(mark) != std::string_view::npos;
}

bool finds(std::string_view expression, std::string_view source) {
  bool found = false;
  TextPattern::of_expression(expression)
      .visit(source, [&](std::size_t, std::size_t, bool is_match) { found = found || is_match; });
  return found;
}

bool is_of(const ChatStyle& style, std::string_view source) {
  const auto in_source = [&](std::string_view mark) { return has(source, mark); };
  return std::all_of(style.marks.begin(), style.marks.end(), in_source) &&
         std::none_of(style.others.begin(), style.others.end(), in_source) &&
         (style.unlike.empty() || !finds(style.unlike, source));
}

std::string trimmed(std::string_view text) {
  constexpr const char* kBlanks = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin));
}

// The system message that a template of ChatML has as one string, between the marks around it. A
// line end may stand there as \n.
std::string system_of_chatml(std::string_view source) {
  constexpr std::string_view kBefore = "<|im_start|>system", kBehind = "<|im_end|>";
  for (std::size_t at = 0; (at = source.find(kBefore, at)) != std::string_view::npos;) {
    at += kBefore.size();
    std::string_view rest = source.substr(at);
    const std::size_t line_end = rest.starts_with("\\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
    rest.remove_prefix(line_end);
    const std::string_view message = rest.substr(0, rest.find_first_of("'\"{}<\\"));
    if (line_end > 0 && rest.substr(message.size()).starts_with(kBehind)) {
      return std::string(message);
    }
  }
  return {};
}

// What Llama 3.1 and its successors put before any system message.
std::string preface_of_llama(std::string_view source) {
  if (!has(source, "Cutting Knowledge Date: December 2023")) return {};
  constexpr std::string_view kBefore = "date_string = \"";
  const std::size_t at = source.find(kBefore);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = source.substr(at + kBefore.size());
  return fmt::format("Cutting Knowledge Date: December 2023\nToday Date: {}\n\n",
                     rest.substr(0, rest.find('"')));
}

}  // namespace

ChatTemplate::ChatTemplate(const ChatStyle& style)
    : style_(std::make_shared<const ChatStyle>(style)) {}

std::vector<std::string> ChatTemplate::names() {
  std::vector<std::string> names;
  for (const ChatStyle& style : styles()) names.push_back(style.name);
  return names;
}

ChatTemplate ChatTemplate::named(std::string_view name) {
  for (const ChatStyle& style : styles()) {
    if (style.name == name) return ChatTemplate(style);
  }
  throw Error(fmt::format("chat template: expected {}, got {}", fmt::join(names(), ", "), name));
}

ChatTemplate ChatTemplate::recognised(std::string_view source) {
  const auto found = std::find_if(styles().begin(), styles().end(),
                                  [&](const ChatStyle& style) { return is_of(style, source); });
  if (found == styles().end()) {
    throw Error(
        fmt::format("chat template: expected one like {}; name one of them, or give the "
                    "conversation as text, written as by this one:\n{}",
                    fmt::join(names(), ", "), source));
  }
  ChatStyle style = *found;
  if (style.name != "llama-2") style.begins = has(source, "bos_token");
  if (style.name == "chatml") style.default_system = system_of_chatml(source);
  if (style.name == "llama-3") style.preface = preface_of_llama(source);
  if (style.trim == Trim::messages && !has(source, "trim")) style.trim = Trim::nothing;
  if (style.name == "phi-3") style.takes_system = has(source, "<|system|>");
  if (style.name == "gemma") style.takes_system = !has(source, "System role not supported");
  if (style.name == "mistral") {
    style.takes_system = has(source, "system_message");
    if (!has(source, "[INST] ")) style.user.before = "[INST]";
    if (!has(source, " [/INST]")) style.user.behind = "[/INST]";
    if (has(source, "' [INST] '")) style.user.before = " [INST] ";
    if (has(source, "eos_token + ' '")) style.answer.behind = "{end} ";
    if (has(source, "' ' + message") || has(source, "\" \" + message")) style.answer.before = " ";
    if (has(source, "\"content\"]|trim + eos_token")) style.trim = Trim::answers;
    if (has(source, "loop.first and system_message")) style.place = SystemPlace::first_user;
  }
  return ChatTemplate(style);
}

std::string_view ChatTemplate::name() const { return style_->name; }

std::string ChatTemplate::end_of_turn(std::string_view end) const {
  const std::string token = trimmed(style_->answer.behind);
  return token == "{end}" ? std::string(end) : token;
}

std::string ChatTemplate::text(std::span<const ChatMessage> messages, std::string_view start,
                               std::string_view end) const {
  const ChatStyle& style = *style_;
  std::string system = style.default_system;
  if (!messages.empty() && messages.front().role == "system") {
    if (!style.takes_system) {
      throw Error(
          fmt::format("chat template: this kind of {} has no place for a system message; "
                      "write it into the user's",
                      style.name));
    }
    system = messages.front().text;
    messages = messages.subspan(1);
    if (style.trim == Trim::messages && style.place == SystemPlace::own_message) {
      system = trimmed(system);
    }
  }
  system = style.preface + system;
  std::string text = style.begins ? std::string(start) : std::string();
  const auto add = [&](const ChatStyle::Around& around, std::string_view message) {
    const auto named = [&](const std::string& format) {
      return fmt::format(fmt::runtime(format), fmt::arg("start", start), fmt::arg("end", end));
    };
    text += named(around.before) + std::string(message) + named(around.behind);
  };
  if (style.place == SystemPlace::own_message && !system.empty()) add(style.system, system);
  if (messages.size() % 2 == 0) throw Error("chat template: expected the user to speak last");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool is_user = i % 2 == 0;
    if (messages[i].role != (is_user ? "user" : "assistant")) {
      throw Error(fmt::format("chat template: expected message {} to be of the {}, got {}", i,
                              is_user ? "user" : "assistant", messages[i].role));
    }
    std::string message = messages[i].text;
    if (style.trim == Trim::messages || (style.trim == Trim::answers && !is_user)) {
      message = trimmed(message);
    }
    const bool has_system =
        !system.empty() && ((style.place == SystemPlace::first_user && i == 0) ||
                            (style.place == SystemPlace::last_user && i + 1 == messages.size()));
    if (has_system) message = style.system.before + system + style.system.behind + message;
    if (style.trim == Trim::with_system) message = trimmed(message);
    add(is_user ? style.user : style.answer, message);
  }
  return text + style.prompt;
}

}  // namespace clearhead
