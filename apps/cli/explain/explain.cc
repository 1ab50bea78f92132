// The command `clearhead explain`: where one number of a run comes from.
#include "apps/cli/explain/explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "apps/console/explanation.h"
#include "apps/console/named_numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/usage_error.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ReadingOptions reading;
  std::string place;
  int depth = 1;
};

void explain(Options o) {
  // With --file, TEXT is not given, and so the only argument is the place.
  if (!o.reading.text.file.empty() && o.place.empty()) std::swap(o.place, o.reading.text.text);
  if (o.place.empty()) {
    throw console::UsageError(
        "which NAME[INDEX]? For example blocks.0.attn.hook_z[0,2,1]; `clearhead see \"TEXT\" "
        "--list` prints the names");
  }
  const console::Numbers asked = console::parse_numbers("NAME[INDEX]", o.place);
  const Reading reading = console::read(o.reading);
  console::write_output(console::print_explanation(reading, asked, o.depth, o.place));
}

}  // namespace

std::function<void()> set_up_explain(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_reading(app, o->reading);
  app.add_option("place", o->place, "The number: INDEX counts from 0; -1 is the last place")
      ->type_name("NAME[INDEX]");
  console::OptionGroup group(app, "What you get");
  group.integer("--depth", "How many steps back it goes, at most 8 (1 if not given)",
                {1, console::kMostDepth}, [o](std::int64_t n) { o->depth = static_cast<int>(n); });
  return [o] { explain(*o); };
}

}  // namespace clearhead::cli
