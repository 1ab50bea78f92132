// What *_tiles.cc would define, where the compiler cannot make them: their callers ask first
// whether tiles serve them (tiles_serve, which then says no), so that none of these is ever called.
#ifndef CLEARHEAD_HAVE_TILES

#include <cstdlib>

#include "clearhead/kernels/attention/backward_tiles.h"
#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/products/feed_forward_tiles.h"
#include "clearhead/kernels/products/few_rows_tiles.h"
#include "clearhead/kernels/products/matmul_tiles.h"

namespace clearhead::kernels::tiles {

using Size = std::int64_t;

Size packed_keys_bytes(Size, Size, int) { std::abort(); }
Size packed_values_bytes(Size, Size, int) { std::abort(); }
std::uint32_t pack_keys(const float*, Size, Size, Size, int, char*) { std::abort(); }
std::uint32_t pack_values(const float*, Size, Size, Size, int, PairOrder, char*) { std::abort(); }

Size state_bytes(Size, Size, int) { std::abort(); }
std::uint32_t forward_begin(const Rows&, char*, char*) { std::abort(); }
std::uint32_t forward_keys(const Rows&, Size, Size, char*, char*) { std::abort(); }
std::uint32_t forward_end(const Rows&, float*, float*, float*, char*, char*) { std::abort(); }

std::uint32_t pool_begin(const Rows&, const Cells&, char*, char*) { std::abort(); }
std::uint32_t pool_keys(const Rows&, const Cells&, Size, Size, char*, char*) { std::abort(); }
std::uint32_t pool_end(const Rows&, const Cells&, float*, float*, float*, float*, char*, char*) {
  std::abort();
}

Size backward_stretch(Size, Size, int) { std::abort(); }
Size backward_workspace_bytes(const BackwardSizes&) { std::abort(); }
void backward_load_keys(const BackwardSizes&, const float*, Size, const float*, Size, Size, char*) {
  std::abort();
}
bool backward_chunk(const BackwardSizes&, const BackwardQueries&, const RowsInto&, char*) {
  std::abort();
}
void backward_end_keys(const BackwardSizes&, float, Size, const RowsInto&, const RowsInto&, char*) {
  std::abort();
}

Size panel_bytes(Size, int) { std::abort(); }
void pack_rows(const MatrixView<const float>&, const Panels&) { std::abort(); }
void pack_columns(const MatrixView<const float>&, const Panels&) { std::abort(); }
void multiply_panels(const Block&, Size, const char*, const char*, int, float*) { std::abort(); }

Size few_rows_bytes(Size, Size, Size) { std::abort(); }
void pack_few_rows(const MatrixView<const float>&, Size, char*) { std::abort(); }
void few_rows(const char*, Size, const MatrixView<const bf16>&, const MatrixView<float>&, bool) {
  std::abort();
}

void forward_strip(const FeedForwardStrip&, const PackedWeights&, float*, bool) { std::abort(); }
void backward_strip(const FeedForwardStrip&, const FeedForwardStripBackward&) { std::abort(); }
void multiply_rows(const Block&, Size, const char*, const char*, const float*, float*) {
  std::abort();
}
void write_sums(const Block&, Size, const float*, const float*) { std::abort(); }

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_HAVE_TILES
