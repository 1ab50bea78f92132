// Options on CLI11, which takes each value as text; the checks are ours.
#include "apps/console/option_group.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <optional>

#include "apps/console/usage_error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/parse_number.h"

namespace clearhead::console {
namespace {

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(',', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

}  // namespace

void OptionGroup::flag(const std::string& name, const std::string& help,
                       const std::function<void()>& take) {
  app_.add_flag_callback(name, take, help)->group(heading_);
}

void OptionGroup::text(const std::string& name, const std::string& value, const std::string& help,
                       const std::function<void(const std::string&)>& take) {
  any_text(name, value, help, [=](const std::string& given) {
    if (given.empty()) throw UsageError(fmt::format("{} needs a value ({})", name, value));
    take(given);
  });
}

void OptionGroup::any_text(const std::string& name, const std::string& value,
                           const std::string& help,
                           const std::function<void(const std::string&)>& take) {
  app_.add_option_function<std::string>(name, take, help)->type_name(value)->group(heading_);
}

void OptionGroup::texts(const std::string& name, const std::string& value, const std::string& help,
                        const std::function<void(const std::vector<std::string>&)>& take) {
  text(name, value, help, [=](const std::string& given) { take(split_at_commas(given)); });
}

void OptionGroup::repeated_text(const std::string& name, const std::string& value,
                                const std::string& help,
                                const std::function<void(const std::vector<std::string>&)>& take) {
  app_.add_option_function<std::vector<std::string>>(name, take, help)
      ->type_name(value)
      ->group(heading_)
      ->expected(1)
      ->allow_extra_args(false)  // what follows is no value, and "[a,b]" no list
      ->take_all();
}

void OptionGroup::each_text(const std::string& name, const std::string& value,
                            const std::string& help,
                            const std::function<void(const std::string&)>& take) {
  app_.add_option_function<std::string>(name, take, help)
      ->type_name(value)
      ->group(heading_)
      ->trigger_on_parse();
}

void OptionGroup::integer(const std::string& name, const std::string& help, IntegerRange range,
                          const std::function<void(std::int64_t)>& take) {
  text(name, "N", help, [=](const std::string& given) {
    const std::optional<std::int64_t> number = parse_number<std::int64_t>(given);
    if (number && range.least <= *number && *number <= range.most) return take(*number);
    const bool too_large = !number && given.find_first_not_of("0123456789") == std::string::npos;
    const bool has_most = range.most < IntegerRange(0).most;
    refuse_value(name,
                 has_most || too_large
                     ? fmt::format("a whole number from {} to {}", range.least, range.most)
                     : fmt::format("a whole number, at least {}", range.least),
                 given);
  });
}

void OptionGroup::integers(const std::string& name, const std::string& value,
                           const std::string& help,
                           const std::function<void(const std::vector<std::int64_t>&)>& take) {
  text(name, value, help, [=](const std::string& given) {
    std::vector<std::int64_t> numbers;
    for (const std::string& part : split_at_commas(given)) {
      const std::optional<std::int64_t> number = parse_number<std::int64_t>(part);
      if (!number) refuse_value(name, "whole numbers with commas between them", given);
      numbers.push_back(*number);
    }
    take(numbers);
  });
}

void OptionGroup::number(const std::string& name, const std::string& help, const NumberRange& range,
                         const std::function<void(double)>& take) {
  text(name, "X", help, [=](const std::string& given) {
    const std::optional<double> number = parse_number<double>(given);
    if (!number || !std::isfinite(*number) || !range.has(*number)) {
      refuse_value(name, "a number" + range.words, given);
    }
    take(*number);
  });
}

void OptionGroup::number(const std::string& name, const std::string& help,
                         const std::function<void(double)>& take) {
  number(name, help, {"", [](double) { return true; }}, take);
}

void OptionGroup::threads(int& count) {
  integer("--threads", "Threads (all if not given); only times depend on them", {1, kMaxThreads},
          [&count](std::int64_t n) { count = static_cast<int>(n); });
}

NumberRange not_negative() {
  return {" of at least 0", [](double x) { return x >= 0; }};
}

void refuse_value(const std::string& name, const std::string& expected, const std::string& value) {
  throw UsageError(fmt::format("{}: expected {}, got \"{}\"", name, expected, value));
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return text;
}

}  // namespace clearhead::console
