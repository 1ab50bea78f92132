// Formulas of pages, written in LaTeX, as plain text.
#ifndef CLEARHEAD_APPS_CLI_LEARN_FORMULA_H_
#define CLEARHEAD_APPS_CLI_LEARN_FORMULA_H_

#include <string>
#include <string_view>

namespace clearhead::cli {

/// "softmax(q·kᵀ/√d)" of "\mathrm{softmax}(q \cdot k^\top / \sqrt{d})", on one line. What it does
/// not know stays as it is.
std::string plain_formula(std::string_view latex);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LEARN_FORMULA_H_
