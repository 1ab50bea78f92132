// What launchers tell the processes that they start.
#include "clearhead/base/launcher.h"

#include <algorithm>
#include <cstdlib>

#include "clearhead/base/parse_number.h"

namespace clearhead {

std::int64_t launched_processes() {
  std::int64_t most = 1;
  for (const char* name : {"PMI_SIZE", "OMPI_COMM_WORLD_SIZE"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr) most = std::max(most, parse_number<std::int64_t>(value).value_or(1));
  }
  return most;
}

}  // namespace clearhead
