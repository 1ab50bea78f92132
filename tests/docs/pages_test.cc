// The commands of the pages run, and print what the pages show.
//
// In a page, a fenced text marked `sh` is a script, which must succeed; one marked `console` is a
// transcript: lines after "$ " are commands, and what follows each is what it prints, where a line
// "…" stands for any lines, and numbers are as another processor may round them. All of a page run
// one after the other in one folder, which has links to the project's models, recipes and docs,
// with 80 columns; where $PREFIX is used, clearhead is installed there. `<!-- not run: why -->`
// above a fence leaves it out. With CLEARHEAD_UPDATE_PAGES=1 the pages are written anew, with what
// is printed.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/last_digit.h"
#include "tests/scale.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = CLEARHEAD_SOURCE_DIR;

std::vector<std::string> pages() {
  std::vector<std::string> found = {"README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") {
      found.push_back(fs::relative(entry.path(), kRoot).string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Printed {
  int status = 0;
  std::vector<std::string> lines;  // standard output and error, as they come
};

// Whether two lines are the same but for rounding. Numbers with a point may differ by one in the
// last digit that is shown, or by a ten-thousandth: small ones are differences of larger ones, of
// which f32 has seven digits. Spaces may differ, since a sign takes one.
bool agree(const std::string& shown, const std::string& printed) {
  static const std::regex number(R"(-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?)");
  const auto words = [](const std::string& line) {
    return std::regex_replace(std::regex_replace(line, number, "0.0"), std::regex(" +"), " ");
  };
  if (words(shown) != words(printed)) return false;
  const std::sregex_iterator end;
  std::sregex_iterator a(shown.begin(), shown.end(), number);
  for (std::sregex_iterator b(printed.begin(), printed.end(), number); a != end; ++a, ++b) {
    const double x = std::stod(a->str()), y = std::stod(b->str());
    const double digit = last_digit(a->str());
    if (std::abs(x - y) > std::max(1.001 * digit, std::abs(x) / 10000)) return false;
  }
  return true;
}

// Whether `printed` is `shown`, in which "…" stands for any lines.
bool matches(const std::vector<std::string>& shown, std::size_t i,
             const std::vector<std::string>& printed, std::size_t j) {
  if (i == shown.size()) return j == printed.size();
  if (shown[i] == "…") {
    for (std::size_t k = j; k <= printed.size(); ++k) {
      if (matches(shown, i + 1, printed, k)) return true;
    }
    return false;
  }
  return j < printed.size() && agree(shown[i], printed[j]) && matches(shown, i + 1, printed, j + 1);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// "4096/4096  rows of the map": how far work is that takes seconds. A slow machine says it, and no
// page shows it.
bool is_progress(const std::string& line) {
  static const std::regex progress("[0-9]+/[0-9]+  .*");
  return std::regex_match(line, progress);
}

// Runs the fenced texts of one page, and keeps the page as it should be.
class PageRun {
 public:
  explicit PageRun(const std::string& page) : page_(page) {
    for (const char* name : {"models", "recipes", "docs"}) {
      fs::create_directory_symlink(kRoot / name, folder_ / name);
    }
    if (page.find("$PREFIX") != std::string::npos) {
      const Printed installed =
          run("cmake --install '" CLEARHEAD_BIN_DIR "/..' --prefix \"$PREFIX\"");
      EXPECT_EQ(installed.status, 0) << joined(installed.lines);
    }
  }

  // The page as it is, but with what was printed where that is not what is shown.
  std::string run_all() {
    const std::vector<std::string> lines = lines_of(page_);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      result_ += lines[i] + "\n";
      if (!lines[i].starts_with("```")) continue;
      std::vector<std::string> body;
      const bool is_run = i == 0 || !lines[i - 1].starts_with("<!-- not run: ");
      const std::string language = lines[i].substr(3);
      for (++i; i < lines.size() && lines[i] != "```"; ++i) body.push_back(lines[i]);
      if (is_run && language == "sh") {
        run_script(body);
      } else if (is_run && language == "console") {
        run_transcript(body);
      } else {
        result_ += joined(body);
      }
      result_ += "```\n";
    }
    return result_;
  }

 private:
  Printed run(const std::string& script) const {
    set_content(folder_ / ".script", script);
    const std::string command =
        "cd '" + folder_.path().string() +
        "' && COLUMNS=80 PREFIX=\"$PWD/.installed\" PATH='" CLEARHEAD_BIN_DIR
        "':\"$PATH\" bash -eu -o pipefail .script 2>&1 < /dev/null";
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw Error("popen failed");
    std::string text;
    std::array<char, 4096> buffer{};
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      text.append(buffer.data(), n);
    }
    const int state = ::pclose(pipe);
    return {WIFEXITED(state) ? WEXITSTATUS(state) : -1, lines_of(text)};
  }

  void run_script(const std::vector<std::string>& body) {
    const Printed printed = run(joined(body));
    EXPECT_EQ(printed.status, 0) << joined(body) << joined(printed.lines);
    result_ += joined(body);
  }

  void run_transcript(const std::vector<std::string>& body) {
    for (std::size_t i = 0; i < body.size();) {
      std::string command = body[i];
      ASSERT_TRUE(command.starts_with("$ ")) << "no command: " << command;
      result_ += command + "\n";
      while (body[i].ends_with("\\") && ++i < body.size()) {
        command += "\n" + body[i];
        result_ += body[i] + "\n";
      }
      std::vector<std::string> shown;
      for (++i; i < body.size() && !body[i].starts_with("$ "); ++i) shown.push_back(body[i]);
      Printed printed = run(command.substr(2));
      std::erase_if(printed.lines, is_progress);
      const bool is_refused =
          std::any_of(printed.lines.begin(), printed.lines.end(),
                      [](const std::string& line) { return line.starts_with("clearhead: "); });
      EXPECT_TRUE(printed.status == 0 || is_refused) << command << "\n" << joined(printed.lines);
      const bool fits = matches(shown, 0, printed.lines, 0);
      EXPECT_TRUE(fits || std::getenv("CLEARHEAD_UPDATE_PAGES") != nullptr)
          << command << "\nprints, with status " << printed.status << ":\n"
          << joined(printed.lines) << "and the page shows:\n"
          << joined(shown);
      result_ += joined(fits ? shown : printed.lines);
    }
  }

  const std::string page_;
  const TemporaryFolder folder_;
  std::string result_;
};

class Pages : public testing::TestWithParam<std::string> {};

TEST_P(Pages, CommandsPrintWhatThePageShows) {
  if (is_small_scale()) {
    GTEST_SKIP() << "they take minutes under sanitizers, and other tests run these programs there";
  }
  const fs::path path = kRoot / GetParam();
  const std::string page = PageRun(content(path)).run_all();
  if (std::getenv("CLEARHEAD_UPDATE_PAGES") != nullptr) set_content(path, page);
}

INSTANTIATE_TEST_SUITE_P(All, Pages, testing::ValuesIn(pages()), [](const auto& page) {
  return std::regex_replace(page.param, std::regex("[^A-Za-z0-9]"), "_");
});

}  // namespace
}  // namespace clearhead
