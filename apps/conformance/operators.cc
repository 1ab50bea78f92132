// The operators that conformance cases can be run on, by their ONNX names.
#include "apps/conformance/operators.h"

#include <fmt/format.h>

#include <optional>

#include "apps/conformance/compare.h"
#include "apps/conformance/inputs.h"
#include "apps/conformance/network_operators.h"
#include "clearhead/base/error.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/softmax.h"

namespace clearhead::conformance {
namespace {

Tensor value_of(const Var& var) { return var.defined() ? var.value() : Tensor(); }

// 16-bit numbers as f32, for operations that calculate in nothing narrower.
Tensor widened(const Tensor& x) { return x.to(x.dtype() == DType::f64 ? DType::f64 : DType::f32); }

// The element types of ONNX (enum TensorProto.DataType) that a softmax can be calculated in.
std::optional<DType> softmax_precision(Attributes& attributes) {
  switch (attributes.integer("softmax_precision", 0)) {
    case 0:
      return std::nullopt;
    case 1:
      return DType::f32;
    case 10:
      return DType::f16;
    case 11:
      return DType::f64;
    case 16:
      return DType::bf16;
    default:
      throw Error("attribute softmax_precision: expected 1, 10, 11 or 16");
  }
}

AttentionStage qk_matmul_output(Attributes& attributes) {
  switch (attributes.integer("qk_matmul_output_mode", 0)) {
    case 0:
      return AttentionStage::scaled_scores;
    case 1:
      return AttentionStage::capped_scores;
    case 2:
      return AttentionStage::attn_scores;
    case 3:
      return AttentionStage::pattern;
    default:
      throw Error("attribute qk_matmul_output_mode: expected 0 to 3");
  }
}

AttentionOptions attention_options(Case& c) {
  Attributes& a = c.attributes;
  AttentionOptions options;
  options.is_causal = a.integer("is_causal", 0) != 0;
  if (a.has("scale")) options.scale = a.number("scale", 0);
  options.softcap = a.number("softcap", 0);
  options.left_window_size = a.integer("left_window_size", -1);
  options.right_window_size = a.integer("right_window_size", -1);
  options.q_num_heads = a.integer("q_num_heads", 0);
  options.kv_num_heads = a.integer("kv_num_heads", 0);
  options.softmax_precision = softmax_precision(a);
  const AttentionStage stage = qk_matmul_output(a);
  const bool wanted = c.outputs.size() > 3 && !c.outputs[3].name.empty();
  if (wanted) options.qk_matmul_output_mode = stage;
  a.number("scale", 0);
  a.require_all_known();
  return options;
}

std::vector<Tensor> run_attention(Case& c, AttentionWay way) {
  require_inputs(c, 3, 7);
  Tape tape(way == AttentionWay::by_hand ? Keep::everything : Keep::nothing);
  AttentionOptions options = attention_options(c);
  options.way = way;
  options.attn_mask = on_tape(tape, c, 3);
  options.past_key = on_tape(tape, c, 4);
  options.past_value = on_tape(tape, c, 5);
  options.nonpad_kv_seqlen = input(c, 6);
  const AttentionOutput out =
      attention(on_tape(tape, c, 0), on_tape(tape, c, 1), on_tape(tape, c, 2), options);
  return {value_of(out.y), value_of(out.present_key), value_of(out.present_value),
          value_of(out.qk_matmul_output)};
}

std::vector<Tensor> run_softmax(Case& c) {
  require_inputs(c, 1, 1);
  Tape tape(Keep::nothing);
  const std::int64_t axis = c.attributes.integer("axis", -1);
  c.attributes.require_all_known();
  const Tensor x = input(c, 0);
  return {softmax(tape.input("x", widened(x)), axis).value().to(x.dtype())};
}

std::vector<Tensor> run_gelu(Case& c) {
  require_inputs(c, 1, 1);
  Tape tape(Keep::nothing);
  const std::string approximate = c.attributes.text("approximate", "none");
  c.attributes.require_all_known();
  if (approximate != "none" && approximate != "tanh") {
    throw Error("attribute approximate: expected none or tanh, got " + approximate);
  }
  const Tensor x = input(c, 0);
  return {gelu(tape.input("x", widened(x)), approximate == "tanh").value().to(x.dtype())};
}

// The softmax's own precision bounds what the outputs can have.
DType attention_precision(Case& c, DType output) {
  const DType inner = softmax_precision(c.attributes).value_or(output);
  return tolerance(inner) > tolerance(output) ? inner : output;
}

}  // namespace

const std::map<std::string, Operator>& operators() {
  static const auto outputs_own = [](Case&, DType output) { return output; };
  static const std::map<std::string, Operator> all = {
      {"Attention",
       {{{"by hand", [](Case& c) { return run_attention(c, AttentionWay::by_hand); }},
         {"fused", [](Case& c) { return run_attention(c, AttentionWay::fused); }}},
        attention_precision}},
      {"Adam", {{{"", run_adam}}, outputs_own}},
      {"Gelu", {{{"", run_gelu}}, outputs_own}},
      {"LSTM", {{{"", run_lstm}}, outputs_own}},
      {"LayerNormalization", {{{"", run_layer_normalization}}, outputs_own}},
      {"RMSNormalization", {{{"", run_rms_normalization}}, outputs_own}},
      {"RNN", {{{"", run_rnn}}, outputs_own}},
      {"RotaryEmbedding", {{{"", run_rotary_embedding}}, outputs_own}},
      {"Softmax", {{{"", run_softmax}}, outputs_own}},
      {"SoftmaxCrossEntropyLoss", {{{"", run_softmax_cross_entropy_loss}}, outputs_own}},
  };
  return all;
}

}  // namespace clearhead::conformance
