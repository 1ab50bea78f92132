// One page with the attention of a whole network on a text: every layer and head, small; those that
// are chosen, large; and each token with what it looks at, or what looks at it. It opens in any
// browser, without a network.
#ifndef CLEARHEAD_PLOT_ATTENTION_PAGE_H_
#define CLEARHEAD_PLOT_ATTENTION_PAGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead::plot {

/// The attention of one kind in all layers.
struct PageAttention {
  std::string title = {};                 ///< "attention of the translation to the source"
  std::string query_title = {};           ///< what a query is
  std::string key_title = {};             ///< what a key is
  std::vector<std::string> queries = {};  ///< their names
  std::vector<std::string> keys = {};     ///< likewise
  bool same_tokens = true;                ///< query t and key t are one token
  std::int64_t layers = 0;                ///< how many
  std::int64_t heads = 0;                 ///< of each layer
  /// Queries [t, t_end) of one head, f64 [t_end − t, keys], −∞ where a query does not see a key.
  /// Called three times for each, some queries at a time, so that no head is held as a whole.
  std::function<Tensor(std::int64_t layer, std::int64_t head, std::int64_t t, std::int64_t t_end)>
      weights = {};
};

/// What the page shows.
struct AttentionPage {
  std::string title = {};                 ///< above all
  std::vector<PageAttention> kinds = {};  ///< at least one
  std::size_t kind = 0;                   ///< that is open at first
  std::int64_t layer = 0;                 ///< likewise
  std::int64_t head = 0;                  ///< likewise
  std::int64_t most_bytes = 20'000'000;   ///< of all weights, before they are written as text
};

/// The page. A weight has 16 bits. If all of them would take more than `most_bytes`, the smallest
/// are left out, and the page says below which; what it shows of them is "less than" that. Throws
/// Error if names and weights do not fit together, or if there is no head.
std::string render_attention_page(const AttentionPage& page);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_ATTENTION_PAGE_H_
