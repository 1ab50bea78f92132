// The first layer of a network, a table with a vector for each token, and the last, scores of
// tokens.
#ifndef CLEARHEAD_NN_EMBEDDING_H_
#define CLEARHEAD_NN_EMBEDDING_H_

#include <cstdint>
#include <string_view>

#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/ops/embedding.h"

namespace clearhead {

/// A table of vectors, one a token.
class Embedding {
 public:
  /// Adds to the parameters the table `name` [tokens, C].
  Embedding(Parameters& parameters, std::int64_t tokens, std::int64_t C,
            std::string_view name = "W_E")
      : table_(parameters.matrix(name, tokens, C)) {}

  /// tokens i64 [...] → [..., C]
  Var forward(const Var& tokens) const {
    return embedding(tokens, stored_on(tokens.tape(), table_));
  }

  /// The table [tokens, C], for who shares it.
  const Parameter* table() const { return table_; }

 private:
  const Parameter* table_;
};

/// What the scores of tokens have besides the product.
struct UnembedConfig {
  bool bias = false;  ///< a number for each token
  double scale = 1;   ///< factor on the vectors (T5: 1/√C)
  double cap = 0;     ///< scores are squeezed into ±cap (Gemma 2); 0: they are not
};

/// From vectors to scores of tokens.
class Unembed {
 public:
  /// For vectors of C numbers. Adds to the parameters unembed.W_U [tokens, C], unless `tied` to the
  /// table of an Embedding (Press and Wolf 2017), and unembed.b_U [tokens] if there is a bias.
  Unembed(Parameters& parameters, std::int64_t tokens, std::int64_t C, const Parameter* tied,
          const UnembedConfig& config)
      : config_(config),
        W_(tied != nullptr ? tied : parameters.matrix("unembed.W_U", tokens, C)),
        b_(config.bias ? parameters.zeros("unembed.b_U", {tokens}) : nullptr) {}

  /// The score of each token, scale·x·W_Uᵀ + b_U: [B, T, C] → [B, T, tokens], recorded as logits
  /// and scale·x as unembed.scaled; [B, 1, tokens] if `pass` names a place. On a tape that keeps
  /// everything, scores of over 256 MiB that have no cap are a computed view (`linear_view`).
  Var forward(const Var& x, const Pass& pass) const;

 private:
  UnembedConfig config_;
  const Parameter* W_;
  const Parameter* b_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_EMBEDDING_H_
