// A lesson run to its end, and what it said.
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
    written.claims[std::string(sentence)] = holds;
  }

  Transcript written;
};

}  // namespace

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

}  // namespace clearhead::lessons
