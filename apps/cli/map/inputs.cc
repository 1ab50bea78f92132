// The head that is looked at, from files of any layout.
#include <fmt/format.h>

#include "apps/cli/map/results.h"
#include "apps/console/arrays.h"
#include "apps/console/layout.h"
#include "apps/console/numbers.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"

namespace clearhead::cli {
namespace {

// [T, D] of [B, H, T, D].
Tensor matrix_at(const Tensor& x, std::int64_t b, std::int64_t h) {
  const Tensor head = x.slice(0, b, b + 1).slice(1, h, h + 1);
  return Tensor(head).reshape({x.size(2), x.size(3)});
}

void check_place(const char* option, std::int64_t place, std::int64_t count, const char* thing) {
  if (place < count) return;
  throw console::UsageError(fmt::format("{} {}: there {} {}, counted from 0", option, place,
                                        count == 1 ? "is" : "are", console::counted(count, thing)));
}

}  // namespace

MapInputs load_inputs(const MapOptions& o) {
  MapInputs in;
  console::ArrayReader reader(o.from);
  const console::Array q = reader.read("q", o.q);
  const console::Array k = reader.read("k", o.k);
  in.notes = reader.notes();
  const console::Layout layout = console::choose_layout(o.layout, q, in.notes);
  const std::int64_t heads = o.heads.value_or(1);
  const Tensor queries = layout.to_bhtd(q.tensor, heads, q.title);  // [B, H, T, D]
  const Tensor keys =
      layout.to_bhtd(k.tensor, o.kv_heads.value_or(heads), k.title);  // [B, G, S, D]
  console::check_heads(queries.size(1), keys.size(1));
  if (queries.size(0) != keys.size(0) || queries.size(3) != keys.size(3)) {
    throw Error(fmt::format("{} and {} do not fit: batch and numbers of a head must be the same",
                            q.described(), k.described()));
  }
  check_place("--head", o.head, queries.size(1), "head");
  check_place("--batch", o.batch, queries.size(0), "batch");
  in.q = matrix_at(queries, o.batch, o.head);
  in.k = matrix_at(keys, o.batch, o.head / (queries.size(1) / keys.size(1)));
  if (queries.size(0) > 1) in.head = fmt::format("batch {} of {}, ", o.batch, queries.size(0));
  if (queries.size(1) > 1) in.head += fmt::format("head {} of {}, ", o.head, queries.size(1));
  return in;
}

}  // namespace clearhead::cli
