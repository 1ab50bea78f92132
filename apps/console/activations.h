// All values of a run, as a list and as arrays under TransformerLens's names.
#ifndef CLEARHEAD_APPS_CONSOLE_ACTIVATIONS_H_
#define CLEARHEAD_APPS_CONSOLE_ACTIVATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/tape/tape.h"
#include "clearhead/tensor/named_tensors.h"

namespace clearhead::console {

/// Names, shapes and formulas, in the order of the calculation, at most `width` wide.
std::string print_list(const Tape& tape, int width);

/// Their names in the order of the calculation: all, or those that match one of the patterns, in
/// which * stands for any text. Throws UsageError, which names `option`, if a pattern matches none.
std::vector<std::string> activation_names(const Tape& tape,
                                          const std::vector<std::string>& patterns = {},
                                          const std::string& option = "");

/// Whether it is a step that fused attention did not store, and too large to be calculated again
/// for a file: scores and weights of all queries and keys, of more than 256 MiB.
bool is_large_view(const Tape& tape, const std::string& name);
/// Takes those out of `names`, and returns them.
std::vector<std::string> take_out_large_views(const Tape& tape, std::vector<std::string>& names);
/// Says that they are not in the file.
std::string left_out_text(const std::vector<std::string>& names);

/// Writes them into `path`, with the names and axes of TransformerLens.
void save_activations(const Tape& tape, const std::vector<std::string>& names,
                      const std::string& path);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_ACTIVATIONS_H_
