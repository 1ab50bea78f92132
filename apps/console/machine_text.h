// The machine that something was measured on, in words.
#ifndef CLEARHEAD_APPS_CONSOLE_MACHINE_TEXT_H_
#define CLEARHEAD_APPS_CONSOLE_MACHINE_TEXT_H_

#include <string>

#include "bench/machine.h"

namespace clearhead::console {

/// The machine in a few lines.
std::string machine_text(const bench::Machine& machine);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_MACHINE_TEXT_H_
