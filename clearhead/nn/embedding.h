// The table of what each token means before its neighbours are known.
#ifndef CLEARHEAD_NN_EMBEDDING_H_
#define CLEARHEAD_NN_EMBEDDING_H_

#include <cstdint>
#include <string_view>

#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/linear.h"

namespace clearhead {

class Embedding {
 public:
  /// Adds to the parameters the table `name` [tokens, C].
  Embedding(Parameters& parameters, std::int64_t tokens, std::int64_t C,
            std::string_view name = "W_E")
      : table_(parameters.matrix(name, tokens, C)) {}

  /// tokens i64 [...] → [..., C]
  Var forward(const Var& tokens) const { return embedding(tokens, on(tokens.tape(), table_)); }

  /// How well x fits each token, x·tableᵀ: [..., C] → [..., tokens]. For a model that reads and writes
  /// with one table (Press and Wolf 2017).
  Var unembed(const Var& x, const Pass& pass) const {
    return linear(x, on(x.tape(), table_), {}, pass.precision);
  }

 private:
  const Parameter* table_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_EMBEDDING_H_
