// Lessons by number, and run to their end or to their knobs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clearhead/base/error.h"
#include "lessons/lessons.h"

namespace clearhead::lessons {
namespace {

class Writer : public Listener {
 public:
  void begin(const std::vector<Knob>& knobs) override { written.knobs = knobs; }
  void step(std::string_view name, Numbers numbers) override {
    written.steps.push_back({std::string(name), numbers, {}});
  }
  void text(std::string_view lines) override { written.steps.back().text += lines; }
  void figure(std::string_view name, const Figure& figure) override {
    written.figures.insert_or_assign(std::string(name), figure);
  }
  void claim(std::string_view sentence, bool holds) override {
    written.claims.emplace_back(sentence, holds);
  }

  Transcript written;
};

// Ends a lesson as soon as its knobs are known.
class AtKnobs : public Writer {
 public:
  struct Reached {};
  void begin(const std::vector<Knob>& knobs) override {
    Writer::begin(knobs);
    throw Reached();
  }
};

}  // namespace

const LessonEntry& find_lesson(const std::string& given) {
  for (const LessonEntry& lesson : all_lessons()) {
    const std::string name = lesson.folder.substr(lesson.folder.find('_') + 1);
    if (given == std::to_string(lesson.number) || given == name) return lesson;
  }
  throw Error(fmt::format("there is no lesson {}; expected a number from 1 to {}", given,
                          all_lessons().back().number));
}

const Transcript::Step& Transcript::step(const std::string& name) const {
  std::vector<std::string> names;
  for (const Step& step : steps) {
    if (step.name == name) return step;
    names.push_back(step.name);
  }
  throw Error(fmt::format("the lesson has no step {}; it has {}", name, fmt::join(names, ", ")));
}

Transcript transcript(const LessonEntry& lesson, const std::map<std::string, std::string>& settings,
                      const ModelFinder& find_model) {
  Writer writer;
  Lesson running(writer, settings, find_model);
  lesson.teach(running);
  return writer.written;
}

std::vector<Knob> knobs_of(const LessonEntry& lesson, const ModelFinder& find_model) {
  AtKnobs writer;
  Lesson running(writer, {}, find_model);
  try {
    lesson.teach(running);
  } catch (const AtKnobs::Reached&) {
  }
  return writer.written.knobs;
}

}  // namespace clearhead::lessons
