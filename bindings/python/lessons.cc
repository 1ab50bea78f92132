// Lessons: run with knobs turned, and their pages. What people import is clearhead/lessons.py.
#include "lessons/lessons.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/figures.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"

namespace clearhead::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

using lessons::LessonEntry;
using lessons::Transcript;

Transcript run(const std::string& lesson, const std::map<std::string, std::string>& settings,
               const lessons::ModelFinder& find_model) {
  const LongCall call;
  return lessons::transcript(lessons::find_lesson(lesson), settings, find_model);
}

std::vector<lessons::Knob> knobs(const LessonEntry& lesson,
                                 const lessons::ModelFinder& find_model) {
  const LongCall call;
  return lessons::knobs_of(lesson, find_model);
}

const char* agreement(const Transcript::Step& step) {
  switch (step.numbers) {
    case lessons::Numbers::exact:
      return "exact";
    case lessons::Numbers::trained:
      return "trained";
    case lessons::Numbers::measured:
      return "measured";
    case lessons::Numbers::sampled:
      return "sampled";
  }
  return "";
}

std::map<std::string, DrawnFigure> figures(const Transcript& said) {
  std::map<std::string, DrawnFigure> all;
  for (const auto& [name, figure] : said.figures) all[name] = {figure};
  return all;
}

void add_pages(nb::module_& m) {
  nb::class_<lessons::OutputPlace>(m, "OutputPlace", "A place of a page for what a step prints.")
      .def_ro("step", &lessons::OutputPlace::step)
      .def_ro("settings", &lessons::OutputPlace::settings)
      .def_ro("text", &lessons::OutputPlace::text);
  nb::class_<lessons::PagePart>(m, "PagePart", "Prose, and the output that follows it.")
      .def_ro("prose", &lessons::PagePart::prose)
      .def_ro("output", &lessons::PagePart::output);
  nb::class_<LessonEntry>(m, "LessonEntry", "A lesson that can be run, and its page.")
      .def_ro("number", &LessonEntry::number)
      .def_ro("folder", &LessonEntry::folder)
      .def_prop_ro("title",
                   [](const LessonEntry& lesson) { return lessons::parse_page(lesson.page).title; })
      .def_prop_ro("parts",
                   [](const LessonEntry& lesson) { return lessons::parse_page(lesson.page).parts; })
      .def("knobs", knobs, "find_model"_a);
  m.def("all_lessons", lessons::all_lessons, nb::rv_policy::reference);
  m.def("find_lesson", lessons::find_lesson, nb::rv_policy::reference, "lesson"_a);
}

}  // namespace

void add_lessons(nb::module_& m) {
  nb::class_<lessons::Knob>(m, "Knob", "A value of a lesson that may be changed.")
      .def_ro("name", &lessons::Knob::name, "Its name.")
      .def_ro("value", &lessons::Knob::value, "What it was set to, as text.")
      .def_ro("meaning", &lessons::Knob::meaning, "What it is, and in brackets what it can be.")
      .def("__repr__", [](const lessons::Knob& knob) {
        return "<Knob " + knob.name + "=" + knob.value + ": " + knob.meaning + ">";
      });
  nb::class_<Transcript::Step>(m, "Step", "A step of a lesson; a notebook shows what it printed.")
      .def_ro("name", &Transcript::Step::name, "Its name.")
      .def_ro("text", &Transcript::Step::text, "What it printed: whole lines.")
      .def_prop_ro("numbers", agreement,
                   "What its numbers are: \"exact\", \"trained\" (roundings differ from processor "
                   "to processor, and add up), \"measured\" (times), or \"sampled\" (texts that a "
                   "network writes).")
      .def("__repr__", [](const Transcript::Step& step) {
        return step.text.substr(0, step.text.find_last_not_of('\n') + 1);
      });
  nb::class_<Transcript>(m, "Transcript", "What a lesson said.")
      .def_ro("knobs", &Transcript::knobs)
      .def_ro("steps", &Transcript::steps)
      .def_prop_ro("figures", figures)
      .def_ro("claims", &Transcript::claims);
  add_pages(m);
  m.def("run_lesson", run, "lesson"_a, "settings"_a, "find_model"_a);
}

}  // namespace clearhead::python
