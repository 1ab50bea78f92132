// Encoders that say one thing of a whole text: its vector, or its class.
//
//     x = encoder stack of the tokens                             as models/encoder.h
//     embedding = mean of x over the tokens, or x of one token; perhaps divided by its length
//     logits = act(x_0·W_pᵀ + b_p)·W_cᵀ + b_c
//
// Sources: Devlin et al., "BERT" (2019), section 4, for the class; Reimers and Gurevych,
// "Sentence-BERT" (2019) for the vector.
#ifndef CLEARHEAD_MODELS_TEXT_ENCODER_H_
#define CLEARHEAD_MODELS_TEXT_ENCODER_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "clearhead/models/encoder.h"

namespace clearhead {

/// What becomes of the vectors of a text's tokens.
enum class Pooling {
  mean,   ///< their mean
  first,  ///< the one of the first token
  last,   ///< the one of the last
};

/// An encoder stack, and how the vector of a text is made.
struct SentenceEncoderConfig : TransformerConfig {
  Pooling pooling = Pooling::mean;  ///< of the tokens' vectors
  bool normalized = false;          ///< divided by its length, so that products are cosines
};

/// An encoder stack, and the classes of texts.
struct TextClassifierConfig : TransformerConfig {
  std::vector<std::string> labels = {};  ///< names of the classes
  bool exclusive = true;                 ///< a text belongs to one class, not to several
  bool tanh = true;                      ///< before the last map (BERT), not ReLU (DistilBERT)
};

/// Its fields as JSON.
void describe(Fields& fields, SentenceEncoderConfig& config);
/// Likewise.
void describe(Fields& fields, TextClassifierConfig& config);

/// Vectors of texts: Sentence-BERT (Reimers and Gurevych 2019) and its like.
class SentenceEncoder : public EmbeddingModel {
 public:
  /// Parameters are called as those of Encoder, without a head. Throws Error if the config does not
  /// fit together.
  explicit SentenceEncoder(const SentenceEncoderConfig& config, Seed seed = 0,
                           DType dtype = DType::f32);

  /// Records what an encoder stack does, and embedding.
  Var embed(const Var& tokens, const Tensor& lengths, const Pass& pass,
            const Tensor& token_types = {}) const override;

 private:
  Embedding table_;
  EncoderStack stack_;
  Pooling pooling_;
  bool normalized_;
};

/// Classes of texts, judged by the first token.
class TextClassifier : public ClassificationModel {
 public:
  /// Parameters are called as those of Encoder, with pooler.W [C, C], pooler.b, classifier.W
  /// [classes, C] and classifier.b for a head. Throws Error if the config does not fit together.
  explicit TextClassifier(const TextClassifierConfig& config, Seed seed = 0,
                          DType dtype = DType::f32);

  /// Records what an encoder stack does, and class_logits.
  Var classify(const Var& tokens, const Tensor& lengths, const Pass& pass,
               const Tensor& token_types = {}) const override;

 private:
  Embedding table_;
  EncoderStack stack_;
  Linear pooler_, classifier_;
  bool tanh_;
};

/// The vectors of many texts, [texts, C], calculated in batches of like length.
Tensor embed_texts(const EmbeddingModel& model, std::span<const std::vector<std::int64_t>> texts,
                   Precision precision = Precision::highest);
/// Likewise how well each class fits each text, before the softmax: [texts, classes].
Tensor classify_texts(const ClassificationModel& model,
                      std::span<const std::vector<std::int64_t>> texts,
                      Precision precision = Precision::highest);

/// How likely each class is, given logits [texts, classes]: the softmax, or, of classes that do not
/// exclude each other, 1 / (1 + exp(−x)). In f64.
Tensor class_probabilities(const Tensor& logits, bool exclusive);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_TEXT_ENCODER_H_
