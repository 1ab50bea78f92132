// Which prediction a lens explains: a place and a token, or the difference to another token.
#ifndef CLEARHEAD_APPS_CLI_LENS_TARGET_H_
#define CLEARHEAD_APPS_CLI_LENS_TARGET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "apps/console/option_group.h"
#include "clearhead/lens/logit_metric.h"
#include "clearhead/lens/reading.h"

namespace clearhead::cli {

struct TargetOptions {
  std::optional<std::int64_t> at;  ///< the place; none: where the model predicts
  std::string token, against;      ///< as text; "": the likeliest there; none
};

/// --at alone.
void add_place(console::OptionGroup& group, std::optional<std::int64_t>& at);
/// --at, --token and --against.
void add_target(console::OptionGroup& group, TargetOptions& options);

/// The place that --at means: the last token, or of a masked model the first mask. Throws
/// UsageError if there is none.
std::int64_t place_of(const Reading& reading, std::optional<std::int64_t> at);

/// "after token 13, :", "at token 4, <mask>", or "of the text".
std::string place_words(const Reading& reading, std::int64_t place);

/// A metric, and in words: "the logit of ␣ after token 13, :".
struct Target {
  LogitMetric metric;
  std::string words;
};
/// Throws UsageError if there is no such place, or if a text is not one token.
Target find_target(const Reading& reading, const TargetOptions& options);

/// A token that may be predicted, or a class, as tables show it.
std::string shown_token(const Reading& reading, std::int64_t id);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_TARGET_H_
