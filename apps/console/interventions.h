// --set and --ablate, for all commands that record what they calculate: which numbers they change,
// and what difference that makes.
#ifndef CLEARHEAD_APPS_CONSOLE_INTERVENTIONS_H_
#define CLEARHEAD_APPS_CONSOLE_INTERVENTIONS_H_

#include <string>
#include <vector>

#include "apps/console/option_group.h"
#include "clearhead/ops/replace.h"
#include "clearhead/tape/tape.h"

namespace clearhead::console {

/// Some numbers of a value: "hook_z[1,:,0]".
struct Numbers {
  std::string text;    ///< as given
  std::string name;    ///< or, for interventions, a pattern
  Selection selected;  ///< as given: -1 is the last place, and a batch of one may be left out

  /// The selection in a value of this shape, with the batch and with places from 0. Throws
  /// UsageError, which begins with `given`, if they are not in it.
  Selection in(const Shape& shape, const std::string& given) const;
};

/// Reads "NAME" or "NAME[INDEX]". Throws UsageError, which names `option`, if it is neither.
Numbers parse_numbers(const std::string& option, const std::string& text);

/// The value called `name`. Throws UsageError, which begins with `given` ("--explain hook_zz[0]")
/// and names close names, if there is none.
Var value_named(const Tape& tape, const std::string& name, const std::string& given);

/// Throws UsageError: `given` asks for what does not lie in the value called `name`.
[[noreturn]] void refuse_place(const std::string& given, const std::string& name,
                               const Shape& shape);

struct Intervention {
  std::string given;  ///< "--set hook_z[1]=0.5"
  Numbers numbers;
  double value = 0;  ///< which they are set to
};

/// Adds --set and --ablate; `interventions` gets them in the order of the command line.
void add_interventions(OptionGroup& group, std::vector<Intervention>& interventions);

/// Lets them act on what will be recorded on `tape`.
void intervene(Tape& tape, const std::vector<Intervention>& interventions);

/// Throws UsageError, naming close names, if one of them has found nothing to act on.
void check_effect(const Tape& tape, const std::vector<Intervention>& interventions);

/// Where each of the values called `names` differs most between the tapes, at most `width` wide.
std::string print_changes(const Tape& before, const Tape& after,
                          const std::vector<std::string>& names,
                          const std::vector<Intervention>& interventions, int width);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_INTERVENTIONS_H_
