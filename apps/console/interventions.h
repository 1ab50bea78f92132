// --set and --ablate, for all commands that record what they calculate: which numbers they change,
// and what difference that makes.
#ifndef CLEARHEAD_APPS_CONSOLE_INTERVENTIONS_H_
#define CLEARHEAD_APPS_CONSOLE_INTERVENTIONS_H_

#include <string>
#include <vector>

#include "apps/console/named_numbers.h"
#include "apps/console/option_group.h"
#include "clearhead/tape/tape.h"

namespace clearhead::console {

/// Numbers that are set to a value.
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
