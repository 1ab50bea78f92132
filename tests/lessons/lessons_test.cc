// Each lesson runs, what its page claims is so, and what its page prints is the program's.
#include "lessons/lessons.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/plot/label.h"
#include "tests/lessons/compare_output.h"
#include "tests/scale.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead::lessons {
namespace {

const std::filesystem::path kRoot = CLEARHEAD_SOURCE_DIR;

// A lesson's program is a page.
constexpr std::int64_t kMostLines = 120;

// With sanitizers these would take minutes, and run nothing that other tests do not.
const std::set<int> kTakesLong = {4, 6, 7, 8, 11, 15, 18, 19, 20};
const bool kIsSmall = is_small_scale();

// All matches of the first group.
std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

// From the heading up to the next of its rank.
std::string section(const std::string& page, const std::string& heading) {
  const std::size_t begin = page.find("\n" + heading + "\n");
  if (begin == std::string::npos) return {};
  const std::size_t end = page.find("\n## ", begin + 1);
  return page.substr(begin, end == std::string::npos ? end : end - begin);
}

using Settings = std::map<std::string, std::string>;

Transcript run(const LessonEntry& lesson, const Settings& settings = {}) {
  return transcript(lesson, settings,
                    [](const std::string& name) { return kRoot / "models" / name; });
}

void expect_outputs(const LessonEntry& lesson, const Transcript& usual) {
  std::vector<std::string> steps;  // as the page has them
  std::string printed;             // all that stands on the page
  std::map<Settings, Transcript> turned;
  for (const PagePart& part : parse_page(lesson.page).parts) {
    if (!part.output) continue;
    const OutputPlace& place = *part.output;
    const bool is_usual = place.settings.empty();
    if (is_usual) steps.push_back(place.step);
    if (!is_usual && !turned.contains(place.settings)) {
      turned[place.settings] = run(lesson, place.settings);
    }
    const Transcript& said = is_usual ? usual : turned.at(place.settings);
    const Transcript::Step& step = said.step(place.step);
    EXPECT_EQ(difference(place.text, step.text, step.numbers), "")
        << "in step " << place.step << "; scripts/lessons " << lesson.number
        << " writes the page anew";
    std::istringstream lines(step.text);
    for (std::string line; std::getline(lines, line);) {
      if (step.numbers == Numbers::sampled) break;  // a network ends lines where it likes
      EXPECT_LE(plot::display_width(line), 78) << "too wide for a terminal: " << line;
    }
    printed += place.text;
  }
  std::vector<std::string> all;
  for (const Transcript::Step& step : usual.steps) all.push_back(step.name);
  EXPECT_EQ(steps, all) << "the page shows each step once, in order";

  // Whoever writes a number in a sentence took it from the program.
  for (const auto& [sentence, holds] : usual.claims) printed += sentence + "\n";
  for (const Knob& knob : usual.knobs) printed += knob.meaning + "\n";
  for (const std::string& number : numbers_in_prose(lesson.page)) {
    EXPECT_NE(printed.find(number), std::string::npos)
        << "the page says " << number << ", and the program does not print it";
  }
}

void expect_claims(const LessonEntry& lesson, const Transcript& usual) {
  std::set<std::string> claimed;
  for (const auto& [sentence, holds] : usual.claims) {
    EXPECT_TRUE(holds) << sentence;
    claimed.insert(sentence);
  }
  const std::vector<std::string> bullets =
      matches(section(lesson.page, "## What to notice"), std::regex("\n- \\*\\*([^*]+)\\*\\*"));
  std::set<std::string> stated;
  for (const std::string& bullet : bullets) {  // a sentence may go over lines
    stated.insert(std::regex_replace(bullet, std::regex("\\s+"), " "));
  }
  EXPECT_GE(claimed.size(), 2U);
  EXPECT_EQ(stated, claimed) << "the bold sentences under \"What to notice\" are the claims";
}

void expect_figures(const LessonEntry& lesson, const Transcript& usual) {
  const std::vector<std::string> shown =
      matches(lesson.page, std::regex("\\(figures/([^)]+)\\.svg\\)"));
  std::set<std::string> drawn;
  for (const auto& [name, figure] : usual.figures) {
    drawn.insert(name);
    const auto file = kRoot / "lessons" / lesson.folder / "figures" / (name + ".svg");
    EXPECT_TRUE(std::filesystem::exists(file)) << file;
  }
  EXPECT_EQ(std::set<std::string>(shown.begin(), shown.end()), drawn);
}

class EachLesson : public testing::TestWithParam<LessonEntry> {};

TEST_P(EachLesson, IsAsItsPageSays) {
  const LessonEntry& lesson = GetParam();
  if (kIsSmall && kTakesLong.contains(lesson.number)) GTEST_SKIP() << "takes seconds";
  const Transcript usual = run(lesson);
  expect_outputs(lesson, usual);
  expect_claims(lesson, usual);
  expect_figures(lesson, usual);
}

TEST_P(EachLesson, IsAPageLong) {
  const LessonEntry& lesson = GetParam();
  std::ifstream file(kRoot / "lessons" / lesson.folder / "lesson.cc");
  const std::string program{std::istreambuf_iterator<char>(file), {}};
  EXPECT_LE(std::count(program.begin(), program.end(), '\n'), kMostLines);
  const std::string page = lesson.page;
  EXPECT_TRUE(page.starts_with("# " + std::to_string(lesson.number) + ". "));
  for (const char* heading : {"## What to notice", "## Exercises", "## Sources"}) {
    EXPECT_NE(section(page, heading), "") << heading;
  }
  EXPECT_NE(section(page, "## Exercises").find("<details>"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Ladder, EachLesson, testing::ValuesIn(all_lessons()),
                         [](const auto& info) { return "Lesson" + info.param.folder; });

TEST(Lessons, AreInOrder) {
  int last = 0;
  for (const LessonEntry& lesson : all_lessons()) {
    EXPECT_GT(lesson.number, last);
    last = lesson.number;
  }
}

TEST(Lessons, AreFoundByNumberAndName) {
  EXPECT_EQ(find_lesson("4").folder, "04_scaling");
  EXPECT_EQ(find_lesson("scaling").number, 4);
  expect_error([] { find_lesson("04"); }, "there is no lesson 04; expected a number from 1 to 20");
}

TEST(Lessons, SayTheirKnobs) {
  for (const LessonEntry& lesson : all_lessons()) {
    const std::vector<Knob> knobs =
        knobs_of(lesson, [](const std::string& name) { return kRoot / "models" / name; });
    EXPECT_FALSE(knobs.empty()) << lesson.folder;
    for (const Knob& knob : knobs) EXPECT_NE(knob.meaning.find('('), std::string::npos);
  }
}

TEST(Lessons, RefuseWhatIsNoKnob) {
  const auto run = [](std::map<std::string, std::string> settings) {
    return [settings] { transcript(all_lessons().front(), settings, {}); };
  };
  expect_error(run({{"colour", "red"}}), "--set colour=red: this lesson has no knob of that name");
}

TEST(Lessons, RefuseTextsThatAreTooShort) {
  const auto honest = std::find_if(all_lessons().begin(), all_lessons().end(),
                                   [](const auto& lesson) { return lesson.number == 20; });
  ASSERT_NE(honest, all_lessons().end());
  expect_error([&] { run(*honest, {{"text", ""}}); }, "--set text=: expected a longer text");
  expect_error([&] { run(*honest, {{"text", "a"}}); }, "--set text=a: expected a longer text");
}

}  // namespace
}  // namespace clearhead::lessons
