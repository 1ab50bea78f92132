// A text that a trained model reads, for the commands that look into that run.
#ifndef CLEARHEAD_APPS_CONSOLE_READING_H_
#define CLEARHEAD_APPS_CONSOLE_READING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apps/console/given_texts.h"
#include "apps/console/interventions.h"
#include "apps/console/model_options.h"
#include "clearhead/lens/reading.h"

namespace CLI {
class App;
}

namespace clearhead::console {

/// What is read, and what is changed on the way.
struct ReadingOptions {
  ModelOptions model = {};
  GivenText text = {};
  std::int64_t last = 0;  ///< so many tokens of the text are read, its last; 0: all
  std::vector<Intervention> interventions = {};
};

/// MODEL and TEXT, --file, --last, --replace, --set, --ablate and how it is calculated. `options`
/// is filled when `app` parses, and outlives it.
void add_reading(CLI::App& app, ReadingOptions& options);
/// --last.
void add_last(OptionGroup& group, std::int64_t& last);

/// Opens the model and has it read the text, or its last tokens (0: all), recorded on `tape`.
/// Throws Error if there is no such model, or if they do not fit it.
Reading read(const ModelOptions& options, const Text& text, std::int64_t last,
             Tape tape = Tape(Keep::everything));
/// The same with the interventions, each of which must have had an effect. Throws UsageError if
/// there is no text, or if one had none.
Reading read(const ReadingOptions& options);
/// The same of what `record` has the model read on the tape that it is given.
Reading read(const std::vector<Intervention>& interventions,
             const std::function<Reading(Tape tape)>& record);

/// Throws UsageError if there is not one text. To be called before anything is opened.
void check_text(const GivenText& text);

/// "shakespeare, a decoder: 6 layers × 6 heads, …"
std::string describe(const Reading& reading);

/// What is said before all else: the model, and the tokens that it read.
std::string heading(const Reading& reading, int width);

/// The tokens with their places, at most `width` wide; of a long text the first and the last lines.
std::string print_tokens(const std::string& title, const Tokens& tokens, int width);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_READING_H_
