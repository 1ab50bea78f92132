// The command `clearhead dump`: all activations of one run into a file.
#include "apps/cli/dump/dump.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "apps/console/activations.h"
#include "apps/console/figures.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ReadingOptions reading;
  std::vector<std::string> only;
  std::string save;
};

void dump(const Options& o) {
  if (o.save.empty()) throw console::UsageError("--save FILE says where the numbers go; give it");
  console::check_results({}, o.save);
  const Reading reading = console::read(o.reading);
  std::vector<std::string> names = console::activation_names(reading.tape, o.only, "--only");
  const std::vector<std::string> large = console::take_out_large_views(reading.tape, names);
  if (names.empty()) {
    throw Error(
        fmt::format("{}: it is calculated only where it is looked at, and of {} it is too large "
                    "for a file; read fewer tokens (--last), or, for attention, queries and keys: "
                    "`clearhead map` calculates any part of it from them",
                    large[0], console::counted(std::ssize(reading.text.ids), "token")));
  }
  console::save_activations(reading.tape, names, o.save);
  console::write_output(fmt::format("{}\n{}{}", console::counted(std::ssize(names), "value"),
                                    console::wrote(o.save), console::left_out_text(large)));
}

}  // namespace

std::function<void()> set_up_dump(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::OptionGroup group(app, "What you get");
  group.text("--save", "FILE", "The file, with TransformerLens's axes: .safetensors or .npz",
             [o](const std::string& x) { o->save = x; });
  group.repeated_text("--only", "NAME",
                      "Only values of this name, in which * stands for any text (all if not "
                      "given). May be given several times",
                      [o](const std::vector<std::string>& x) { o->only = x; });
  console::add_reading(app, o->reading);
  return [o] { dump(*o); };
}

}  // namespace clearhead::cli
