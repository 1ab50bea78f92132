// A feed-forward part on tiles: the loops, for feed_forward_bf16.cc. Only where amx_available().
//
// A block of rows meets a strip of columns of h at a time. Factors are packed in panels, as
// matmul_amx.h has them; sums are kept as groups of 32 × 32, four tiles one after the other, group
// g of the rows of column panel j at (j·groups + g)·1024.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_AMX_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_AMX_H_

#include <cstdint>

#include "clearhead/kernels/rows/activation.h"

namespace clearhead::kernels::amx {

/// A product with weights: packed right factors, panel after panel, of `steps` of 32 each.
struct PackedWeights {
  const char* panels;
  std::int64_t count, steps;
};

/// What a strip has of forward and backward alike.
struct FeedForwardStrip {
  std::int64_t groups;           // of 32 rows
  std::int64_t columns;          // of h
  const ActivationTable* table;  // nullptr: relu
  const float* bias;             // [columns], or nullptr
  const char* x;                 // packed rows
  PackedWeights in;              // h = x·W_inᵀ
  float* h;                      // groups · 1024 numbers
  char* hidden;                  // packed rows of f(h), in backward of dh
  const char* next;              // what is multiplied after this strip, to be fetched
};

/// sums = f(h + bias)·W_outᵀ, or sums += …: `out` takes the strip's steps.
void forward_strip(const FeedForwardStrip& strip, const PackedWeights& out, float* sums, bool add);

/// What backward has beside.
struct FeedForwardStripBackward {
  const char* dy;    // packed rows
  PackedWeights dh;  // dh = dy·W_out
  float* d;          // groups · 1024 numbers
  PackedWeights dx;  // dx = dh·W_in; nullptr where it is not wanted
  float* sums;       // dx, or added to
  bool add;
  float* d_bias;  // [columns]: Σ dh over the rows; nullptr where it is not wanted
  // The factors of the weights' gradients, left ones dhᵀ, right ones f(h): panel after panel,
  // `bytes` apart, of which these rows are the steps from here on. nullptr where they are not
  // wanted.
  char* left;
  char* right;
  std::int64_t bytes;
  bool past_caches;  // so many that they will not be found in a cache when they are read
};
void backward_strip(const FeedForwardStrip& strip, const FeedForwardStripBackward& backward);

}  // namespace clearhead::kernels::amx

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_AMX_H_
