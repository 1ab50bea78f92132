// The inputs of attention, random numbers or files, in one form.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_INPUTS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_INPUTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "apps/cli/attend/options.h"
#include "apps/console/arrays.h"
#include "apps/console/layout.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::cli {

struct AttendInputs {
  console::Layout layout{"td"};        ///< of the inputs as they were given
  std::int64_t heads = 1;              ///< H
  std::int64_t kv_heads = 1;           ///< G
  bool is_self = false;                ///< queries, keys and values are made from one x
  std::string q_name, k_name, v_name;  ///< what they are called on the tape

  /// Without weights [B, H, T, D], [B, G, S, D], [B, G, S, Dv]; with weights what these are made
  /// from: [B, 1, T, C], [B, 1, S, C], [B, 1, S, C]. All of one type.
  Tensor q, k, v;
  Tensor w_q, w_k, w_v;  ///< [H, C, D], [G, C, D], [G, C, Dv], or undefined
  Tensor w_o;            ///< [H, Dv, C], or undefined: the result is not projected

  Tensor mask;                  ///< boolean, or of the type of q
  Tensor past_key, past_value;  ///< [B, G, P, D], [B, G, P, Dv]
  Tensor nonpad_kv_seqlen;      ///< i64 [B]

  std::vector<std::string> query_labels, key_labels;  ///< one a token, or none
  std::string origin = "given";                       ///< where the inputs come from
  std::vector<std::string> notes;  ///< how inputs were understood where that was not said

  bool has_weights() const { return w_q.defined(); }
};

/// Makes or reads the inputs. Throws Error, naming option, file and shape, if they are not sound or
/// do not fit each other.
AttendInputs load_inputs(const AttendOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_INPUTS_H_
