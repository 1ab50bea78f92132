// Attention forward: which kernels, and how their pieces spread over threads. O(T) memory beyond
// operands and result.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "clearhead/compute/attention_internal.h"
#include "clearhead/compute/pieces_internal.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/attention/simd.h"

namespace clearhead::compute {
namespace {

using kernels::AttentionProblem;
using kernels::kQueryTile;

// Where few queries meet many keys (decoding), the keys are the work that is divided: into parts of
// this length, whose results are joined in their order. One takes much longer than to start a
// thread, and depends on nothing but the shape, so results do not depend on the number of threads.
constexpr std::int64_t kPartKeys = 1024;

std::int64_t key_parts(const AttentionProblem<float>& problem, std::int64_t blocks) {
  const bool few = blocks == 1 && problem.rounding == kernels::SoftmaxRounding::none;
  return few ? std::max<std::int64_t>(1, problem.keys / kPartKeys) : 1;
}

// Whether each key/value head is the work of one thread.
bool is_work_of_heads(const AttentionProblem<float>& problem) {
  return kernels::attention_forward_takes_bf16(problem) &&
         problem.B * problem.G >= 2 * thread_count();
}

// Whether it is made in a near cache, from where its rows may be brought to any place.
bool brings_heads(const AttentionProblem<float>& problem) {
  return is_work_of_heads(problem) &&
         are_near(problem.H / problem.G * problem.queries * problem.Dv);
}

// So many numbers as whole cache lines.
std::int64_t in_lines(std::int64_t numbers) { return round_up(numbers, 16); }

// In f32 with products of bf16: of one key/value head after the other, a stretch of keys at a time
// is packed, then the head's queries meet it.
struct Bf16Forward {
  const AttentionProblem<float>& problem;
  float* row_max;
  float* row_sum;
  std::int64_t group = problem.H / problem.G, head_rows = group * problem.queries;
  std::int64_t blocks = kernels::query_blocks(problem);

  // Calls f(keys) for one stretch after the other.
  template <typename F>
  void for_each_stretch(const F& f) const {
    const std::int64_t stretch = kernels::packed_stretch(problem);
    for (std::int64_t s = 0; s < problem.keys || s == 0; s += stretch) {
      f(KeyRange{s, std::min(s + stretch, problem.keys)});
    }
  }

  void pack(std::int64_t head, KeyRange keys, std::int64_t piece, char* packed) const {
    kernels::pack_keys_piece(problem, head / problem.G, head % problem.G, keys, piece, packed);
  }

  // Block i of a head; z_head: the rows of z of this head, dense.
  void meet(std::int64_t head, std::int64_t i, KeyRange keys, const char* packed, float* z_head,
            float* memory) const {
    const kernels::QueryBlock block =
        kernels::query_block(problem, head / problem.G, head % problem.G, i);
    const std::int64_t row = kernels::row_of(problem, block);
    float* const z_rows = z_head + (row - head * head_rows) * problem.Dv;
    kernels::attention_forward_bf16(problem, block, keys, packed,
                                    {z_rows, row_max + row, row_sum + row}, memory);
  }

  // Copies dense rows of the heads of a key/value head, the first of which is h, to z.
  void bring(const float* rows, std::int64_t b, std::int64_t h, const HeadsRows<float>& z) const {
    for (std::int64_t i = 0; i < head_rows; ++i) {
      std::copy_n(rows + i * problem.Dv, problem.Dv,
                  z.row(b, h + i / problem.queries, i % problem.queries));
    }
  }

  // Each head by one thread, in a near cache if it fits.
  void by_heads(const HeadsRows<float>& z) const {
    // Where the rows of a head are neighbours, they are made in place.
    const bool in_place = z.stride_t == problem.Dv && z.stride_h == problem.queries * problem.Dv;
    const bool brings = brings_heads(problem) && !in_place;
    const std::int64_t of_packed = in_lines(
        ceil_div(kernels::packed_bytes(problem), static_cast<std::int64_t>(sizeof(float))));
    const std::int64_t of_z = brings ? in_lines(head_rows * problem.Dv) : 0;
    const std::int64_t numbers =
        of_packed + of_z + kernels::attention_forward_workspace_bf16(problem);
    const auto make_head = [&](std::int64_t head, float* memory) {
      char* const packed = reinterpret_cast<char*>(memory);
      float* const z_head = brings ? memory + of_packed : z.data + head * head_rows * problem.Dv;
      for_each_stretch([&](KeyRange keys) {
        for (std::int64_t i = 0; i < kernels::pack_pieces(keys); ++i) pack(head, keys, i, packed);
        for (std::int64_t i = 0; i < blocks; ++i) {
          meet(head, i, keys, packed, z_head, memory + of_packed + of_z);
        }
      });
      if (brings) {
        bring(z_head, head / problem.G, head % problem.G * group, z);
      }
    };
    const std::int64_t work = head_rows * problem.keys * (problem.D + problem.Dv);
    for_each_with_memory(numbers, problem.B * problem.G, work, make_head);
  }

  // One head after the other by all threads; z is dense.
  void by_blocks(float* z) const {
    const Workspace<char> packed(kernels::packed_bytes(problem));
    for (std::int64_t head = 0; head < problem.B * problem.G; ++head) {
      for_each_stretch([&](KeyRange keys) {
        parallel_for(kernels::pack_pieces(keys),
                     [&](std::int64_t i) { pack(head, keys, i, packed.get()); });
        parallel_for(blocks, [&](std::int64_t i) {
          const Workspace<float> memory(kernels::attention_forward_workspace_bf16(problem));
          meet(head, i, keys, packed.get(), z + head * head_rows * problem.Dv, memory.get());
        });
      });
    }
  }
};

// In f32 by blocks of queries, with the processor's vectors.
void forward_by_blocks(const AttentionProblem<float>& problem, float* z, float* row_max,
                       float* row_sum) {
  const std::int64_t blocks = kernels::query_blocks(problem);
  const std::int64_t parts = key_parts(problem, blocks);
  const std::int64_t heads = problem.B * problem.G;
  const auto block_of = [&](std::int64_t i) {
    return kernels::query_block(problem, i / blocks / problem.G, i / blocks % problem.G,
                                i % blocks);
  };
  const auto result_of = [&](const kernels::QueryBlock& block) {
    const std::int64_t row = kernels::row_of(problem, block);
    return kernels::BlockResult{z + row * problem.Dv, row_max + row, row_sum + row};
  };
  if (parts == 1) {
    // Of less than 8 rows, reading the keys is the work.
    constexpr std::int64_t kFewRows = 8;
    const std::int64_t rows = std::clamp(problem.H / problem.G * problem.queries, kFewRows,
                                         std::int64_t{kernels::kQueryBlock});
    const std::int64_t work = rows * problem.keys * (problem.D + problem.Dv);
    const std::int64_t numbers = kernels::attention_workspace_simd(problem);
    for_each_with_memory(numbers, heads * blocks, work, [&](std::int64_t i, float* memory) {
      const kernels::QueryBlock block = block_of(i);
      kernels::attention_forward_simd(problem, block, {0, problem.keys}, result_of(block), memory);
    });
    return;
  }
  const std::int64_t rows = block_of(0).rows;
  const std::int64_t count = heads * parts * rows;
  const Workspace<float> of_parts(count * (problem.Dv + 2));
  const auto part = [&](std::int64_t i) {
    float* const rest = of_parts.get() + count * problem.Dv;
    return kernels::BlockResult{of_parts.get() + i * rows * problem.Dv, rest + i * rows,
                                rest + count + i * rows};
  };
  parallel_for(heads * parts, [&](std::int64_t i) {
    const std::int64_t begin = i % parts * kPartKeys;
    const std::int64_t end = i % parts + 1 == parts ? problem.keys : begin + kPartKeys;
    const Workspace<float> memory(kernels::attention_workspace_simd(problem));
    kernels::attention_forward_simd(problem, block_of(i / parts), {begin, end}, part(i),
                                    memory.get());
  });
  for (std::int64_t i = 0; i < heads; ++i) {
    kernels::attention_join_parts(parts, rows, problem.Dv, part(i * parts), result_of(block_of(i)));
  }
}

void run_forward(const AttentionProblem<float>& problem, Tensor& result, float* row_max,
                 float* row_sum) {
  if (!kernels::attention_forward_takes_bf16(problem)) {
    forward_by_blocks(problem, result.mutable_data<float>(), row_max, row_sum);
    return;
  }
  const Bf16Forward forward{problem, row_max, row_sum};
  if (is_work_of_heads(problem)) {
    forward.by_heads(HeadsInto<float>(result, /*add=*/false));
  } else {
    forward.by_blocks(result.mutable_data<float>());
  }
}

// In f64 by the scalar kernels.
void run_forward(const AttentionProblem<double>& problem, Tensor& result, double* row_max,
                 double* row_sum) {
  double* const z = result.mutable_data<double>();
  const std::int64_t tiles = ceil_div(problem.queries, kQueryTile);
  parallel_for(problem.B * problem.H * tiles, [&](std::int64_t i) {
    const std::int64_t head = i / tiles;
    const std::int64_t t = i % tiles * kQueryTile;
    const std::int64_t row = head * problem.queries + t;
    const Workspace<double> memory(kernels::attention_workspace_scalar(problem));
    kernels::attention_forward_scalar(
        problem, head / problem.H, head % problem.H, t, std::min(t + kQueryTile, problem.queries),
        {0, problem.keys}, z + row * problem.Dv, row_max + row, row_sum + row, memory.get());
  });
}

bool all_finite(const Tensor& tensor) {
  const float* x = tensor.data<float>();
  return std::all_of(x, x + tensor.count(), [](float y) { return std::isfinite(y); });
}

// z [B, H, T, Dv]: in the order of q where heads may be brought to any place.
template <typename T>
Tensor empty_result(const Attention& a, const AttentionProblem<T>& problem) {
  const Shape shape = {a.B, a.H, a.T, a.Dv};
  if constexpr (std::is_same_v<T, float>) {
    if (!a.steps_follow && brings_heads(problem)) return in_order_of(a.q, shape);
  }
  return Tensor::empty(shape, dtype_of<T>);
}

// Whether keys and values that are stored as bf16 are read where they lie. Else they are copied.
bool reads_bf16(const Attention& a) {
  return !a.softmax_precision && kernels::attention_reads_bf16(a.H / a.G * a.T);
}

// With keys and values in the type of calculation.
Attention widened(const Attention& a) {
  Attention wide = a;
  wide.k = a.k.to(a.q.dtype());
  wide.v = a.v.to(a.q.dtype());
  return wide;
}

template <typename T>
AttentionForward forward(const Attention& a, const Tensor& into) {
  const bool is_stored_bf16 = a.k.dtype() != dtype_of<T>;
  if (is_stored_bf16 && !reads_bf16(a)) return forward<T>(widened(a), into);
  const AttentionProblem<T> problem = problem_of<T>(a);
  const bool fits = into.defined() && into.dtype() == dtype_of<T> && into.is_contiguous();
  AttentionForward result{fits ? into : empty_result(a, problem),
                          Tensor::empty({a.B, a.H, a.T, 1}, dtype_of<T>),
                          Tensor::empty({a.B, a.H, a.T, 1}, dtype_of<T>)};
  if (result.row_max.count() == 0) return result;
  run_forward(problem, result.z, result.row_max.mutable_data<T>(),
              result.row_sum.mutable_data<T>());
  const auto is_finite = [&] { return all_finite(result.z) && all_finite(result.row_sum); };
  if (is_stored_bf16 && !is_finite()) {
    return forward<T>(widened(a), into);  // as attention_reads_bf16 says
  }
  return result;
}

}  // namespace

AttentionForward attention_forward(const Attention& a, const Tensor& into) {
  return with_type(a, [&](auto zero) { return forward<decltype(zero)>(a, into); });
}

}  // namespace clearhead::compute
