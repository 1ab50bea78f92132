// Translates lines of text for `clearhead translate` and `clearhead evaluate`.
#include "apps/console/translated_lines.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "apps/console/model_options.h"
#include "apps/console/option_group.h"
#include "clearhead/base/progress.h"
#include "clearhead/text/utf8.h"

namespace clearhead::console {
namespace {

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

// As one line of valid UTF-8, whatever the model wrote.
std::string line_of(const std::vector<std::int64_t>& tokens, const Tokenizer& tokenizer) {
  std::string text = replace_invalid_utf8(tokenizer.decode(tokens));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

void add_search_options(OptionGroup& group, BeamSearchOptions& options) {
  group.integer("--beam",
                "How many translations are tried side by side (5 if not given); 1 always takes the "
                "likeliest token",
                {1, BeamSearchOptions::kMostBeam},
                [&options](std::int64_t n) { options.beam = n; });
  group.number("--length-penalty",
               "A larger X favours longer translations: log probabilities are divided by ((5 + "
               "length)/6)^X (0.6 if not given)",
               not_negative(), [&options](double x) { options.length_penalty = x; });
}

std::vector<std::vector<TranslatedLine>> translate_lines(const SavedModel& saved,
                                                         const std::vector<std::string>& lines,
                                                         const ModelOptions& model_options,
                                                         const BeamSearchOptions& options,
                                                         const std::string& file,
                                                         bool shows_progress) {
  const TranslationModel& model = as<TranslationModel>(saved);
  const Tokenizer& tokenizer = *saved.tokenizer;
  BeamSearchOptions search = search_options(saved);
  search.beam = options.beam;
  search.length_penalty = options.length_penalty;
  search.n_best = options.n_best;
  search.precision = options.precision;
  const std::int64_t most = most_tokens(model, 1);  // </s> comes to it
  std::vector<Sequence> ids = ids_of_lines(lines, tokenizer, model_options, most, file), sources;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_blank(lines[i])) sources.push_back(std::move(ids[i]));
  }
  std::optional<Progress> progress;
  if (shows_progress) {
    progress.emplace(std::cerr, std::ssize(sources), detect_progress(STDERR_FILENO));
  }
  const auto found = translate(model, sources, search, [&](std::int64_t done) {
    if (progress) progress->update(done, "translated");
  });
  std::vector<std::vector<TranslatedLine>> translated;
  auto next = found.begin();
  for (const std::string& line : lines) {
    std::vector<TranslatedLine>& best = translated.emplace_back();
    if (is_blank(line)) {
      best.emplace_back();
      continue;
    }
    for (const Translation& translation : *next++) {
      best.push_back({line_of(translation.tokens, tokenizer), translation.score});
    }
  }
  return translated;
}

}  // namespace clearhead::console
