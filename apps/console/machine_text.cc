// The machine that was measured on, in words.
#include "apps/console/machine_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "apps/console/numbers.h"

namespace clearhead::console {

std::string machine_text(const bench::Machine& machine) {
  std::vector<std::string> caches;
  for (const bench::Cache& cache : machine.caches) {
    if (cache.type == "instruction") continue;
    caches.push_back(fmt::format("L{} {}", cache.level, bytes_text(cache.bytes)));
  }
  std::string text =
      fmt::format("{}{}, {} used\n", machine.cpu.empty() ? "unknown processor" : machine.cpu,
                  machine.is_virtual ? " (virtual machine)" : "", counted(machine.cores, "core"));
  if (!caches.empty()) text += fmt::format("caches            {}\n", fmt::join(caches, ", "));
  if (machine.memory_bytes > 0) {
    text += fmt::format("memory            {}\n", bytes_text(machine.memory_bytes));
  }
  if (!machine.instruction_sets.empty()) {
    text += fmt::format("instruction sets  {}\n", fmt::join(machine.instruction_sets, " "));
  }
  text += fmt::format("kernels run as    {}\n", machine.kernel_target);
  return text + fmt::format("built             clearhead {}, {}; {}\n", machine.version,
                            machine.compiler, machine.system);
}

}  // namespace clearhead::console
