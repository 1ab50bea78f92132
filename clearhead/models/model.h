// What all models have: learned tensors, and an ability. A language model continues a text, a
// masked model fills its gaps, a translation model reads one text and writes another, an embedding
// model turns a text into a vector, a classification model says which class it belongs to.
//
// Letters: B batch, T tokens, S tokens of the source, C channels, V vocabulary.
#ifndef CLEARHEAD_MODELS_MODEL_H_
#define CLEARHEAD_MODELS_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/nn/block.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/nn/recurrent.h"

namespace clearhead {

/// What a model can do, in words. Each class that declares an ability has one, `kAbility`; code
/// that uses models has a row for each ability that it knows.
struct Ability {
  std::string_view words;    ///< "a language model"
  std::string_view command;  ///< for it: "clearhead generate"

  bool operator==(const Ability&) const = default;
};

/// The row for `ability` in a table whose rows have one each. Throws Error if it has none; `what`
/// is what the table knows of each, such as "training".
template <typename Row, std::size_t N>
const Row& row_for(const Ability& ability, const Row (&table)[N], const char* what) {
  for (const Row& row : table) {
    if (row.ability == ability) return row;
  }
  throw Error("there is no " + std::string(what) + " of " + std::string(ability.words) + " yet");
}

/// Learned tensors and the sizes of what they read.
class Model {
 public:
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// The learned tensors and statistics.
  Parameters& parameters() { return parameters_; }
  /// The same, only to be read.
  const Parameters& parameters() const { return parameters_; }
  /// V: ids are 0 … V − 1.
  std::int64_t vocabulary() const { return vocabulary_; }
  /// How many of them stand for something: those behind only make tables of a round size, and are
  /// never written.
  std::int64_t tokens() const { return tokens_; }
  /// Says so; all do if it is not called.
  void set_tokens(std::int64_t tokens) { tokens_ = tokens; }
  /// The most tokens of a sequence; 0: there is no limit.
  std::int64_t context() const { return context_; }

 protected:
  /// Without parameters: those are made by the layers of a subclass.
  Model(std::int64_t vocabulary, std::int64_t context, const InitialWeights& initial, DType dtype)
      : vocabulary_(vocabulary),
        tokens_(vocabulary),
        context_(context),
        parameters_(initial, dtype) {}

 private:
  std::int64_t vocabulary_;
  std::int64_t tokens_;
  std::int64_t context_;

 protected:
  Parameters parameters_;  ///< of which the layers of a subclass are made
};

/// What a model remembers of the tokens that it has read or written, so that the next one costs
/// only its own. The values of a recurrent model lie on a tape, which it must not outlive. Begins
/// empty.
struct DecodingState {
  std::int64_t length = 0;         ///< tokens so far
  std::vector<BlockCache> blocks;  ///< of a transformer
  RecurrentState recurrent;        ///< of a recurrent network

  /// Sequence i becomes what sequence rows[i] was, for beam search.
  void reorder(std::span<const std::int64_t> rows);
};

/// Continues a text.
class LanguageModel : public Model {
 public:
  /// What it can do, in words.
  static constexpr Ability kAbility{"a language model", "clearhead generate"};

  /// How likely each token is to come next, before the softmax: tokens i64 [B, T] → logits
  /// [B, T, V]. With a state the tokens continue those before. Throws Error if they are more than
  /// the context.
  virtual Var forward(const Var& tokens, const Pass& pass,
                      DecodingState* state = nullptr) const = 0;
  /// The same after the last token alone, [B, 1, V]: what a text that goes on needs.
  virtual Var forward_last(const Var& tokens, const Pass& pass, DecodingState& state) const;

 protected:
  using Model::Model;
};

/// Fills gaps.
class MaskedModel : public Model {
 public:
  /// What it can do, in words.
  static constexpr Ability kAbility{"a masked model", "clearhead fill"};

  /// How well each token fits each place, before the softmax: tokens i64 [B, T], of which `lengths`
  /// i64 [B] (default: all) are not padding, and their types i64 [B, T] (default: all 0), if the
  /// model knows types → logits [B, T, V]. Throws Error if they are more than the context.
  virtual Var forward(const Var& tokens, const Tensor& lengths, const Pass& pass,
                      const Tensor& token_types = {}) const = 0;

 protected:
  using Model::Model;
};

/// Turns texts into vectors, alike for texts that mean alike.
class EmbeddingModel : public Model {
 public:
  /// What it can do, in words.
  static constexpr Ability kAbility{"an embedding model", "clearhead embed"};

  /// The vector of each text: tokens as a MaskedModel takes them → [B, C], recorded as embedding.
  virtual Var embed(const Var& tokens, const Tensor& lengths, const Pass& pass,
                    const Tensor& token_types = {}) const = 0;

 protected:
  using Model::Model;
};

/// Says which of a few classes a text belongs to.
class ClassificationModel : public Model {
 public:
  /// What it can do, in words.
  static constexpr Ability kAbility{"a classification model", "clearhead classify"};

  /// How well each class fits each text, before the softmax: tokens as a MaskedModel takes them →
  /// logits [B, classes].
  virtual Var classify(const Var& tokens, const Tensor& lengths, const Pass& pass,
                       const Tensor& token_types = {}) const = 0;

 protected:
  using Model::Model;
};

/// A source as it was read.
struct Memory {
  Var states;            ///< [B, S, C]
  Tensor lengths;        ///< i64 [B]: those that are not padding; undefined: all
  RecurrentState final;  ///< of a recurrent encoder, after its last token
};

/// Reads one text and writes another.
class TranslationModel : public Model {
 public:
  /// What it can do, in words.
  static constexpr Ability kAbility{"a translation model", "clearhead translate"};

  /// Reads a source: tokens i64 [B, S], of which `lengths` i64 [B] (default: all) are not padding.
  virtual Memory encode(const Var& tokens, const Tensor& lengths, const Pass& pass) const = 0;
  /// How likely each token is to come next, before the softmax: tokens i64 [B, T], those written so
  /// far → logits [B, T, V]. With a state the tokens continue those before; the memory is then the
  /// same each time.
  virtual Var decode(const Memory& memory, const Var& tokens, const Pass& pass,
                     DecodingState* state = nullptr) const = 0;

 protected:
  using Model::Model;
};

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_MODEL_H_
