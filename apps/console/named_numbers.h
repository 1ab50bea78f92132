// Numbers of a recorded value, named on the command line: "hook_z[1,:,0]".
#ifndef CLEARHEAD_APPS_CONSOLE_NAMED_NUMBERS_H_
#define CLEARHEAD_APPS_CONSOLE_NAMED_NUMBERS_H_

#include <optional>
#include <string>

#include "clearhead/ops/replace.h"
#include "clearhead/tape/tape.h"

namespace clearhead::console {

/// Some numbers of a value.
struct Numbers {
  std::string text;    ///< as given
  std::string name;    ///< of the value or, for interventions, a pattern
  Selection selected;  ///< as given: -1 is the last place, and a batch of one may be left out

  /// The selection in a value of this shape, with the batch and with places from 0. Throws
  /// UsageError, which begins with `given` ("--set hook_z[7]=1"), if they are not in it.
  Selection in(const Shape& shape, const std::string& given) const;
  /// The place of the one number that they are; axes with one place may be left out. Throws
  /// UsageError if they are several, or as `in`.
  Index place_in(const Shape& shape, const std::string& given) const;
};

/// Reads "NAME" or "NAME[INDEX]"; nothing if it is neither.
std::optional<Numbers> numbers_of(const std::string& text);
/// The same. Throws UsageError, which names `option`, if it is neither.
Numbers parse_numbers(const std::string& option, const std::string& text);

/// Reads "NAME[INDEX]" or "INDEX", which is one of the value called `name`. Throws as above.
Numbers parse_place(const std::string& option, const std::string& text, const std::string& name);

/// "hook_z[0,2,1]", as both are read.
std::string place_text(const std::string& name, const Shape& shape, Index place);

/// The value called `name`. Throws UsageError, which begins with `given` and names close names, if
/// there is none.
Var value_named(const Tape& tape, const std::string& name, const std::string& given);

/// Throws UsageError: nothing on the tape is called `name`.
[[noreturn]] void refuse_name(const std::string& given, const std::string& name, const Tape& tape);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_NAMED_NUMBERS_H_
