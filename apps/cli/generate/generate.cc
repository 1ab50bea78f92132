// The command `clearhead generate`.
#include "apps/cli/generate/generate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/console/given_texts.h"
#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/progress.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/texts.h"
#include "clearhead/text/chat_template.h"
#include "clearhead/text/token_stream.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  console::GivenText prompt;
  std::optional<std::string> chat, system, chat_template;
  GenerateOptions generate{.sampling = {.temperature = 0.8}};
  bool stats = isatty(STDERR_FILENO) != 0;
};

// How long the first token takes, before which the prompt is read, and the others.
class Stopwatch {
 public:
  void token_written() {
    last_ = seconds_now();
    if (count_++ == 0) first_ = last_;
  }

  // "5 tokens read and 1 written in 0.02 s, 255 more in 2.34 s: 109 tokens/s"
  std::string summary(std::int64_t read) const {
    if (count_ == 0) return "no token written";
    std::string text = fmt::format("{} read and 1 written in {:.2f} s",
                                   console::counted(read, "token"), first_ - begin_);
    if (count_ == 1) return text;
    const double seconds = last_ - first_;
    return text + fmt::format(", {} more in {:.2f} s: {:.0f} tokens/s", count_ - 1, seconds,
                              static_cast<double>(count_ - 1) / seconds);
  }

 private:
  const double begin_ = seconds_now();
  double first_ = 0, last_ = 0;
  std::int64_t count_ = 0;
};

void check(const Options& o) {
  check(o.prompt, "--prompt TEXT");
  if (o.chat && o.prompt.is_given()) {
    throw console::UsageError(fmt::format("give either {} or --chat TEXT, not both",
                                          o.prompt.file.empty() ? "--prompt TEXT" : "--file FILE"));
  }
  if (!o.chat && (o.system || o.chat_template)) {
    throw console::UsageError("--system and --chat-template need --chat TEXT, what the user says");
  }
}

ChatTemplate template_of(const Options& o, const SavedModel& saved) {
  if (o.chat_template) return ChatTemplate::named(*o.chat_template);
  if (saved.chat.jinja.empty()) {
    throw Error(fmt::format(
        "{} has no chat template; --chat-template NAME gives it one ({}), and --prompt takes any "
        "text",
        console::model_name(o.model), fmt::join(ChatTemplate::names(), ", ")));
  }
  return ChatTemplate::recognised(saved.chat.jinja);
}

// What the user says, as the model was taught to read it.
Prompt chat_of(const Options& o, const SavedModel& saved) {
  const auto message = [&](const char* role, const std::string& text, const char* where) {
    return ChatMessage{role, console::readable(text, *saved.tokenizer, o.model, where)};
  };
  std::vector<ChatMessage> messages;
  if (o.system) messages.push_back(message("system", *o.system, "--system"));
  messages.push_back(message("user", *o.chat, "--chat"));
  return prompt_of_chat(saved, template_of(o, saved), messages);
}

// Without a prompt a text begins with the token that its model begins texts with, or else as after
// the end of a line.
std::vector<std::int64_t> encode_prompt(const std::string& prompt, const Options& o,
                                        const SavedModel& saved) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  std::vector<std::int64_t> ids = tokenizer.encode(prompt);
  if (!ids.empty()) return ids;
  if (saved.tokens.begin) return {*saved.tokens.begin};
  if (!tokenizer.unknown_characters("\n").empty()) {
    throw Error("give a --prompt to begin with: " + console::model_name(o.model) +
                " has learnt no line end, after which it could");
  }
  return tokenizer.encode("\n");
}

void generate(const Options& o) {
  check(o);
  const console::Text given = read_text(o.prompt, "--prompt");
  const SavedModel saved = console::open_model(o.model, /*keep_bf16=*/true);
  const LanguageModel& model = as<LanguageModel>(saved);
  const std::string text = console::readable(given.text, *saved.tokenizer, o.model, given.source);
  const Prompt prompt =
      o.chat ? chat_of(o, saved) : Prompt{encode_prompt(text, o, saved), saved.tokens.ends};
  if (model.context() > 0 && std::ssize(prompt.ids) > model.context()) {
    console::write_message(fmt::format(
        "note: the prompt has {}, and {} reads {} at most: it goes on from the last of them",
        console::counted(std::ssize(prompt.ids), "token"), console::model_name(o.model),
        model.context()));
  }
  const InterruptWatch interrupt;
  TokenStream stream(*saved.tokenizer);
  std::string begun;
  for (const std::int64_t token : prompt.ids) begun += stream.take(token);
  if (!text.empty()) console::write_text(begun);
  Stopwatch watch;
  static_cast<void>(generate(model, prompt.ids, o.generate, [&](std::int64_t token) {
    const bool is_end = std::ranges::count(prompt.ends, token) > 0;
    if (!is_end) console::write_text(stream.take(token));
    watch.token_written();
    return !is_end;
  }));
  console::write_text(stream.end() + "\n");
  const std::int64_t read = model.context() > 0
                                ? std::min<std::int64_t>(std::ssize(prompt.ids), model.context())
                                : std::ssize(prompt.ids);
  if (o.stats) console::write_message(watch.summary(read));
}

}  // namespace

std::function<void()> set_up_generate(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::OptionGroup text(app, "The text");
  text.any_text(
      "--prompt", "TEXT",
      "What the text begins with; if it is too long, the model reads its last tokens (if "
      "empty or not given, the model begins from nothing: with the token that it begins texts "
      "with, or as after the end of a line)",
      [o](const std::string& x) { o->prompt.text = x; });
  console::add_text_file(text, o->prompt, "--file", "Read the text of --prompt from a file");
  text.text("--chat", "TEXT",
            "What a user says: the model answers, in the form of conversations that it was taught "
            "(its chat template), until its turn ends. Only the answer is written",
            [o](const std::string& x) { o->chat = x; });
  text.text("--system", "TEXT", "With --chat: what is said before, of how to answer",
            [o](const std::string& x) { o->system = x; });
  std::vector<std::pair<std::string, std::string>> templates;
  for (const std::string& name : ChatTemplate::names()) templates.emplace_back(name, name);
  text.choice<std::string>("--chat-template", templates,
                           "With --chat: the form of conversations, if the model has none with it, "
                           "or one that is not known",
                           [o](const std::string& x) { o->chat_template = x; });
  console::add_replace(text, o->model);
  text.integer("--tokens", "How many tokens are written (256 if not given)", 1,
               [o](std::int64_t n) { o->generate.tokens = n; });
  console::OptionGroup choice(app, "How the next token is chosen");
  Sampling& sampling = o->generate.sampling;
  choice.flag("--greedy", "Always the likeliest one, as --temperature 0",
              [&sampling] { sampling.temperature = 0; });
  choice.number("--temperature",
                "Below 1 likely tokens become likelier still, above 1 less so (0.8 if not given)",
                console::not_negative(), [&sampling](double x) { sampling.temperature = x; });
  choice.integer("--top-k", "Only among the N likeliest (all if not given)", 1,
                 [&sampling](std::int64_t n) { sampling.top_k = n; });
  choice.number("--top-p",
                "Only among the likeliest that together have probability X (1 if not given)",
                {" above 0 and at most 1", [](double x) { return x > 0 && x <= 1; }},
                [&sampling](double x) { sampling.top_p = x; });
  choice.integer("--seed", "The same seed writes the same text (0 if not given)", 0,
                 [o](std::int64_t n) { o->generate.seed = static_cast<std::uint64_t>(n); });
  console::OptionGroup output(app, "What you get");
  output.flag(
      "--stats",
      "Print to standard error, after the text, how long reading the prompt took and tokens a "
      "second of writing (on a terminal always)",
      [o] { o->stats = true; });
  console::add_calculation(app, o->model);
  return [o] {
    o->generate.precision = o->model.precision;
    generate(*o);
  };
}

}  // namespace clearhead::cli
