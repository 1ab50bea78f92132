// clearhead bench: what this machine can do at best, and how far each kernel is from it.
#ifndef CLEARHEAD_APPS_CLI_BENCH_BENCH_H_
#define CLEARHEAD_APPS_CLI_BENCH_BENCH_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

/// Adds the options of `clearhead bench` to `app`; the result runs it.
std::function<void()> set_up_bench(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_BENCH_BENCH_H_
