// The command `clearhead convert`: a model in another layout, type or number of files.
#include "apps/cli/convert/convert.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "apps/console/find_model.h"
#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/progress.h"
#include "clearhead/models/convert.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  std::string out;
  Conversion conversion;
};

// The bytes of "500MB" or "5GB", as Hugging Face's programs write them.
std::size_t bytes_of(const std::string& size) {
  constexpr std::pair<const char*, double> kUnits[] = {{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
  for (const auto& [unit, factor] : kUnits) {
    if (!size.ends_with(unit)) continue;
    const std::string number = size.substr(0, size.size() - 2);
    std::size_t end = 0;
    double count = 0;
    if (number.find_first_not_of("0123456789.") == std::string::npos && number.size() < 10 &&
        number.find_first_of("123456789") != std::string::npos && number.front() != '.') {
      count = std::stod(number, &end);
    }
    if (count * factor >= 1 && end == number.size())
      return static_cast<std::size_t>(count * factor);
  }
  console::refuse_value("--shard-size", "a size such as 500MB or 5GB", size);
}

void convert(Options o) {
  const std::filesystem::path model =
      console::find_model(o.model.model, console::model_folders(o.model.folder));
  if (o.out.empty()) throw console::UsageError("--out FOLDER says where the model goes; give it");
  std::optional<Progress> progress;
  const InterruptWatch interrupt;
  o.conversion.progress = [&](std::size_t done, std::size_t all) {
    if (interrupted()) throw Error("stopped; nothing is written");
    if (isatty(STDERR_FILENO) != 0) {
      constexpr std::size_t kMB = 1'000'000;
      if (!progress) {
        progress.emplace(std::cerr, static_cast<std::int64_t>(all / kMB),
                         detect_progress(STDERR_FILENO));
      }
      progress->update(static_cast<std::int64_t>(done / kMB), "MB");
    }
  };
  const Converted converted = convert_model(model, o.out, o.conversion);
  progress.reset();
  console::write_output(fmt::format(
      "{}: {}, {}\n{}", converted.what,
      console::counted(static_cast<std::int64_t>(converted.tensors), "tensor"),
      console::bytes_text(static_cast<std::int64_t>(converted.bytes)), console::wrote(o.out)));
}

}  // namespace

std::function<void()> set_up_convert(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::OptionGroup group(app, "What you get");
  group.text("--out", "FOLDER", "Where the model goes: a new folder, or an empty one",
             [o](const std::string& x) { o->out = x; });
  group.choice<ModelLayout>(
      "--layout", {{"hugging-face", ModelLayout::hugging_face}, {"clearhead", ModelLayout::ours}},
      "How it lies there: as Hugging Face's transformers read it (if not given), or as clearhead "
      "train writes it",
      [o](ModelLayout x) { o->conversion.layout = x; });
  group.choice<DType>("--dtype", {{"f32", DType::f32}, {"f16", DType::f16}, {"bf16", DType::bf16}},
                      "The type of the weights (if not given, the one that they have)",
                      [o](DType x) { o->conversion.dtype = x; });
  group.text("--shard-size", "SIZE",
             "The most that a file of weights takes, such as 500MB (if not given, 5GB)",
             [o](const std::string& x) { o->conversion.shard_bytes = bytes_of(x); });
  console::add_model_folder(group, o->model);
  return [o] { convert(*o); };
}

}  // namespace clearhead::cli
