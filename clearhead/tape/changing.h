// Which value an intervention is acting on, for a Change whose pattern stands for several names.
#ifndef CLEARHEAD_TAPE_CHANGING_H_
#define CLEARHEAD_TAPE_CHANGING_H_

#include <string>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// The name under which what a Change makes of `value` will be known, while it acts; also if the
/// tape keeps no names. Empty if no intervention is acting.
const std::string& name_being_changed(const Var& value);

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_CHANGING_H_
