// Files first, then text, so that files are whole even if a reader of the text leaves early.
#include "apps/cli/lens/results.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "apps/console/numbers.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

// What names of two stacks become where they are long.
constexpr std::pair<std::string_view, std::string_view> kShorter[] = {
    {"blocks.", ""}, {"encoder.", "enc."}, {"decoder.", "dec."}, {"cross_attn", "cross"}};

}  // namespace

void add_lens_results(CLI::App& app, LensResultOptions& o) {
  console::OptionGroup group(app, "What else you get");
  group.repeated_text("--out", "FILE",
                      "Draw it: .svg, .pdf, .png or .html. May be given several times",
                      [&o](const std::vector<std::string>& x) { o.out = x; });
  group.text("--save", "FILE", "Write the numbers: .safetensors or .npz",
             [&o](const std::string& x) { o.save = x; });
  console::add_figure_options(group, o.figure, "linear if not given");
}

void check(const LensResultOptions& o) { console::check_results(o.out, o.save); }

void check_size(const LensResultOptions& o, std::int64_t count, const Shape& shape,
                const std::string& advice) {
  constexpr double kMostBytes = 4.0 * (1 << 30);
  const double bytes = 8.0 * static_cast<double>(count) * static_cast<double>(element_count(shape));
  if (o.save.empty() || bytes <= kMostBytes) return;
  throw console::UsageError(fmt::format("--save: {} of {} would take {}; {}",
                                        console::counted(count, "array"), to_string(shape),
                                        console::bytes_text(std::llround(bytes)), advice));
}

plot::TerminalOptions terminal() { return plot::detect_terminal(STDOUT_FILENO); }

std::vector<std::string> short_names(std::vector<std::string> names) {
  constexpr std::size_t kShort = 15;
  const auto drop_common = [&](const auto& part_of, const auto& drop) {
    const std::string part = part_of(names[0]);
    const bool is_common =
        !part.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
          return part_of(name) == part;
        });
    if (is_common) std::for_each(names.begin(), names.end(), drop);
    return is_common;
  };
  const auto last = [](const std::string& name) {
    return name.find('.') == std::string::npos ? "" : name.substr(name.rfind('.'));
  };
  drop_common(last, [](std::string& name) { name.erase(name.rfind('.')); });
  const auto is_long = [](const std::string& name) { return name.size() > kShort; };
  const auto first = [](const std::string& name) { return name.substr(0, name.find('.') + 1); };
  const auto are_long = [&] { return std::any_of(names.begin(), names.end(), is_long); };
  while (are_long() &&
         drop_common(first, [](std::string& name) { name.erase(0, name.find('.') + 1); })) {
  }
  for (const auto& [part, instead] : kShorter) {
    if (!are_long()) break;
    for (std::string& name : names) {
      if (const std::size_t at = name.find(part); at != std::string::npos) {
        name.replace(at, part.size(), instead);
      }
    }
  }
  return names;
}

std::string signed_number(double value) {
  return console::with_minus(fmt::format("{:+.4f}", value));
}

void finish(const LensResultOptions& o, std::string text, const plot::Heatmap& figure,
            const NamedTensors& numbers) {
  if (!o.out.empty()) text += "\n" + console::write_figures(figure, o.out);
  if (!o.save.empty()) {
    write_tensors(o.save, numbers);
    text += (o.out.empty() ? "\n" : "") + console::wrote(o.save);
  }
  text.erase(text.find_last_not_of('\n') + 1);
  console::write_output(text + "\n");
}

}  // namespace clearhead::cli
