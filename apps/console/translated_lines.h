// Lines of text translated, for `clearhead translate` and `clearhead evaluate`.
#ifndef CLEARHEAD_APPS_CONSOLE_TRANSLATED_LINES_H_
#define CLEARHEAD_APPS_CONSOLE_TRANSLATED_LINES_H_

#include <string>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "clearhead/models/model_file.h"

namespace clearhead::console {

class OptionGroup;
struct ModelOptions;

/// Adds --beam and --length-penalty.
void add_search_options(OptionGroup& group, BeamSearchOptions& options);

struct TranslatedLine {
  std::string text;
  double score = 0;
};

/// The n best translations of each line, best first; for a blank line one blank line. `file` is the
/// name of the lines in errors. If `shows_progress`, standard error says how many are done. Throws
/// Error if the model cannot read a line.
std::vector<std::vector<TranslatedLine>> translate_lines(const SavedModel& saved,
                                                         const std::vector<std::string>& lines,
                                                         const ModelOptions& model_options,
                                                         const BeamSearchOptions& options,
                                                         const std::string& file,
                                                         bool shows_progress);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_TRANSLATED_LINES_H_
