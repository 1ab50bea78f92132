// The command `clearhead lab`, which is made of experiments.
#include "apps/cli/lab/lab.h"

#include <memory>

#include "apps/cli/lab/claims.h"
#include "apps/cli/lab/knobs.h"
#include "apps/cli/lab/memory.h"
#include "apps/cli/lab/options.h"
#include "apps/cli/lab/parallel.h"
#include "clearhead/base/parallel.h"

namespace clearhead::cli {

std::function<void()> set_up_lab(CLI::App& app) {
  const auto o = std::make_shared<LabOptions>();
  add_lab_options(app, *o);
  return [o] {
    check(*o);
    set_thread_count(o->threads);
    if (o->experiment == "memory") {
      run_lab_memory(*o);
    } else if (o->experiment == "parallel") {
      run_lab_parallel(*o);
    } else if (o->experiment == "claims") {
      run_lab_claims(*o);
    } else {
      run_lab_knobs(*o);
    }
  };
}

}  // namespace clearhead::cli
