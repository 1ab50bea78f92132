// The options of a command, in groups, with checks that say what they expected.
#ifndef CLEARHEAD_APPS_CONSOLE_OPTION_GROUP_H_
#define CLEARHEAD_APPS_CONSOLE_OPTION_GROUP_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace clearhead::console {

/// The whole numbers that an option takes.
struct IntegerRange {
  // Implicit, so that most say just `1`.
  IntegerRange(std::int64_t least,  // NOLINT
               std::int64_t most = std::numeric_limits<std::int64_t>::max())
      : least(least), most(most) {}
  std::int64_t least, most;
};

/// The numbers that an option takes: in words that follow "a number", and as a check.
struct NumberRange {
  std::string words;
  bool (*has)(double);
};
/// "a number of at least 0"
NumberRange not_negative();

/// Adds options to a command under a common heading of its help. `name` is the full name of an
/// option ("--tokens"). `value` stands for its value in the help, such as "N"; shells complete one
/// that begins with "FILE" to names of files, and "a|b" to a or b. `take` is called with the value
/// if the option is given. A wrong value throws UsageError.
class OptionGroup {
 public:
  OptionGroup(CLI::App& app, std::string heading) : app_(app), heading_(std::move(heading)) {}

  void flag(const std::string& name, const std::string& help, const std::function<void()>& take);
  void text(const std::string& name, const std::string& value, const std::string& help,
            const std::function<void(const std::string&)>& take);
  /// A text that may be empty.
  void any_text(const std::string& name, const std::string& value, const std::string& help,
                const std::function<void(const std::string&)>& take);
  /// Texts between commas.
  void texts(const std::string& name, const std::string& value, const std::string& help,
             const std::function<void(const std::vector<std::string>&)>& take);
  /// May be given several times.
  void repeated_text(const std::string& name, const std::string& value, const std::string& help,
                     const std::function<void(const std::vector<std::string>&)>& take);
  /// The same, but `take` is called with each, in the order of the command line across such
  /// options.
  void each_text(const std::string& name, const std::string& value, const std::string& help,
                 const std::function<void(const std::string&)>& take);
  void integer(const std::string& name, const std::string& help, IntegerRange range,
               const std::function<void(std::int64_t)>& take);
  /// Whole numbers between commas.
  void integers(const std::string& name, const std::string& value, const std::string& help,
                const std::function<void(const std::vector<std::int64_t>&)>& take);
  /// A finite number.
  void number(const std::string& name, const std::string& help, const NumberRange& range,
              const std::function<void(double)>& take);
  void number(const std::string& name, const std::string& help,
              const std::function<void(double)>& take);
  /// --threads.
  void threads(int& count);
  /// One of a few words, each of which means a value.
  template <typename T>
  void choice(const std::string& name, const std::vector<std::pair<std::string, T>>& choices,
              const std::string& help, const std::function<void(T)>& take);

 private:
  CLI::App& app_;
  std::string heading_;
};

/// Throws UsageError: the value of option `name` is not `expected`.
[[noreturn]] void refuse_value(const std::string& name, const std::string& expected,
                               const std::string& value);

/// "a, b or c".
std::string alternatives(const std::vector<std::string>& words);

template <typename T>
void OptionGroup::choice(const std::string& name,
                         const std::vector<std::pair<std::string, T>>& choices,
                         const std::string& help, const std::function<void(T)>& take) {
  std::string value;
  std::vector<std::string> words;
  for (const auto& [word, meaning] : choices) {
    value += (words.empty() ? "" : "|") + word;
    words.push_back(word);
  }
  text(name, value, help, [=](const std::string& given) {
    for (const auto& [word, meaning] : choices) {
      if (word == given) return take(meaning);
    }
    refuse_value(name, alternatives(words), given);
  });
}

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_OPTION_GROUP_H_
