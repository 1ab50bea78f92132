// The lens `decompose`: what each head and layer adds to a logit.
#ifndef CLEARHEAD_APPS_CLI_LENS_DECOMPOSE_H_
#define CLEARHEAD_APPS_CLI_LENS_DECOMPOSE_H_

#include <functional>

namespace CLI {
class App;
}

namespace clearhead::cli {

std::function<void()> set_up_lens_decompose(CLI::App& app);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LENS_DECOMPOSE_H_
