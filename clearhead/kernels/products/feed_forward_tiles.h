// The loops of a feed-forward part on tiles, for feed_forward_bf16.cc. To be called only if
// tiles_serve(precision).
//
// One call takes a block of rows and a strip of columns of h. Factors are packed in panels
// (matmul_tiles.h). Sums are kept in groups of 32 × 32, as four tiles one after the other; group g
// of rows and panel j of columns lie at (j·groups + g)·1024.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_TILES_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_TILES_H_

#include <cstdint>

#include "clearhead/kernels/rows/activation.h"

namespace clearhead::kernels::tiles {

/// Packed weights, the right factor of a product: `count` panels of `steps` steps of 32 along K.
struct PackedWeights {
  const char* panels;
  std::int64_t count, steps;
};

/// What forward and backward of a strip both need.
struct FeedForwardStrip {
  std::int64_t groups;           // of 32 rows
  std::int64_t columns;          // of h
  const ActivationTable* table;  // nullptr: relu
  const float* bias;             // [columns], or nullptr
  const char* x;                 // packed rows
  PackedWeights in;              // h = x·W_inᵀ
  float* h;                      // groups · 1024 numbers
  char* hidden;                  // packed rows: f(h); in backward dh
  const char* next;              // what is multiplied after this strip, to be fetched
};

/// sums = f(h + bias)·W_outᵀ, or sums += …: `out` takes the strip's steps.
void forward_strip(const FeedForwardStrip& strip, const PackedWeights& out, float* sums, bool add);

/// What only backward needs.
struct FeedForwardStripBackward {
  const char* dy;    // packed rows
  PackedWeights dh;  // dh = dy·W_out
  float* d;          // groups · 1024 numbers
  PackedWeights dx;  // dx = dh·W_in; nullptr where it is not wanted
  float* sums;       // dx, or added to
  bool add;
  float* d_bias;  // [columns]: Σ dh over the rows; nullptr where it is not wanted
  // The factors of the weights' gradients: dhᵀ on the left, f(h) on the right. Panels lie `bytes`
  // apart; the rows of this block are the steps of each panel from here on. nullptr if the
  // gradients are not wanted.
  char* left;
  char* right;
  std::int64_t bytes;
  bool past_caches;  // too many to be still in a cache when they are read
};
void backward_strip(const FeedForwardStrip& strip, const FeedForwardStripBackward& backward);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_TILES_H_
