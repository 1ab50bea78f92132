// The inputs of `clearhead attend`: random numbers, or arrays, mask and labels from files.
#include "apps/cli/attend/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "apps/cli/attend/fit.h"
#include "apps/console/arrays.h"
#include "apps/console/numbers.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/text/text_file.h"

namespace clearhead::cli {
namespace {

// Normal random numbers with two decimals, which are nice to calculate with by hand.
Tensor random_numbers(Shape shape, double deviation, std::uint64_t seed, std::uint64_t stream) {
  Tensor tensor = Tensor::empty(std::move(shape), DType::f64);
  Random random(seed, stream);
  double* numbers = tensor.mutable_data<double>();
  for (std::int64_t i = 0; i < tensor.count(); ++i) {
    numbers[i] = std::round(random.normal() * deviation * 100) / 100;
  }
  return tensor;
}

std::vector<std::string> lines_of(const std::string& path) {
  try {
    return read_lines(path);
  } catch (const Error& error) {
    throw Error(std::string("--tokens-file ") + error.what());
  }
}

void require_count(const std::vector<std::string>& labels, std::int64_t count,
                   const std::string& thing, const std::string& sources) {
  if (!labels.empty() && std::ssize(labels) != count) {
    throw Error(fmt::format("there are {}, but {} for them ({})", console::counted(count, thing),
                            console::counted(std::ssize(labels), "label"), sources));
  }
}

void load_labels(const AttendOptions& o, const console::Array& q, const console::Array& k,
                 AttendInputs& in) {
  const std::int64_t T = in.q.size(2);
  const std::int64_t S = in.k.size(2);
  const std::int64_t P = in.past_key.defined() ? in.past_key.size(2) : 0;
  in.query_labels = !o.labels.empty()        ? o.labels
                    : !o.tokens_file.empty() ? lines_of(o.tokens_file)
                                             : q.row_labels;
  require_count(in.query_labels, T, "query",
                "--labels, --tokens-file or the first column of the table");
  in.key_labels = !o.key_labels.empty() ? o.key_labels : k.row_labels;
  if (in.key_labels.empty() && S == T) in.key_labels = in.query_labels;
  const std::int64_t given = static_cast<std::int64_t>(in.key_labels.size());
  if (given != 0 && given == S && P > 0) {
    std::vector<std::string> past;
    for (std::int64_t i = 0; i < P; ++i) past.push_back(fmt::format("past {}", i));
    in.key_labels.insert(in.key_labels.begin(), past.begin(), past.end());
  }
  require_count(in.key_labels, S + P, "key", "--key-labels or the first column of the table");
}

void check_mask(const console::Array& mask, const AttendInputs& in) {
  const Shape& shape = mask.tensor.shape();
  const std::int64_t P = in.past_key.defined() ? in.past_key.size(2) : 0;
  const Shape whole = {in.q.size(0), in.heads, in.q.size(2), in.k.size(2) + P};
  bool fits = !shape.empty() && shape.size() <= 4 && shape.back() <= whole[3];
  for (std::size_t i = 1; fits && i < shape.size(); ++i) {  // from the last axis but one outwards
    const std::int64_t size = shape[shape.size() - 1 - i];
    fits = size == 1 || size == whole[3 - i];
  }
  if (fits) return;
  const std::string matrix = fmt::format("{}, {}", whole[2], whole[3]);
  throw Error(fmt::format(
      "{}, but there are {} and {}: a mask has a row for each query and a "
      "column for each key, [{}]; with heads and batch [{}, {}] and [{}, {}, "
      "{}] fit too",
      mask.described(), console::counted(whole[2], "query"), console::counted(whole[3], "key"),
      matrix, whole[1], matrix, whole[0], whole[1], matrix));
}

// As the ONNX operator has it, by type: bools say who sees whom, floating-point numbers are added
// to the scores. Whole numbers, and text, are bools if they are 0 and 1.
void load_mask(const console::Array& mask, DType dtype, AttendInputs& in) {
  if (!mask.tensor.defined()) return;
  check_mask(mask, in);
  const Tensor numbers = mask.tensor.to(DType::f64).contiguous();
  const double* begin = numbers.data<double>();
  const double* end = begin + numbers.count();
  const bool only_0_and_1 = std::all_of(begin, end, [](double x) { return x == 0 || x == 1; });
  const bool any_1 = std::find(begin, end, 1.0) != end;
  const bool has_floats = is_floating(mask.tensor.dtype()) && !mask.is_table;
  if (!only_0_and_1 || has_floats) {
    in.mask = mask.tensor.to(dtype);
    in.notes.push_back(
        mask.title +
        (has_floats ? " has floating-point numbers" : " has other numbers than 0 and 1") +
        ": they are added to the scores" +
        (only_0_and_1 && any_1 ? "; saved as bools or whole numbers, 1 would be where "
                                 "a query sees a key"
                               : ""));
    return;
  }
  in.mask = mask.tensor.to(DType::boolean);
  if (!any_1) {
    in.notes.push_back(mask.title +
                       " has only 0: no query sees any key; to let all be seen, leave it out");
  } else if (mask.tensor.dtype() != DType::boolean) {
    in.notes.push_back(mask.title + " has only 0 and 1: 1 is where a query sees a key");
  }
}

// Reads the mask, which comes last of all arrays, and takes over what there is to note about them.
void read_mask(console::ArrayReader& reader, const std::string& mask, DType dtype,
               AttendInputs& in) {
  load_mask(reader.read("mask", mask), dtype, in);
  in.notes.insert(in.notes.begin(), reader.notes().begin(), reader.notes().end());
}

AttendInputs random_inputs(const AttendOptions& o) {
  AttendInputs in;
  in.is_self = true;
  in.origin = fmt::format("random, seed {}", o.seed);
  in.heads = o.heads.value_or(1);
  in.kv_heads = o.kv_heads.value_or(in.heads);
  console::check_heads(in.heads, in.kv_heads);
  const std::int64_t T = *o.tokens;
  const std::int64_t C = o.dim;
  if (C % in.heads != 0) {
    throw console::UsageError(
        fmt::format("--dim {} does not divide into --heads {}; give a multiple", C, in.heads));
  }
  const std::int64_t D = C / in.heads;
  const DType dtype = o.dtype.value_or(DType::f32);
  // Queries and keys are to have numbers of about the size that x has, whatever the dimension.
  const double deviation = 1 / std::sqrt(static_cast<double>(C));
  const auto random = [&](Shape shape, double spread, std::uint64_t stream) {
    return random_numbers(std::move(shape), spread, o.seed, stream).to(dtype);
  };
  in.q = in.k = in.v = random({1, 1, T, C}, 1, 0);
  in.w_q = random({in.heads, C, D}, deviation, 1);
  in.w_k = random({in.kv_heads, C, D}, deviation, 2);
  in.w_v = random({in.kv_heads, C, D}, deviation, 3);
  if (in.heads > 1) in.w_o = random({in.heads, D, C}, deviation, 4);
  in.q_name = in.k_name = in.v_name = steps::kX;
  console::ArrayReader reader("");
  read_mask(reader, o.mask, dtype, in);
  load_labels(o, console::Array(), console::Array(), in);
  return in;
}

// Of tokens that queries (keys, values) are made of, or of the queries themselves.
std::string name_on_tape(const console::Array& array, const AttendInputs& in,
                         const std::string& of_tokens, const std::string& usual) {
  if (in.is_self) return steps::kX;
  if (in.has_weights()) return of_tokens;
  const std::string known = console::activation_name(array.source);
  return known.empty() ? usual : known;
}

// Text has no type, so that it needs f64 only for numbers that are too large for f32.
bool needs_f64(const console::Array& array) {
  if (!array.tensor.defined() || array.tensor.dtype() != DType::f64) return false;
  if (!array.is_table) return true;
  const Tensor numbers = array.tensor.contiguous();
  const double* begin = numbers.data<double>();
  return std::any_of(begin, begin + numbers.count(), [](double x) {
    return std::isfinite(x) && std::abs(x) > std::numeric_limits<float>::max();
  });
}

// The type to calculate in unless it is chosen: f64 if any input needs it.
DType common_type(const AttendOptions& o, const Sources& from) {
  if (o.dtype) return *o.dtype;
  for (const console::Array* array : {&from.q, &from.k, &from.v, &from.w_q, &from.w_k, &from.w_v,
                                      &from.w_o, &from.past_key, &from.past_value}) {
    if (needs_f64(*array)) return DType::f64;
  }
  return DType::f32;
}

AttendInputs file_inputs(const AttendOptions& o) {
  AttendInputs in;
  console::ArrayReader reader(o.from);
  in.is_self = !o.x.empty();
  Sources from;
  from.q = in.is_self ? reader.read("x", o.x) : reader.read("q", o.q);
  from.k = in.is_self ? from.q : reader.read("k", o.k);
  from.v = in.is_self ? from.q : reader.read("v", o.v);
  from.w_q = reader.read("w-q", o.w_q);
  from.w_k = reader.read("w-k", o.w_k);
  from.w_v = reader.read("w-v", o.w_v);
  from.w_o = reader.read("w-o", o.w_o);
  from.past_key = reader.read("past-key", o.past_key);
  from.past_value = reader.read("past-value", o.past_value);
  in.layout = console::choose_layout(o.layout, from.q, in.notes);
  const DType dtype = common_type(o, from);
  fit_inputs(from, o.heads, o.kv_heads, dtype, in);
  in.q_name = name_on_tape(from.q, in, steps::kXQ, steps::kQ);
  in.k_name = name_on_tape(from.k, in, steps::kXK, steps::kK);
  in.v_name = name_on_tape(from.v, in, steps::kXV, steps::kV);
  read_mask(reader, o.mask, dtype, in);
  load_labels(o, from.q, from.k, in);
  return in;
}

}  // namespace

AttendInputs load_inputs(const AttendOptions& options) {
  AttendInputs in = options.tokens ? random_inputs(options) : file_inputs(options);
  if (!options.nonpad_kv_seqlen.empty()) {
    const std::vector<std::int64_t>& counts = options.nonpad_kv_seqlen;
    if (std::ssize(counts) != in.q.size(0)) {
      throw Error(
          fmt::format("--nonpad-kv-seqlen: expected a number for each of the batch of {}, "
                      "separated by commas; got {}",
                      in.q.size(0), counts.size()));
    }
    in.nonpad_kv_seqlen =
        Tensor::of<std::int64_t>({static_cast<std::int64_t>(counts.size())}, counts);
  }
  return in;
}

}  // namespace clearhead::cli
