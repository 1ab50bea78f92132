// What stands above an encoder stack where a text is judged as a whole.
#include "clearhead/models/text_encoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/sigmoid.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/tanh.h"

namespace clearhead {
namespace {

// How much each token counts, [B, 1, T], of the type of x [B, T, C].
Tensor shares(Pooling pooling, const Var& x, const Tensor& lengths) {
  const std::int64_t B = x.size(0), T = x.size(1);
  Tensor shares({B, 1, T}, DType::f64);
  double* numbers = shares.mutable_data<double>();
  for (std::int64_t b = 0; b < B; ++b, numbers += T) {
    const auto length = lengths.defined() ? static_cast<std::int64_t>(lengths.at({b})) : T;
    if (length < 1) throw Error("embedding: text " + std::to_string(b) + " has no tokens");
    if (pooling == Pooling::mean) {
      std::fill_n(numbers, length, 1 / static_cast<double>(length));
    } else {
      numbers[pooling == Pooling::first ? 0 : length - 1] = 1;
    }
  }
  return shares.to(x.dtype());
}

// y / ‖y‖ of each row [B, C]: the root of the mean square is ‖y‖/√C. A row of zeros stays zero.
Var of_length_one(const Var& y) {
  const auto C = static_cast<double>(y.size(1));
  constexpr double kShortest = 1e-12;  // as PyTorch's `normalize`
  const Tensor weight = Tensor::scalar(1 / std::sqrt(C), y.dtype()).broadcast_to({y.size(1)});
  return rms_norm(y, y.tape().input("length_one", weight, false), kShortest * kShortest / C).y;
}

// f(tokens, lengths), [B, K], of all texts: [texts, K].
template <typename F>
Tensor in_batches(std::span<const std::vector<std::int64_t>> texts, const F& f) {
  // Weights are packed for each batch: for so many tokens that costs little, and more would not
  // stay in the caches.
  constexpr std::size_t kBatchTokens = 768;
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return texts[a].size() < texts[b].size(); });
  const ReuseMemory reuse;
  Tensor all;
  for (std::size_t begin = 0; begin < order.size();) {
    // The last text of a batch is the longest; the others are padded.
    std::size_t end = begin + 1;
    while (end < order.size() && (end + 1 - begin) * texts[order[end]].size() <= kBatchTokens)
      ++end;
    const auto batch = std::span(order).subspan(begin, end - begin);
    begin = end;
    const std::int64_t B = std::ssize(batch), T = std::ssize(texts[batch.back()]);
    Tensor tokens({B, T}, DType::i64), lengths({B}, DType::i64);
    for (std::int64_t b = 0; b < B; ++b) {
      const std::vector<std::int64_t>& text = texts[batch[static_cast<std::size_t>(b)]];
      std::copy(text.begin(), text.end(), tokens.mutable_data<std::int64_t>() + b * T);
      lengths.mutable_data<std::int64_t>()[b] = std::ssize(text);
    }
    Tape tape(Keep::nothing);
    const Tensor rows =
        f(tape.input("tokens", tokens), lengths).value().to(DType::f32).contiguous();
    const std::int64_t K = rows.size(1);
    if (!all.defined()) all = Tensor({std::ssize(texts), K}, DType::f32);
    for (std::int64_t b = 0; b < B; ++b) {
      const auto text = static_cast<std::int64_t>(batch[static_cast<std::size_t>(b)]);
      std::copy_n(rows.data<float>() + b * K, K, all.mutable_data<float>() + text * K);
    }
  }
  return all;
}

// [B, T, C] → [B, C]
Var of_first_token(const Var& x) { return reshape(slice(x, 1, 0, 1), {x.size(0), x.size(2)}); }

}  // namespace

void describe(Fields& fields, SentenceEncoderConfig& config) {
  describe(fields, static_cast<TransformerConfig&>(config));
  fields.choice("pooling", config.pooling,
                {{"mean", Pooling::mean}, {"first", Pooling::first}, {"last", Pooling::last}},
                "the vector of a text: the mean of its tokens', or that of one");
  fields.flag("normalized", config.normalized, "vectors are divided by their length");
}

void describe(Fields& fields, TextClassifierConfig& config) {
  describe(fields, static_cast<TransformerConfig&>(config));
  fields.texts("labels", config.labels, "names of the classes");
  fields.flag("exclusive", config.exclusive, "a text belongs to one class, not to several");
  fields.flag("tanh", config.tanh, "before the last linear map; else ReLU");
}

SentenceEncoder::SentenceEncoder(const SentenceEncoderConfig& config, Seed seed, DType dtype)
    : EmbeddingModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config),
      pooling_(config.pooling),
      normalized_(config.normalized) {}

Var SentenceEncoder::embed(const Var& tokens, const Tensor& lengths, const Pass& pass,
                           const Tensor& token_types) const {
  const Var x = stack_.forward(table_, tokens, lengths, pass, token_types);  // [B, T, C]
  const Var share = x.tape().input("pooling", shares(pooling_, x, lengths), false);
  const Var y =
      reshape(matmul(share, x, {.precision = pass.precision}), {x.size(0), x.size(2)});  // [B, C]
  return (normalized_ ? of_length_one(y) : y).named("embedding");
}

TextClassifier::TextClassifier(const TextClassifierConfig& config, Seed seed, DType dtype)
    : ClassificationModel(config.vocabulary, config.context, initial_weights(config, seed), dtype),
      table_(parameters_, config.vocabulary, config.channels, "embed.W_E"),
      stack_(parameters_, config),
      pooler_(parameters_, config.channels, config.channels, "pooler.W", "pooler.b"),
      classifier_(parameters_, config.channels, std::ssize(config.labels), "classifier.W",
                  "classifier.b"),
      tanh_(config.tanh) {
  if (config.labels.empty()) throw Error("model: a classification model needs labels");
}

Var TextClassifier::classify(const Var& tokens, const Tensor& lengths, const Pass& pass,
                             const Tensor& token_types) const {
  const Var x = stack_.forward(table_, tokens, lengths, pass, token_types);  // [B, T, C]
  const Var pooled = pooler_.forward(of_first_token(x), pass);               // [B, C]
  return classifier_.forward(tanh_ ? tanh(pooled) : relu(pooled), pass).named("class_logits");
}

Tensor embed_texts(const EmbeddingModel& model, std::span<const std::vector<std::int64_t>> texts,
                   Precision precision) {
  return in_batches(texts, [&](const Var& tokens, const Tensor& lengths) {
    return model.embed(tokens, lengths, {.precision = precision});
  });
}

Tensor classify_texts(const ClassificationModel& model,
                      std::span<const std::vector<std::int64_t>> texts, Precision precision) {
  return in_batches(texts, [&](const Var& tokens, const Tensor& lengths) {
    return model.classify(tokens, lengths, {.precision = precision});
  });
}

Tensor class_probabilities(const Tensor& logits, bool exclusive) {
  Tape tape(Keep::nothing);
  const Var x = tape.input("logits", logits.to(DType::f64));
  return (exclusive ? softmax(x) : sigmoid(x)).value();
}

}  // namespace clearhead
