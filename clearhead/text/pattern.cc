// Searching by PCRE2, compiled to machine code where that is possible.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <new>
#include <vector>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/json_place_internal.h"
#include "clearhead/text/pattern_internal.h"

namespace clearhead {

struct CompiledPattern {
  explicit CompiledPattern(pcre2_code* compiled) : code(compiled) {}
  ~CompiledPattern() { pcre2_code_free(code); }
  CompiledPattern(const CompiledPattern&) = delete;
  CompiledPattern& operator=(const CompiledPattern&) = delete;

  pcre2_code* code;
};

namespace {

// Members of a set that are \w to Oniguruma.
constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}²³¹¼-¾)";

pcre2_code* compile(std::string_view expression, int& error, PCRE2_SIZE& offset) {
  return pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                       PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error,
                       &offset, nullptr);
}

std::string message_of(int error) {
  PCRE2_UCHAR message[256] = {};
  pcre2_get_error_message(error, message, sizeof(message));
  return reinterpret_cast<const char*>(message);
}

// Whether \p{NAME} means a script, and not a category or the like.
bool is_script(std::string_view name) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const CompiledPattern script(compile(fmt::format("\\p{{sc:{}}}", name), error, offset));
  return script.code != nullptr;
}

std::size_t after_character(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  if (rest.empty()) return at + 1;
  take_character(rest);
  return text.size() - rest.size();
}

// Translates what the two syntaxes write differently.
class Translation {
 public:
  explicit Translation(std::string_view expression) : rest_(expression) {}

  std::string run() {
    while (!rest_.empty()) {
      if (in_set_) {
        is_escape() ? escape() : within_set();
      } else if (kQuantifiers.find(rest_.front()) != std::string_view::npos) {
        rest_.front() == '{' ? interval() : copy(1);
      } else {
        part();
      }
    }
    return std::move(made_);
  }

 private:
  static constexpr std::string_view kQuantifiers = "*+?{";

  bool is_escape() const { return rest_.front() == '\\' && rest_.size() > 1; }

  void copy(std::size_t count) {
    made_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }

  // What a quantifier may follow: a character, a set, or a group as a whole.
  void part() {
    const std::size_t begin = made_.size();
    last_ = begin;
    if (is_escape()) return escape();
    if (rest_.front() == '[') return begin_set();
    if (rest_.front() == '(') {
      groups_.push_back(begin);
      return begin_group();
    }
    if (rest_.front() == ')' && !groups_.empty()) {
      last_ = groups_.back();
      groups_.pop_back();
    }
    copy(after_character(rest_, 0));
  }

  // (?m) is what PCRE2 calls (?s): a dot stands for a line end, too.
  void begin_group() {
    constexpr std::string_view kOptions = "imx-";
    copy(1);
    if (!rest_.starts_with('?')) return;
    copy(1);
    const std::size_t end = rest_.find_first_not_of(kOptions);
    if (end == std::string_view::npos || (rest_[end] != ':' && rest_[end] != ')')) return;
    for (const char option : rest_.substr(0, end)) made_ += option == 'm' ? 's' : option;
    rest_.remove_prefix(end);
  }

  // {2}, {2,}, {2,3} or {,3}. To Oniguruma a + behind one repeats again, and a ? behind {2} leaves
  // the choice of nothing, where to PCRE2 they say how the repetition gives way.
  void interval() {
    const std::size_t end = std::min(rest_.find('}'), rest_.size() - 1);
    const std::string_view inside = rest_.substr(1, std::max<std::size_t>(end, 1) - 1);
    const std::size_t comma = inside.find(',');
    if (inside.empty() || inside == "," || rest_[end] != '}' ||
        inside.find_first_not_of("0123456789,") != std::string_view::npos) {
      return brace();
    }
    const std::string_view behind = rest_.substr(end + 1);
    const bool again =
        behind.starts_with('+') || (behind.starts_with('?') && comma == std::string_view::npos);
    if (again) made_.insert(last_, "(?:");
    made_ += fmt::format("{{{}{}}}", comma == 0 ? "0" : "", inside);
    if (again) made_ += ')';
    rest_.remove_prefix(end + 1);
  }

  // A { that is no quantifier.
  void brace() {
    last_ = made_.size();
    made_ += "\\{";
    rest_.remove_prefix(1);
  }

  void begin_set() {
    in_set_ = true;
    copy(1);
    if (rest_.starts_with('^')) copy(1);
    if (rest_.starts_with(']')) made_ += '\\';  // the first ] is a member
    if (rest_.starts_with(']')) copy(1);
  }

  void within_set() {
    if (rest_.starts_with("[:")) {  // [:alpha:]
      const std::size_t end = rest_.find(":]");
      if (end != std::string_view::npos) return copy(end + 2);
    }
    if (rest_.front() == '[' || rest_.starts_with("&&")) {
      throw Error("sets within sets, and their intersection by &&, are not supported");
    }
    if (rest_.front() == ']') in_set_ = false;
    copy(1);
  }

  void escape() {
    const char what = rest_[1];
    const auto replace = [&](std::string_view outside, std::string_view inside) {
      made_ += in_set_ ? inside : outside;
      rest_.remove_prefix(2);
    };
    const auto replace_outside = [&](std::string_view outside) {
      if (in_set_) throw Error(fmt::format("\\{} within a set is not supported", what));
      replace(outside, {});
    };
    switch (what) {
      case 's':
        return replace(R"(\p{White_Space})", R"(\p{White_Space})");
      case 'S':
        return replace(R"(\P{White_Space})", R"(\P{White_Space})");
      case 'd':
        return replace(R"(\p{Nd})", R"(\p{Nd})");
      case 'D':
        return replace(R"(\P{Nd})", R"(\P{Nd})");
      case 'h':
        return replace("[0-9a-fA-F]", "0-9a-fA-F");
      case 'H':
        return replace_outside("[^0-9a-fA-F]");
      case 'w':
        return replace(fmt::format("[{}]", kWord), kWord);
      case 'W':
        return replace_outside(fmt::format("[^{}]", kWord));
      case 'p':
      case 'P':
        if (property(what)) return;
        break;
      case 'u':
        if (rest_.size() >= 6) {
          made_ += fmt::format("\\x{{{}}}", rest_.substr(2, 4));
          rest_.remove_prefix(6);
          return;
        }
        break;
      default:
        break;
    }
    copy(2);
    constexpr std::string_view kNamesInBraces = "pPxokgN";
    if (rest_.starts_with('{') && kNamesInBraces.find(what) != std::string_view::npos) {
      copy(std::min(rest_.find('}'), rest_.size() - 1) + 1);
    }
  }

  // \p{Han}: the script alone. To PCRE2 such a name means what several scripts share, too.
  bool property(char what) {
    const std::size_t end = rest_.find('}');
    if (!rest_.substr(2).starts_with('{') || end == std::string_view::npos) return false;
    std::string_view name = rest_.substr(3, end - 3);
    const std::string_view negation = name.starts_with('^') ? "^" : "";
    name.remove_prefix(negation.size());
    if (!is_script(name)) return false;
    made_ += fmt::format("\\{}{{{}sc:{}}}", what, negation, name);
    rest_.remove_prefix(end + 1);
    return true;
  }

  std::string_view rest_;
  std::string made_;
  std::size_t last_ = 0;             // where in made_ the part begins that a quantifier follows
  std::vector<std::size_t> groups_;  // where those that are open begin
  bool in_set_ = false;
};

// What matching needs besides the pattern, once for each thread.
struct Matching {
  Matching() {
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    if (stack != nullptr) pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~Matching() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  Matching(const Matching&) = delete;
  Matching& operator=(const Matching&) = delete;

  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  // Grows as repetition of groups needs it; none where PCRE2 compiles nothing.
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 << 10, 16 << 20, nullptr);
};

// How many bytes at the beginning of `text` are no UTF-8.
std::size_t invalid_prefix(std::string_view text) {
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count) {
    if (take_code_point(rest) != kNoCodePoint) break;
  }
  return count;
}

// Visits all parts of `text`, which is valid UTF-8 and begins at `offset`.
void visit_matches(const CompiledPattern& pattern, std::string_view text, std::size_t offset,
                   const TextPattern::Visitor& visit) {
  static thread_local Matching matching;
  std::size_t done = 0;
  for (std::size_t from = 0; from <= text.size();) {
    const auto match = [&](std::uint32_t options) {
      return pcre2_match(pattern.code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                         PCRE2_NO_UTF_CHECK | options, matching.data, matching.context);
    };
    int result = match(0);
    // Not compiled to machine code, it takes memory where that takes its stack.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = match(PCRE2_NO_JIT);
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      throw Error(
          fmt::format("text: the tokenizer's pattern cannot be searched for from byte {} "
                      "on ({}); divide the text into lines",
                      offset + from, message_of(result)));
    }
    const PCRE2_SIZE* const at = pcre2_get_ovector_pointer(matching.data);
    // \K may move the beginning of a match behind its end, or before what is done.
    const std::size_t end = std::max(at[1], done), begin = std::clamp(at[0], done, end);
    if (begin == end && end == done && from > 0) {  // an empty match behind another
      from = after_character(text, std::max(from, end));
      continue;
    }
    if (begin > done) visit(offset + done, offset + begin, false);
    visit(offset + begin, offset + end, true);
    done = end;
    from = begin == end ? after_character(text, end) : end;
  }
  if (done < text.size()) visit(offset + done, offset + text.size(), false);
}

void visit_string(const std::string& string, std::string_view text,
                  const TextPattern::Visitor& visit) {
  std::size_t done = 0;
  while (!string.empty()) {
    const std::size_t begin = text.find(string, done);
    if (begin == std::string_view::npos) break;
    if (begin > done) visit(done, begin, false);
    done = begin + string.size();
    visit(begin, done, true);
  }
  if (done < text.size()) visit(done, text.size(), false);
}

}  // namespace

TextPattern TextPattern::of_string(std::string text) {
  TextPattern pattern;
  pattern.string_ = std::move(text);
  return pattern;
}

TextPattern TextPattern::of_expression(std::string_view expression) {
  const std::string translated = Translation(expression).run();
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* const code = compile(translated, error, offset);
  if (code == nullptr) {
    throw Error(fmt::format("no regular expression that PCRE2 reads, at byte {} of {}: {}", offset,
                            translated, message_of(error)));
  }
  TextPattern pattern;
  pattern.compiled_ = std::make_shared<const CompiledPattern>(code);
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where it cannot, matching is only slower
  return pattern;
}

void TextPattern::visit(std::string_view text, const Visitor& visit) const {
  if (compiled_ == nullptr) return visit_string(string_, text, visit);
  for (std::size_t done = 0; done < text.size();) {
    const std::string_view rest = text.substr(done);
    const std::size_t valid = std::min(find_invalid_utf8(rest), rest.size());
    if (valid > 0) visit_matches(*compiled_, rest.substr(0, valid), done, visit);
    done += valid;
    const std::size_t invalid = invalid_prefix(text.substr(done));
    if (invalid > 0) visit(done, done + invalid, false);
    done += invalid;
  }
}

TextPattern pattern_at(const JsonPlace& place) {
  if (const JsonPlace string = place["String"]; !string.is_null()) {
    return TextPattern::of_string(string.text());
  }
  const JsonPlace expression = place["Regex"];
  if (expression.is_null()) place.fail("expected a String or a Regex, got " + place.shown());
  try {
    return TextPattern::of_expression(expression.text());
  } catch (const Error& error) {
    expression.fail(error.what());
  }
}

}  // namespace clearhead
