// Measurements as JSON.
#ifndef CLEARHEAD_BENCH_JSON_H_
#define CLEARHEAD_BENCH_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "bench/limits.h"
#include "bench/machine.h"
#include "bench/timing.h"

namespace clearhead::bench {

void to_json(nlohmann::json& json, const Timing& timing);
void to_json(nlohmann::json& json, const Machine& machine);
void to_json(nlohmann::json& json, const MeasuredLimit& limit);

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_JSON_H_
