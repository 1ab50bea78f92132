#include "apps/cli/model_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/cli/command.h"
#include "apps/cli/find_model.h"
#include "apps/cli/option_group.h"
#include "clearhead/base/parallel.h"
#include "clearhead/text/byte_pairs.h"

namespace clearhead {

void add_model(CLI::App& app, ModelOptions& options) {
  app.add_option("model", options.model, "The model")->type_name("MODEL");
}

void add_calculation(CLI::App& app, ModelOptions& options) {
  OptionGroup group(app, "How it is calculated");
  group.choice<Precision>(
      "--precision",
      {{"highest", Precision::highest}, {"high", Precision::high}, {"medium", Precision::medium}},
      "Of matrix products (highest if not given): high and medium are faster where the processor "
      "has AMX, and the same elsewhere",
      [&options](Precision x) { options.precision = x; });
  group.integer("--threads", "Threads (all if not given); results do not depend on them", 1,
                [&options](std::int64_t n) { options.threads = static_cast<int>(n); });
}

SavedModel open_model(const ModelOptions& options, bool keep_bf16) {
  if (options.model.empty()) {
    throw UsageError("which MODEL? Give the folder of one, or the name of one in models/");
  }
  set_thread_count(options.threads);
  return open_model(find_model(options.model), keep_bf16);
}

std::vector<Sequence> ids_of_lines(const std::vector<std::string>& lines,
                                   const Tokenizer& tokenizer, std::int64_t most,
                                   const std::string& file) {
  std::vector<Sequence> ids;
  for (const std::string& line : lines) {
    try {
      ids.push_back(tokenizer.encode(line));
      if (most > 0 && std::ssize(ids.back()) > most) {
        throw Error(fmt::format("it has {} tokens, and the model reads {} at most; shorten it",
                                ids.back().size(), most));
      }
    } catch (const Error& error) {
      throw Error(fmt::format("{}, line {}: {}", file, &line - lines.data() + 1, error.what()));
    }
  }
  return ids;
}

Sequence ids_of_masked_text(std::string text, const Tokenizer& tokenizer) {
  const std::string blank_mask = " " + std::string(kMaskToken);
  if (dynamic_cast<const BytePairTokenizer*>(&tokenizer) != nullptr) {
    for (std::size_t at; (at = text.find(blank_mask)) != std::string::npos;) text.erase(at, 1);
  }
  Sequence ids = tokenizer.encode(text);
  ids.insert(ids.begin(), tokenizer.special(kStartToken));
  ids.push_back(tokenizer.special(kEndToken));
  return ids;
}

}  // namespace clearhead
