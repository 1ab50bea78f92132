// Layouts of queries, keys and values: what their axes are, and the way to [B, H, T, D] and back.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_LAYOUT_H_
#define CLEARHEAD_APPS_CLI_ATTEND_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// Axes as letters: b batch, h heads, t tokens, d components of a head, c components of all heads.
class Layout {
 public:
  /// Throws Error unless `letters` is one of `names()`.
  explicit Layout(const std::string& letters);

  /// "td", "btc", "thd", "htd", "bthd", "bhtd".
  static const std::vector<std::string>& names();
  /// What a tensor of this rank has if nothing is said. Throws Error, saying what `what` is, unless
  /// the rank is 2, 3 or 4.
  static Layout usual(const Shape& shape, const std::string& what);

  const std::string& letters() const { return letters_; }
  bool has_batch() const { return letters_[0] == 'b'; }
  /// Whether heads are an axis of their own; if not, the last axis has them one after the other.
  bool has_heads() const { return letters_.find('h') != std::string::npos; }

  /// [B, H, T, D], a view where possible. Without an axis of heads the last axis is divided into
  /// `heads`. Throws Error, naming `what`, if the rank or the number of heads does not fit.
  Tensor to_bhtd(const Tensor& tensor, std::int64_t heads, const std::string& what) const;
  /// The way back.
  Tensor from_bhtd(const Tensor& tensor) const;

 private:
  std::string letters_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_ATTEND_LAYOUT_H_
