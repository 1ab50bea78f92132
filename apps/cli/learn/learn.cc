// The command `clearhead learn`.
#include "apps/cli/learn/learn.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>

#include "apps/cli/learn/reader.h"
#include "apps/console/find_model.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/parallel.h"
#include "lessons/lessons.h"

namespace clearhead::cli {
namespace {

struct Options {
  std::string lesson;
  std::map<std::string, std::string> settings;
  ReadingOptions reading;
  bool straight_through = false;
  int threads = 0;
};

std::string overview(int width) {
  std::string text = "From one weight to a whole transformer:\n\n";
  for (const lessons::LessonEntry& lesson : lessons::all_lessons()) {
    const lessons::Page page = lessons::parse_page(lesson.page);
    text += fmt::format("{:>3}. {}\n     {}\n", lesson.number,
                        page.title.substr(page.title.find(' ') + 1),
                        console::wrapped(page.question, width - 5, 5));
  }
  return text + "\nBegin with: clearhead learn 1\n";
}

const lessons::LessonEntry& find_lesson(const std::string& given) {
  try {
    return lessons::find_lesson(given);
  } catch (const Error& error) {
    throw console::UsageError(error.what());
  }
}

void read(const Options& o) {
  const lessons::LessonEntry& entry = find_lesson(o.lesson);
  ReadingOptions reading = o.reading;
  reading.waits = !o.straight_through && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  for (const auto& [knob, value] : o.settings) {
    reading.turned += fmt::format("{}{}={}", reading.turned.empty() ? "" : ", ", knob, value);
  }
  if (!reading.figures.empty()) make_folder(reading.figures);
  LessonReader reader(entry, reading);
  lessons::Lesson lesson(reader, o.settings, [](const std::string& name) {
    return console::find_model(name, console::model_folders(""));
  });
  try {
    entry.teach(lesson);
    reader.end();
  } catch (const ReaderLeft&) {
  }
}

}  // namespace

std::function<void()> set_up_learn(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->reading.terminal = plot::detect_terminal(STDOUT_FILENO);
  app.add_option("lesson", o->lesson, "The lesson")->type_name("NUMBER");
  console::OptionGroup group(app, "The lesson");
  group.each_text("--set", "KNOB=VALUE", "Turn a knob; the end of a lesson lists its knobs",
                  [o](const std::string& given) {
                    const std::size_t equals = given.find('=');
                    if (equals == 0 || equals == std::string::npos) {
                      console::refuse_value("--set", "KNOB=VALUE, such as dim=64", given);
                    }
                    o->settings[given.substr(0, equals)] = given.substr(equals + 1);
                  });
  group.flag("--answers", "Show the answers to the exercises",
             [o] { o->reading.with_answers = true; });
  group.flag("--no-pause", "Do not wait for Enter after each step",
             [o] { o->straight_through = true; });
  group.text("--figures", "FOLDER", "Draw the figures into this folder, as .svg",
             [o](const std::string& folder) { o->reading.figures = folder; });
  group.threads(o->threads);
  return [o] {
    set_thread_count(o->threads);
    if (o->lesson.empty()) {
      if (!o->settings.empty()) throw console::UsageError("--set needs a lesson: learn 4 --set …");
      return console::write_output(overview(o->reading.terminal.columns));
    }
    read(*o);
  };
}

}  // namespace clearhead::cli
