// All lessons, in order. The table is made from the folders when the build is configured
// (lessons/CMakeLists.txt).
#ifndef CLEARHEAD_LESSONS_LESSONS_H_
#define CLEARHEAD_LESSONS_LESSONS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lessons/lesson.h"
#include "lessons/page.h"

namespace clearhead::lessons {

struct LessonEntry {
  int number = 0;
  std::string folder;  ///< "04_scaling"
  void (*teach)(Lesson&) = nullptr;
  const char* page = nullptr;  ///< README.md
};

const std::vector<LessonEntry>& all_lessons();

/// The lesson of a number or a name: "4" or "scaling". Throws Error if there is none.
const LessonEntry& find_lesson(const std::string& given);

/// What a lesson said.
struct Transcript {
  struct Step {
    std::string name;
    Numbers numbers = Numbers::exact;
    std::string text;
  };
  std::vector<Knob> knobs;
  std::vector<Step> steps;
  std::map<std::string, Figure> figures;
  std::vector<std::pair<std::string, bool>> claims;

  /// Throws Error, naming the steps there are, if there is none of that name.
  const Step& step(const std::string& name) const;
};

/// Runs a lesson to its end. Throws Error as its knobs do.
Transcript transcript(const LessonEntry& lesson, const std::map<std::string, std::string>& settings,
                      const ModelFinder& find_model);

/// What the learner of a lesson may change, as it is usually. Does not run its steps.
std::vector<Knob> knobs_of(const LessonEntry& lesson, const ModelFinder& find_model);

}  // namespace clearhead::lessons

#endif  // CLEARHEAD_LESSONS_LESSONS_H_
