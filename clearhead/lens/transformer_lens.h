// The axes of what a network calculates as TransformerLens has them.
//
//                                            on a tape       in TransformerLens
//     queries, keys, values, z and results   [B, H, T, D]    [B, T, H, D]
//     all else, such as patterns             [B, H, T, S]    the same
#ifndef CLEARHEAD_LENS_TRANSFORMER_LENS_H_
#define CLEARHEAD_LENS_TRANSFORMER_LENS_H_

#include <string_view>

#include "clearhead/tape/explain.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A value of that name with its axes in the order of TransformerLens, or one of that order as it
/// is on a tape: axes 1 and 2 are exchanged where it has heads and is of single tokens. No copy.
Tensor transformer_lens_axes(std::string_view name, const Tensor& value);
/// The same of its shape, or of a place in it.
Shape transformer_lens_axes(std::string_view name, Shape shape);

/// The explanation and those of its operands, with places in the order of TransformerLens.
Explanation transformer_lens_axes(const Explanation& explanation);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_TRANSFORMER_LENS_H_
