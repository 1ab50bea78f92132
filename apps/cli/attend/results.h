// The results of `clearhead attend`: figures, files, a summary.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_RESULTS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_RESULTS_H_

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/attend/gradients.h"
#include "apps/cli/attend/inputs.h"
#include "apps/cli/attend/options.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// "batch 1, head 0"; without the batch or the head if there is only one.
std::string panel_title(const Shape& shape, std::int64_t b, std::int64_t h);

/// A figure of queries × keys without panels, drawn as `options` say.
plot::Heatmap empty_heatmap(const AttendOptions& options);

/// The pattern as a figure, a panel for each head. One too large to be held is calculated a part at
/// a time and pooled. A weight that is 0 because the query does not see the key is marked as
/// masked.
plot::Heatmap pattern_heatmap(const Tape& tape, const AttendInputs& in,
                              const AttendOptions& options);

/// "attention of 3 queries to 3 keys: 1 head of 4 dims, f32, by hand"
std::string describe(const Tape& tape, const AttendInputs& in, const AttendOptions& options);

/// Whether drawing the pattern takes seconds; past that it is drawn only if a file is asked for.
bool is_quick_to_draw(const Tape& tape);

/// The strongest keys of each query, in as many columns as `width` has room for; where they differ
/// from those `before`, "before → after".
std::string print_strongest_keys(const Tape& tape, const std::optional<Tape>& before,
                                 const AttendInputs& in, int width);

/// Writes all steps, and gradients, under their names. Queries, keys, values and
/// results have the layout of the inputs; matrices of scores are [H, T, S], after the batch if the
/// inputs had one. Returns the names of steps that are left out: scores of fused attention, which
/// were never stored and are too many to calculate again for a file.
std::vector<std::string> save_steps(const Tape& tape, const std::vector<StepGradient>& gradients,
                                    const AttendInputs& in, const std::string& path);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_RESULTS_H_
