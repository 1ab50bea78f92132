// The machine that a measurement was made on, in words.
#ifndef CLEARHEAD_BENCH_MACHINE_H_
#define CLEARHEAD_BENCH_MACHINE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace clearhead::bench {

struct Cache {
  int level;
  std::string type;    ///< "data", "instruction" or "unified"
  std::int64_t bytes;  ///< of one cache
  std::string cpus;    ///< those that share it, as the kernel lists them: "0-1"
};

/// What the system says about itself; texts are empty and numbers 0 where it does not.
struct Machine {
  std::string cpu;                            ///< "Intel(R) Xeon(R) Processor"
  bool is_virtual = false;                    ///< a guest, whose neighbours may disturb it
  int cores = 0;                              ///< that this process may use
  std::int64_t memory_bytes = 0;              ///< of the machine
  std::vector<Cache> caches;                  ///< of the first core, level by level
  std::vector<std::string> instruction_sets;  ///< those that matter to numbers
  std::string kernel_target;                  ///< what the kernels run as: "avx512"
  std::string system;                         ///< "Linux 6.1.0 x86_64"
  std::string compiler;                       ///< "gcc 12.2.0"
  std::string version;                        ///< of clearhead
};

Machine describe_machine();

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_MACHINE_H_
