// Wrong use of a program, as opposed to other failures.
#ifndef CLEARHEAD_APPS_CONSOLE_USAGE_ERROR_H_
#define CLEARHEAD_APPS_CONSOLE_USAGE_ERROR_H_

#include "clearhead/base/error.h"

namespace clearhead::console {

/// Options that do not go together, one that is missing, or one that asks for what the input does
/// not have (head 7 of 4): the program ends with status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_USAGE_ERROR_H_
