// What a page prints against what the program prints.
#include "tests/lessons/compare_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <regex>
#include <sstream>

#include "tests/last_digit.h"

namespace clearhead::lessons {
namespace {

const std::regex kNumber(R"([-+]?[0-9][0-9,]*(\.[0-9]+)?(e[-+]?[0-9]+)?)");

std::string without_commas(std::string text) {
  std::erase(text, ',');
  return text;
}

bool agree(const std::string& page, const std::string& program, Numbers numbers) {
  if (page == program || numbers == Numbers::measured) return true;
  const double a = std::stod(without_commas(page));
  const double b = std::stod(without_commas(program));
  const bool is_count = page.find_first_of(".e") == std::string::npos;
  const double unit = is_count ? 0 : std::max(last_digit(page), last_digit(program));
  const double tenth = numbers == Numbers::trained ? std::max(std::abs(a), std::abs(b)) / 10 : 0;
  return std::abs(a - b) <= 1.001 * unit + tenth;
}

bool agree_lines(const std::string& page, const std::string& program, Numbers numbers) {
  const auto words = [](const std::string& line) {
    const std::string masked = std::regex_replace(line, kNumber, "0");
    return std::regex_replace(masked, std::regex("[ -]+"), " ");
  };
  if (words(page) != words(program)) return false;
  std::sregex_iterator a(page.begin(), page.end(), kNumber);
  std::sregex_iterator b(program.begin(), program.end(), kNumber);
  for (; a != std::sregex_iterator() && b != std::sregex_iterator(); ++a, ++b) {
    if (!agree(a->str(), b->str(), numbers)) return false;
  }
  return true;
}

}  // namespace

std::string difference(const std::string& page, const std::string& program, Numbers numbers) {
  if (numbers == Numbers::sampled) return {};
  std::istringstream page_lines(page);
  std::istringstream program_lines(program);
  std::string a, b;
  while (true) {
    const bool has_a = static_cast<bool>(std::getline(page_lines, a));
    const bool has_b = static_cast<bool>(std::getline(program_lines, b));
    if (!has_a && !has_b) return {};
    if (has_a != has_b) return has_a ? "only the page has: " + a : "only the program has: " + b;
    if (!agree_lines(a, b, numbers)) return fmt::format("page:    {}\nprogram: {}", a, b);
  }
}

std::vector<std::string> numbers_in_prose(const std::string& page) {
  std::istringstream lines(page.substr(0, page.find("\n## Sources\n")));
  std::string prose;
  bool fenced = false;
  for (std::string line; std::getline(lines, line);) {
    const bool is_fence = line.starts_with("```");
    if (is_fence) fenced = !fenced;
    if (!fenced && !is_fence && !line.starts_with("#") && !line.starts_with("<!--"))
      prose += line + "\n";
  }
  for (const char* left_out : {R"(`[^`]*`)", R"(\$[^$]*\$)", R"(\]\([^)]*\))"}) {
    prose = std::regex_replace(prose, std::regex(left_out), " ");
  }
  std::vector<std::string> numbers;
  for (std::sregex_iterator it(prose.begin(), prose.end(), kNumber), end; it != end; ++it) {
    std::string number = it->str();
    while (number.ends_with(',')) number.pop_back();
    if (number.starts_with('-') || number.starts_with('+')) number.erase(0, 1);
    if (number.find('.') != std::string::npos || number.size() >= 3) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace clearhead::lessons
