// What the system says about the machine.
#include "bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::bench {
namespace {

// The sets worth naming, as Linux calls them: x86 first, then ARM.
constexpr const char* kInstructionSets[] = {
    "sse4_2",   "avx2",        "fma",         "f16c",        "avx_vnni", "avx512f",
    "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
    "amx_int8", "asimd",       "asimdhp",     "bf16",        "sve",      "sve2"};

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "name : value" of the first processor that /proc/cpuinfo lists; of memory, /proc/meminfo.
std::map<std::string, std::string> fields_of(const std::string& path) {
  std::map<std::string, std::string> fields;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t name_end = line.find_last_not_of(" \t", colon - 1);
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    fields[line.substr(0, name_end + 1)] = value == std::string::npos ? "" : line.substr(value);
  }
  return fields;
}

// "48K" in bytes.
std::int64_t bytes_of(const std::string& text) {
  std::int64_t number = 0;
  std::istringstream(text) >> number;
  const char unit = text.empty() ? ' ' : text.back();
  return number << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
}

std::vector<Cache> caches() {
  std::vector<Cache> result;
  for (int i = 0;; ++i) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    const std::string level = first_line(folder + "level");
    if (level.empty()) break;
    std::string type = first_line(folder + "type");
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    result.push_back({static_cast<int>(bytes_of(level)), type,
                      bytes_of(first_line(folder + "size")),
                      first_line(folder + "shared_cpu_list")});
  }
  return result;
}

std::string compiler_name() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "";
#endif
}

}  // namespace

Machine describe_machine() {
  Machine machine;
  std::map<std::string, std::string> cpu = fields_of("/proc/cpuinfo");
  machine.cpu = cpu["model name"];
  const std::string flags = cpu["flags"] + cpu["Features"];  // x86, ARM
  std::istringstream words(flags);
  const std::vector<std::string> has{std::istream_iterator<std::string>(words), {}};
  for (const char* set : kInstructionSets) {
    if (std::find(has.begin(), has.end(), set) != has.end()) {
      machine.instruction_sets.emplace_back(set);
    }
  }
  machine.is_virtual = std::find(has.begin(), has.end(), "hypervisor") != has.end();
  machine.cores = thread_count();
  machine.memory_bytes = bytes_of(fields_of("/proc/meminfo")["MemTotal"]) << 10;
  machine.caches = caches();
  machine.kernel_target = kernels::target_name(kernels::current_target());
  utsname name{};
  if (uname(&name) == 0) {
    machine.system = std::string(name.sysname) + " " + name.release + " " + name.machine;
  }
  machine.compiler = compiler_name();
  machine.version = CLEARHEAD_VERSION;
  return machine;
}

}  // namespace clearhead::bench
