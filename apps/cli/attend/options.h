// What `clearhead attend` can be told.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_OPTIONS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/console/figures.h"
#include "apps/console/interventions.h"
#include "apps/console/named_numbers.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/tensor/tensor.h"

namespace CLI {
class App;
}

namespace clearhead::cli {

/// What a step's name gets appended for its gradient: "hook_pattern_grad".
inline constexpr std::string_view kGradientSuffix = "_grad";

struct AttendOptions {
  // Random numbers
  std::optional<std::int64_t> tokens;
  std::int64_t dim = 4;
  std::uint64_t seed = 7;

  // Files, or names of tensors in the file `from`; empty if not given
  std::string from;
  std::string x;
  std::string q, k, v;
  std::string w_q, w_k, w_v, w_o;
  std::string mask;
  std::string past_key, past_value;
  std::string layout;
  std::optional<DType> dtype;
  std::vector<std::string> labels, key_labels;
  std::string tokens_file;

  // Attention
  AttentionOptions attention;  ///< but for operands and `way`
  std::optional<std::int64_t> heads, kv_heads;
  std::vector<std::int64_t> nonpad_kv_seqlen;
  bool by_hand = false;
  bool fused = false;
  int threads = 0;

  std::vector<console::Intervention> interventions;

  // What is shown and written
  bool steps = false;
  bool gradients = false;
  console::Numbers gradients_of{steps::kZ, steps::kZ, {}};  ///< whose sum is differentiated
  std::optional<console::Numbers> explain;                  ///< one number
  int depth = 1;                                            ///< −1: down to the inputs
  std::vector<std::string> out;
  std::string save;

  // How the pattern is drawn
  console::FigureOptions figure;
  plot::Pool pool = plot::Pool::automatic;
};

/// Adds all of them to `app`: names, help and checks of single ones. `options` is filled when `app`
/// parses, and outlives it.
void add_attend_options(CLI::App& app, AttendOptions& options);

/// Throws UsageError if options do not go together or one is missing.
void check(const AttendOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_OPTIONS_H_
