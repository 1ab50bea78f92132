// The options of `clearhead attend`, and which of them go together.
#include "apps/cli/attend/options.h"

#include "apps/console/arrays.h"
#include "apps/console/attention_rule.h"
#include "apps/console/figures.h"
#include "apps/console/layout.h"
#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"

namespace clearhead::cli {
namespace {

// Stores the value that an option is given.
template <typename T>
auto into(T& target) {
  return [&target](const auto& value) { target = value; };
}

// Stores `value` if a flag is given.
template <typename T>
auto set(T& target, T value) {
  return [&target, value] { target = value; };
}

void add_random(CLI::App& app, AttendOptions& o) {
  console::OptionGroup group(app, "Random numbers, to try things out");
  group.integer("--tokens", "Number of tokens: x and the weights W_Q, W_K, W_V are random", 1,
                into(o.tokens));
  group.integer("--dim", "Numbers per token (4 if not given)", 1, into(o.dim));
  group.integer("--seed", "Another seed gives other numbers (7 if not given)", 0, into(o.seed));
}

void add_files(CLI::App& app, AttendOptions& o) {
  console::OptionGroup group(
      app,
      "Your numbers: .csv, .tsv, .txt, .npy, or names of tensors in the file "
      "--from");
  group.text("--x", "FILE", "Self-attention: queries, keys and values are all made from x",
             into(o.x));
  group.text("--q", "FILE", "Queries", into(o.q));
  group.text("--k", "FILE", "Keys", into(o.k));
  group.text("--v", "FILE", "Values", into(o.v));
  group.text("--from", "FILE",
             "A .safetensors, .gguf or .npz file; the other options name its tensors",
             into(o.from));
  group.text("--w-q", "FILE", "Weights [in, out] that make the queries: q = x·W_Q", into(o.w_q));
  group.text("--w-k", "FILE", "The same for the keys", into(o.w_k));
  group.text("--w-v", "FILE", "The same for the values", into(o.w_v));
  group.text("--w-o", "FILE", "The same for the result: z·W_O", into(o.w_o));
  std::vector<std::pair<std::string, std::string>> layouts;
  for (const std::string& name : console::Layout::names()) layouts.emplace_back(name, name);
  group.choice<std::string>(
      "--layout", layouts,
      "Axes of the inputs: b batch, h heads, t tokens, d numbers of one head, c numbers of all "
      "heads. If not given: td, btc or bhtd, by the number of axes; thd or bthd for tensors with "
      "names of TransformerLens (hook_q)",
      into(o.layout));
  group.choice<DType>("--dtype", {{"f32", DType::f32}, {"f64", DType::f64}},
                      "Type to calculate in (f64 if an array has it or a table needs it, else f32)",
                      into(o.dtype));
  group.texts("--labels", "A,B,C",
              "Names of the tokens (the first column of a table may have them)", into(o.labels));
  group.texts("--key-labels", "A,B,C", "Names of the keys, if these are other tokens",
              into(o.key_labels));
  group.text("--tokens-file", "FILE", "Names of the tokens, one on each line", into(o.tokens_file));
}

void add_attention(CLI::App& app, AttendOptions& o) {
  console::OptionGroup group(app, "Attention, as the ONNX operator defines it");
  console::add_attention_rule(group, o.attention);
  group.integer("--heads", "Query heads, if the inputs have no axis for them (1 if not given)", 1,
                into(o.heads));
  group.integer("--kv-heads", "Key and value heads, fewer than --heads if heads share them", 1,
                into(o.kv_heads));
  group.text(
      "--mask", "FILE",
      "[T, S], [H, T, S] or [B, H, T, S]. Bools, or whole numbers (also of a table) that are "
      "all 0 or 1: a query sees the keys at 1. Floating-point numbers, and all others, are "
      "added to the scores",
      into(o.mask));
  group.text("--past-key", "FILE", "Keys of a cache that k continues, laid out like k",
             into(o.past_key));
  group.text("--past-value", "FILE", "Values of a cache that v continues, laid out like v",
             into(o.past_value));
  group.integers("--nonpad-kv-seqlen", "N,N", "Number of keys that are not padding, for each batch",
                 into(o.nonpad_kv_seqlen));
  group.choice<DType>(
      "--softmax-precision",
      {{"f32", DType::f32}, {"f64", DType::f64}, {"f16", DType::f16}, {"bf16", DType::bf16}},
      "Type of the softmax (that of the scores if not given)", into(o.attention.softmax_precision));
  group.flag("--by-hand", "Calculate step by step and keep every step", set(o.by_hand, true));
  group.flag("--fused", "Calculate tile by tile, in little memory, with the same result",
             set(o.fused, true));
  group.threads(o.threads);
}

void add_interventions(CLI::App& app, AttendOptions& o) {
  console::OptionGroup group(app, "What you change");
  console::add_interventions(group, o.interventions);
}

void add_results(CLI::App& app, AttendOptions& o) {
  console::OptionGroup group(app, "What you get");
  group.flag("--steps", "Each step as a table, with its formula", set(o.steps, true));
  group.flag(
      "--gradients",
      "Calculate by hand and show how gradients flow: the derivative of the sum of the result by "
      "each number of each step, as tables with formulas. --out then draws the gradient of the "
      "pattern. For --save and --explain a gradient has the name of its step with _grad",
      set(o.gradients, true));
  group.text("--gradients-of", "NAME[INDEX]",
             "Which numbers are summed for --gradients; INDEX as in --set (hook_z if not given)",
             [&o](const std::string& text) {
               o.gradients_of = console::parse_numbers("--gradients-of", text);
             });
  group.text(
      "--explain", "NAME[INDEX]",
      "Where one number comes from; INDEX as in --set, such as hook_pattern[0,2,1]. INDEX alone is "
      "head, query and component of the result, hook_z",
      [&o](const std::string& text) {
        o.explain = console::parse_place("--explain", text, steps::kZ);
      });
  group.text("--depth", "N|all", "How many steps back --explain goes (1 if not given)",
             [&o](const std::string& text) {
               if (text == "all") {
                 o.depth = -1;
               } else if (!text.empty() && text.size() < 10 &&
                          text.find_first_not_of("0123456789") == std::string::npos) {
                 o.depth = std::stoi(text);
               } else {
                 console::refuse_value("--depth", "a whole number or all", text);
               }
             });
  group.repeated_text("--out", "FILE",
                      "Draw the pattern: .svg, .pdf, .png or .html; may be given several times",
                      into(o.out));
  group.text("--save", "FILE", "Write every step: .safetensors or .npz", into(o.save));
  console::add_figure_options(
      group, o.figure,
      "if not given linear, or log for more than 256 keys, since most weights are then small");
  group.choice<plot::Pool>(
      "--pool", console::choices(plot::pool_names()),
      "What a cell shows if there are more weights than cells, so that it stands for several (if "
      "not given max, or extreme for numbers of both signs)",
      into(o.pool));
}

void check_inputs(const AttendOptions& o) {
  const bool separate = !(o.q + o.k + o.v).empty();
  const int ways = (o.tokens ? 1 : 0) + (o.x.empty() ? 0 : 1) + (separate ? 1 : 0);
  if (ways == 0 && !o.from.empty()) {
    throw console::UsageError("say which tensors of " + o.from +
                              " to take: --q NAME --k NAME --v NAME, or --x NAME. It has" +
                              console::contents(o.from));
  }
  if (ways == 0) {
    throw console::UsageError(
        "there is nothing to attend to; give --tokens 3 for random numbers, --x FILE for "
        "self-attention, or --q FILE --k FILE --v FILE");
  }
  if (ways > 1) {
    throw console::UsageError(
        "--tokens, --x and --q --k --v are three ways to give the inputs; choose one");
  }
  const auto require_all = [](const std::vector<std::pair<const char*, const std::string*>>& set) {
    std::vector<std::string> given;
    std::string missing;
    for (const auto& [name, value] : set) {
      if (value->empty()) {
        missing += (missing.empty() ? "" : " and ") + std::string(name);
      } else {
        given.push_back(name);
      }
    }
    if (!given.empty() && !missing.empty()) {
      throw console::UsageError(missing + " must be given too: " + given[0] +
                                " does not go without");
    }
  };
  require_all({{"--q", &o.q}, {"--k", &o.k}, {"--v", &o.v}});
  require_all({{"--w-q", &o.w_q}, {"--w-k", &o.w_k}, {"--w-v", &o.w_v}});
  require_all({{"--past-key", &o.past_key}, {"--past-value", &o.past_value}});
  if (!o.w_o.empty() && o.w_q.empty()) {
    throw console::UsageError("--w-o needs --w-q, --w-k and --w-v too");
  }
  if (o.tokens && !(o.w_q + o.from + o.layout).empty()) {
    throw console::UsageError(
        "--tokens makes its own numbers; --w-q, --from and --layout are for files");
  }
  if (!o.labels.empty() && !o.tokens_file.empty()) {
    throw console::UsageError("--labels and --tokens-file both name the tokens; give one");
  }
}

void check_gradients(const AttendOptions& o) {
  const AttendOptions usual;
  if (o.gradients && o.fused) {
    throw console::UsageError(
        "--gradients shows how they go through each step, and --fused takes no steps; leave one "
        "out");
  }
  if (o.gradients) return;
  if (o.gradients_of.text != usual.gradients_of.text) {
    throw console::UsageError("--gradients-of says more of --gradients; give that too");
  }
  if (o.explain && o.explain->name.ends_with(kGradientSuffix)) {
    throw console::UsageError("--explain " + o.explain->text + ": give --gradients too");
  }
}

}  // namespace

void add_attend_options(CLI::App& app, AttendOptions& options) {
  add_random(app, options);
  add_files(app, options);
  add_attention(app, options);
  add_interventions(app, options);
  add_results(app, options);
}

void check(const AttendOptions& o) {
  check_inputs(o);
  if (o.by_hand && o.fused) throw console::UsageError("--by-hand and --fused: choose one");
  if (!o.explain && o.depth != AttendOptions().depth) {
    throw console::UsageError("--depth says more of --explain; give that too");
  }
  check_gradients(o);
  console::check_results(o.out, o.save);
}

}  // namespace clearhead::cli
