// Measurements as JSON.
#include "bench/json.h"

#include <nlohmann/json.hpp>

namespace clearhead::bench {

void to_json(nlohmann::json& json, const Timing& timing) {
  json = {
      {"min", timing.min}, {"p25", timing.p25}, {"median", timing.median}, {"calls", timing.calls}};
}

void to_json(nlohmann::json& json, const Machine& machine) {
  nlohmann::json caches = nlohmann::json::array();
  for (const Cache& cache : machine.caches) {
    caches.push_back({{"level", cache.level},
                      {"type", cache.type},
                      {"bytes", cache.bytes},
                      {"cpus", cache.cpus}});
  }
  json = {{"cpu", machine.cpu},
          {"is_virtual", machine.is_virtual},
          {"cores", machine.cores},
          {"memory_bytes", machine.memory_bytes},
          {"caches", caches},
          {"instruction_sets", machine.instruction_sets},
          {"kernel_target", machine.kernel_target},
          {"system", machine.system},
          {"compiler", machine.compiler},
          {"clearhead", machine.version}};
}

void to_json(nlohmann::json& json, const MeasuredLimit& limit) {
  json = {{"limit", limit_name(limit.limit)},
          {"threads", limit.threads},
          {"work", limit.work},
          {"seconds", limit.timing},
          {"per_second", limit.per_second()}};
}

}  // namespace clearhead::bench
