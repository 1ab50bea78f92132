// Writes what the lessons print and draw into their pages: lesson-pages ROOT [NUMBER…], where ROOT
// is the root of the project. scripts/lessons builds and runs it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/plot/figure_file.h"
#include "lessons/lessons.h"

namespace clearhead::lessons {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("cannot read {}", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_page(const LessonEntry& lesson, const std::filesystem::path& root) {
  const std::filesystem::path folder = root / "lessons" / lesson.folder;
  const auto find_model = [&root](const std::string& name) { return root / "models" / name; };
  Page page = parse_page(text_of(folder / "README.md"));

  std::map<std::map<std::string, std::string>, Transcript> runs;  // by settings
  runs[{}] = transcript(lesson, {}, find_model);
  for (PagePart& part : page.parts) {
    if (!part.output) continue;
    const auto& settings = part.output->settings;
    if (!runs.contains(settings)) runs[settings] = transcript(lesson, settings, find_model);
    part.output->text = runs.at(settings).step(part.output->step).text;
  }
  write_file(folder / "README.md", [&page](std::ostream& file) { file << page.text(); });
  for (const auto& [name, figure] : runs.at({}).figures) {
    std::filesystem::create_directory(folder / "figures");
    const std::filesystem::path file = folder / "figures" / (name + ".svg");
    std::visit([&file](const auto& drawn) { plot::write_figure(drawn, file); }, figure);
  }
  fmt::print("wrote lessons/{}\n", lesson.folder);
}

}  // namespace
}  // namespace clearhead::lessons

int main(int count, char** arguments) {
  using namespace clearhead::lessons;
  try {
    const std::vector<std::string> wanted(arguments + std::min(count, 2), arguments + count);
    if (count < 2) throw clearhead::Error("use: lesson-pages ROOT [NUMBER…]");
    for (const LessonEntry& lesson : all_lessons()) {
      const bool is_wanted =
          std::find(wanted.begin(), wanted.end(), std::to_string(lesson.number)) != wanted.end();
      if (wanted.empty() || is_wanted) write_page(lesson, arguments[1]);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "lesson-pages: {}\n", error.what());
    return 1;
  }
}
