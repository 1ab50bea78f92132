// clearhead as a program: what it says about itself, exit status, wrong use, completion.
#include "tests/apps/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

ProgramResult clearhead(const std::vector<std::string>& arguments) {
  return run_program("clearhead", arguments);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The options that a help text explains: words that begin a line with "--".
std::vector<std::string> options_in(const std::string& help) {
  std::vector<std::string> options;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  --")) options.push_back(words_of(line)[0]);
  }
  return options;
}

TEST(Program, WithoutArgumentsItOffersACommandThatWorks) {
  const ProgramResult result = clearhead({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.error, "");
  const std::string lead = "Try this first:\n\n  clearhead ";
  const std::size_t at = result.out.find(lead);
  ASSERT_NE(at, std::string::npos) << result.out;
  const std::size_t begin = at + lead.size();
  const std::string command = result.out.substr(begin, result.out.find('\n', begin) - begin);
  const ProgramResult tried =
      run_shell("cd " CLEARHEAD_SOURCE_DIR " && " CLEARHEAD_BIN_DIR "/clearhead " + command);
  EXPECT_EQ(tried.status, 0) << command << tried.error;
  EXPECT_THAT(tried.out, HasSubstr("The next token"));
}

TEST(Program, HelpAndVersion) {
  for (const char* asked : {"--help", "-h", "help"}) {
    EXPECT_EQ(clearhead({asked}).out, clearhead({}).out) << asked;
  }
  EXPECT_THAT(clearhead({"--version"}).out, StartsWith("clearhead 0."));
  for (const char* command :
       {"see", "explain", "dump", "compare", "attend", "bench", "map", "generate", "translate",
        "fill", "evaluate", "lab", "train", "completion", "help"}) {
    const ProgramResult help = clearhead({command, "--help"});
    EXPECT_EQ(clearhead({command, "-h"}).out, help.out);
    EXPECT_EQ(clearhead({"help", command}).out, help.out);
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, StartsWith(std::string("clearhead ") + command + ": "));
    EXPECT_THAT(help.out, HasSubstr("\nExamples:\n"));
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 90u) << line;
  }
}

TEST(Program, ACommandMayBeMadeOfOthers) {
  const ProgramResult help = clearhead({"claims", "--help"});
  EXPECT_THAT(help.out, StartsWith("clearhead claims: "));
  EXPECT_THAT(help.out, HasSubstr("\n  read "));
  EXPECT_EQ(clearhead({"claims"}).out, help.out);
  EXPECT_EQ(clearhead({"help", "claims"}).out, help.out);
  const ProgramResult read = clearhead({"claims", "read", "--help"});
  EXPECT_THAT(read.out, StartsWith("clearhead claims read: "));
  EXPECT_THAT(read.out, HasSubstr("Use: clearhead claims read PATH"));
  EXPECT_THAT(read.out, HasSubstr("\nExamples:\n"));
}

TEST(Program, WrongUseEndsWithTwoAndSaysWhatToDo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> uses = {
      {{"atend"}, "there is no command \"atend\"; did you mean attend?\nclearhead --help shows"},
      {{"seee"}, "did you mean see?"},
      {{"--verson"}, "did you mean --version?"},
      {{"attend"}, "there is nothing to attend to; give --tokens 3"},
      {{"attend", "--token", "3"}, "there is no option --token; did you mean --tokens?"},
      {{"attend", "--tokens"}, "--tokens needs a value"},
      {{"attend", "--tokens", "3", "--tokens", "4"}, "--tokens is given 2 times"},
      {{"attend", "--tokens", "3", "--save", ""}, "--save needs a value (FILE)"},
      {{"attend", "--tokens", "3", "--depth", "2"}, "--depth says more of --explain"},
      {{"attend", "--tokens", "three"}, "expected a whole number, at least 1, got \"three\""},
      {{"attend", "--tokens", "0"}, "expected a whole number, at least 1, got \"0\""},
      {{"attend", "--tokens", "3", "--scale", "nan"}, "--scale: expected a number"},
      {{"attend", "--tokens", "3", "--depth", "deep"}, "--depth: expected a whole number or all"},
      {{"attend", "--tokens", "3", "--explain", "1;2"}, "--explain: expected NAME[INDEX]"},
      {{"attend", "--tokens", "3", "--explain", "hook_z"}, "--explain: expected NAME[INDEX]"},
      {{"attend", "--tokens", "3", "--dtype", "f8"}, "--dtype: expected f32 or f64, got \"f8\""},
      {{"attend", "--tokens", "3", "--by-hand", "--fused"}, "choose one"},
      {{"attend", "--tokens", "3", "--x", "x.csv"}, "choose one"},
      {{"attend", "words.csv"}, "\"words.csv\" stands alone"},
      {{"attend", "--q", "q.csv"}, "--k and --v must be given too"},
      {{"attend", "--x", "x.csv", "--w-q", "w.csv"}, "--w-k and --w-v must be given too"},
      {{"attend", "--x", "x.csv", "--past-key", "k.csv"}, "--past-value must be given too"},
      {{"attend", "--tokens", "3", "--out", "figure.jpg"}, "figure.jpg"},
      {{"attend", "--tokens", "3", "--save", "steps.csv"}, ".safetensors or .npz"},
      {{"attend", "--tokens", "3", "--softcap", "-1"},
       "--softcap: expected a number of at least 0"},
      {{"attend", "--tokens", "3", "--threads", "4294967296"}, "a whole number from 1 to 1024"},
      {{"map", "--q", "q", "--k", "k", "--softcap", "-1"}, "--softcap: expected a number of at"},
      {{"lab", "memory", "--threads", "1025"}, "--threads: expected a whole number from 1 to 1024"},
      {{"bench", "--threads", "1025"}, "--threads: expected a whole number from 1 to 1024"},
      {{"see", "--what is this"},
       "write -- before a text that begins with a dash: clearhead see … -- \"--what is this\""},
      {{"see", "--model", "shakespeare", "-what"}, "there is no option -what; did you mean"},
      {{"see", "-what"},
       "? Or write -- before a text that begins with a dash: clearhead see … -- "},
      {{"fill", "captions", "--a <mask>"}, "a dash: clearhead fill … -- \"--a <mask>\""},
      {{"translate", "en-fr", "-A dog."}, "a dash: clearhead translate … -- \"-A dog.\""},
      {{"translate", "en-fr", "-hello"}, "a dash: clearhead translate … -- \"-hello\""},
      {{"generate", "shakespeare", "-x"},
       "Or write --prompt before a text that begins with a dash: clearhead generate … --prompt "
       "\"-x\""},
      {{"attend", "--a text"}, "there is no option --a text; did you mean"},
      {{"see", "To", "be", "or"},
       "\"be\" stands alone; a text is written in quotes: clearhead see … \"To be or\""},
      {{"see", "To be", "lm"}, "\"lm\" stands alone; see takes one text; write the option before"},
      {{"fill", "captions", "A", "<mask>", "runs"}, "clearhead fill … \"A <mask> runs\""},
      {{"generate", "shakespeare", "To", "be"}, "clearhead generate … --prompt \"To be\""},
      {{"generate", "shakespeare", "--prompt", "To", "be"}, "--prompt \"To be\""},
      {{"train", "a.json", "b.json"}, "\"b.json\" stands alone; train takes one recipe; write"},
      {{"help", "see", "map"}, "\"map\" stands alone; help takes one command\n"},
      {{"completion", "bash", "zsh"}, "\"zsh\" stands alone; completion takes one shell\n"},
      {{"help", "atend"}, "there is no command \"atend\"; did you mean attend?"},
      {{"completion"}, "needs a shell: bash|zsh"},
      {{"claims", "raed"}, "there is no command \"raed\"; did you mean read?"},
      {{"claims", "read"}, "read needs a path: PATH\nclearhead claims read --help shows"},
      {{"claims", "read", "a.csv", "--maping", "m"}, "did you mean --mapping?"},
      {{"completion", "fish"}, "expected bash or zsh, got \"fish\""},
  };
  for (const auto& [arguments, said] : uses) {
    const ProgramResult result = clearhead(arguments);
    EXPECT_EQ(result.status, 2) << said;
    EXPECT_THAT(result.error, StartsWith("clearhead: ")) << said;
    EXPECT_THAT(result.error, HasSubstr(said));
    EXPECT_THAT(result.error, EndsWith("--help shows what there is\n")) << said;
    EXPECT_EQ(result.out, "") << said;
  }
}

TEST(Program, AnOptionsTextMayBeginWithADash) {
  const TemporaryFolder folder;
  write_language_model(folder / "lm");
  const ProgramResult result = run_program(
      "clearhead", {"generate", "lm", "--prompt", "-h", "--replace", ".", "--tokens", "1"},
      folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, StartsWith(".h"));
}

// Nothing that a file or a name holds reaches the terminal as more than text.
TEST(Program, MessagesEscapeControlCharacters) {
  const TemporaryFolder folder;
  const std::string name = "a\x1b[31m\r.csv";
  const auto say = [&](const std::vector<std::string>& arguments) {
    const ProgramResult result = run_program("clearhead", arguments, folder.path());
    EXPECT_THAT(result.out + result.error, Not(HasSubstr("\x1b")));
    EXPECT_THAT(result.out + result.error, Not(HasSubstr("\r")));
    return result.out + result.error;
  };
  const std::string escaped = "a\\x1b[31m\\r.csv";
  EXPECT_THAT(say({"attend", "--x", name}), HasSubstr(escaped));
  EXPECT_THAT(say({"attend", name}), HasSubstr(escaped));
  EXPECT_THAT(say({"see", "--" + name}), HasSubstr(escaped));
  EXPECT_THAT(say({"see", "a", "--model", name}), HasSubstr(escaped));
  EXPECT_THAT(say({name}), HasSubstr(escaped));
  EXPECT_THAT(say({"attend", "--tokens", "2", "--save", "a\x1b.npz"}),
              HasSubstr("wrote a\\x1b.npz"));
}

TEST(Program, CompletionKnowsEveryOptionOfTheHelp) {
  const std::vector<std::string> options = options_in(clearhead({"attend", "--help"}).out);
  EXPECT_GT(options.size(), 30u);
  const std::string bash = clearhead({"completion", "bash"}).out;
  const std::string zsh = clearhead({"completion", "zsh"}).out;
  EXPECT_THAT(zsh, StartsWith("#compdef clearhead\n"));
  const std::vector<std::string> bash_words = words_of(bash);
  for (const std::string& option : options) {
    EXPECT_THAT(zsh, HasSubstr(option + "[")) << option;
    EXPECT_THAT(bash, HasSubstr(option)) << option;
  }
}

// What bash offers for a command line whose last word is still being typed.
std::vector<std::string> completed(const std::vector<std::string>& line) {
  std::string words;
  for (const std::string& word : line) words += " '" + word + "'";
  const TemporaryFolder folder;
  const std::string script = folder.write(
      "complete.sh", "source <('" CLEARHEAD_BIN_DIR "/clearhead' completion bash)\nCOMP_WORDS=(" +
                         words + ")\nCOMP_CWORD=" + std::to_string(line.size() - 1) +
                         "\n_clearhead\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  return words_of(run_shell("bash '" + script + "'").out);
}

TEST(Program, BashCompletes) {
  using testing::Contains;
  using testing::ElementsAre;
  EXPECT_THAT(completed({"clearhead", "att"}), ElementsAre("attend"));
  EXPECT_THAT(completed({"clearhead", "attend", "--tok"}),
              ElementsAre("--tokens", "--tokens-file"));
  EXPECT_THAT(completed({"clearhead", "attend", "--dtype", ""}), ElementsAre("f32", "f64"));
  EXPECT_THAT(completed({"clearhead", "attend", "--tokens", ""}), IsEmpty());
  EXPECT_THAT(completed({"clearhead", "completion", ""}), Contains("zsh"));
  EXPECT_THAT(completed({"clearhead", "help", "tra"}), ElementsAre("train", "translate"));
  EXPECT_THAT(completed({"clearhead", "claims", "re"}), ElementsAre("read"));
  EXPECT_THAT(completed({"clearhead", "claims", "read", "--map"}), ElementsAre("--mapping"));
  EXPECT_THAT(completed({"clearhead", "attend", "--x", CLEARHEAD_BIN_DIR "/clearhead-conf"}),
              ElementsAre(CLEARHEAD_BIN_DIR "/clearhead-conformance"));
}

TEST(Program, AReaderWhoGoesAwayIsNoError) {
  const std::string program = CLEARHEAD_BIN_DIR "/clearhead attend --tokens 30 --steps";
  // With SIGPIPE ignored, as some callers have it, the write fails instead of ending the program.
  const ProgramResult ignored =
      run_shell("trap '' PIPE; " + program + " | true; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(ignored.out, "0\n");
  EXPECT_EQ(ignored.error, "");
  EXPECT_EQ(run_shell(program + " | true").error, "");
}

TEST(Program, AFullDiskIsAnError) {
  const ProgramResult result = run_shell(CLEARHEAD_BIN_DIR "/clearhead --help > /dev/full");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("standard output cannot be written"));
}

}  // namespace
}  // namespace clearhead
