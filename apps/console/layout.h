// Layouts of queries, keys and values: what their axes are, and conversion to [B, H, T, D] and
// back.
#ifndef CLEARHEAD_APPS_CONSOLE_LAYOUT_H_
#define CLEARHEAD_APPS_CONSOLE_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "apps/console/arrays.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::console {

/// Axes as letters: b batch, h heads, t tokens, d components of a head, c components of all heads.
class Layout {
 public:
  /// Throws Error unless `letters` is one of `names()`.
  explicit Layout(const std::string& letters);

  /// "td", "btc", "thd", "htd", "bthd", "bhtd".
  static const std::vector<std::string>& names();
  /// The default for a tensor of this rank. Throws Error, naming `what`, unless the rank is 2, 3 or
  /// 4.
  static Layout usual(const Shape& shape, const std::string& what);

  const std::string& letters() const { return letters_; }
  bool has_batch() const { return letters_[0] == 'b'; }
  /// Whether heads are an axis of their own; if not, the last axis has them one after the other.
  bool has_heads() const { return letters_.find('h') != std::string::npos; }

  /// [B, H, T, D], a view where possible. Without an axis of heads the last axis is divided into
  /// `heads`. Throws Error, naming `what`, if the rank or the number of heads does not fit.
  Tensor to_bhtd(const Tensor& tensor, std::int64_t heads, const std::string& what) const;
  /// The opposite.
  Tensor from_bhtd(const Tensor& tensor) const;

 private:
  std::string letters_;
};

/// The layout that --layout names. If that is empty, the one that the name and the number of axes
/// of the queries suggest; `notes` then says so.
Layout choose_layout(const std::string& layout, const Array& q, std::vector<std::string>& notes);

/// "hook_rot_q" of "blocks.0.attn.hook_rot_q"; empty if it is no query, key or value as
/// TransformerLens names them.
std::string activation_name(const std::string& name);

/// Throws Error unless the query heads can share the key/value heads evenly.
void check_heads(std::int64_t heads, std::int64_t kv_heads);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_LAYOUT_H_
