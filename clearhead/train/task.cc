#include "clearhead/train/task.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/data.h"

namespace clearhead {
namespace {

using Paths = std::vector<std::string>;

// Places of one batch of validation: enough to keep all threads busy.
constexpr std::int64_t kValidationPlaces = 8192;

// The mean over the targets that count; labels are smoothed only in training.
BatchLoss loss_of(const Var& logits, const Tensor& targets, double label_smoothing) {
  const std::int64_t* ids = targets.data<std::int64_t>();
  const auto counted = std::count_if(ids, ids + targets.count(),
                                     [](std::int64_t id) { return id != kIgnoredTarget; });
  const Var target = logits.tape().input("target", targets, false);
  return {cross_entropy(logits, target,
                        {.ignore_index = kIgnoredTarget, .label_smoothing = label_smoothing})
              .loss,
          counted};
}

// The mean of the losses of `count` batches, each target counting alike.
double mean_loss(std::int64_t count, const std::function<BatchLoss(Tape&, std::int64_t)>& batch) {
  double sum = 0;
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Tape tape(Keep::nothing);
    const BatchLoss loss = batch(tape, i);
    sum += loss.loss.value().item() * static_cast<double>(loss.tokens);
    tokens += loss.tokens;
  }
  return sum / static_cast<double>(tokens);
}

// ---- Continue a text ----

class TextTask : public Task {
 public:
  TextTask(std::vector<std::int64_t> train, std::vector<std::int64_t> validation,
           std::int64_t context, const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        T_(context),
        training_(training) {
    train_batch(0);  // says at once if the text is too short
    if (validation_.size() < 2) {
      throw Error("data: the text to validate with has less than two tokens");
    }
  }

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    return loss(tape, model, train_batch(number), pass, training_.label_smoothing);
  }

  // Windows one after the other, the last one shorter: every token but the first is a target once.
  double validate(const Model& model, Precision precision) const override {
    const auto targets = static_cast<std::int64_t>(validation_.size()) - 1;
    const std::int64_t windows = targets / T_,
                       at_once = std::max<std::int64_t>(1, kValidationPlaces / T_);
    std::vector<std::pair<std::int64_t, std::int64_t>> batches;  // first window, their number
    for (std::int64_t first = 0; first < windows; first += at_once) {
      batches.emplace_back(first, std::min(at_once, windows - first));
    }
    const bool has_rest = targets % T_ != 0;
    const auto count = static_cast<std::int64_t>(batches.size()) + (has_rest ? 1 : 0);
    return mean_loss(count, [&](Tape& tape, std::int64_t i) {
      const bool is_rest = i == static_cast<std::int64_t>(batches.size());
      const auto [first, number] =
          is_rest ? std::pair(windows, std::int64_t{1}) : batches[static_cast<std::size_t>(i)];
      const Shape shape{number, is_rest ? targets % T_ : T_};
      const std::span<const std::int64_t> from(validation_.data() + first * T_,
                                               static_cast<std::size_t>(shape[0] * shape[1]));
      const std::span<const std::int64_t> next(from.data() + 1, from.size());
      return loss(tape, model, {Tensor::of(shape, from), Tensor::of(shape, next)},
                  {.precision = precision}, 0);
    });
  }

 private:
  WindowBatch train_batch(std::int64_t number) const {
    return random_windows(train_, training_.batch, T_, static_cast<std::uint64_t>(training_.seed),
                          number);
  }

  static BatchLoss loss(Tape& tape, const Model& model, const WindowBatch& batch, const Pass& pass,
                        double label_smoothing) {
    const auto& network = dynamic_cast<const LanguageModel&>(model);
    const Var logits = network.forward(tape.input("tokens", batch.input, false), pass);
    return loss_of(logits, batch.target, label_smoothing);
  }

  std::vector<std::int64_t> train_, validation_;
  std::int64_t T_;
  TrainingConfig training_;
};

// ---- Lines: hidden words and translations ----

// The batches of lines of one epoch, made when it is asked for.
class Batches {
 public:
  Batches(std::vector<std::int64_t> lengths, std::int64_t most_places, std::int64_t seed)
      : lengths_(std::move(lengths)),
        most_places_(most_places),
        seed_(static_cast<std::uint64_t>(seed)),
        batches_(bucketed_batches(lengths_, most_places_, seed_, 0)) {}

  std::int64_t size() const { return static_cast<std::int64_t>(batches_.size()); }
  std::int64_t epoch_of(std::int64_t number) const { return number / size(); }
  // The numbers of the lines of batch `number`, counted through all epochs.
  const std::vector<std::int64_t>& at(std::int64_t number) const {
    if (epoch_of(number) != epoch_) {
      epoch_ = epoch_of(number);
      batches_ = bucketed_batches(lengths_, most_places_, seed_, epoch_);
    }
    return batches_[static_cast<std::size_t>(number % size())];
  }

 private:
  std::vector<std::int64_t> lengths_;
  std::int64_t most_places_;
  std::uint64_t seed_;
  mutable std::int64_t epoch_ = 0;
  mutable std::vector<std::vector<std::int64_t>> batches_;
};

// Lines longer than the model reads are left out.
void drop_long(std::vector<Sequence>& lines, std::vector<Sequence>* targets, std::int64_t most) {
  const auto fits = [&](const Sequence& line) {
    return static_cast<std::int64_t>(line.size()) <= most;
  };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!fits(lines[i]) || (targets != nullptr && !fits((*targets)[i]))) continue;
    lines[kept] = std::move(lines[i]);
    if (targets != nullptr) (*targets)[kept] = std::move((*targets)[i]);
    ++kept;
  }
  lines.resize(kept);
  if (targets != nullptr) targets->resize(kept);
}

class MaskedTask : public Task {
 public:
  MaskedTask(std::vector<Sequence> train, std::vector<Sequence> validation,
             std::shared_ptr<const Tokenizer> tokenizer, const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        tokenizer_(std::move(tokenizer)),
        training_(training),
        batches_(line_lengths(train_), training.batch_tokens, training.seed),
        validation_batches_(line_lengths(validation_), training.batch_tokens, training.seed) {}

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    const auto seed = static_cast<std::uint64_t>(training_.seed);
    const MaskedBatch batch =
        masked_batch(train_, batches_.at(number), *tokenizer_, seed, 1 + batches_.epoch_of(number));
    return loss(tape, model, batch, pass, training_.label_smoothing);
  }

  double validate(const Model& model, Precision precision) const override {
    return mean_loss(validation_batches_.size(), [&](Tape& tape, std::int64_t i) {
      const MaskedBatch batch =
          masked_batch(validation_, validation_batches_.at(i), *tokenizer_, 0, 0);
      return loss(tape, model, batch, {.precision = precision}, 0);
    });
  }

 private:
  static BatchLoss loss(Tape& tape, const Model& model, const MaskedBatch& batch, const Pass& pass,
                        double label_smoothing) {
    const auto& network = dynamic_cast<const MaskedModel&>(model);
    const Var logits =
        network.forward(tape.input("tokens", batch.input, false), batch.lengths, pass);
    return loss_of(logits, batch.target, label_smoothing);
  }

  std::vector<Sequence> train_, validation_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TrainingConfig training_;
  Batches batches_, validation_batches_;
};

struct Pairs {
  std::vector<Sequence> sources, targets;
};

class TranslationTask : public Task {
 public:
  TranslationTask(Pairs train, Pairs validation, std::shared_ptr<const Tokenizer> tokenizer,
                  const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        tokenizer_(std::move(tokenizer)),
        training_(training),
        batches_(pair_lengths(train_.sources, train_.targets), training.batch_tokens,
                 training.seed),
        validation_batches_(pair_lengths(validation_.sources, validation_.targets),
                            training.batch_tokens, training.seed) {}

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    return loss(tape, model, train_, batches_.at(number), pass, training_.label_smoothing);
  }

  double validate(const Model& model, Precision precision) const override {
    return mean_loss(validation_batches_.size(), [&](Tape& tape, std::int64_t i) {
      return loss(tape, model, validation_, validation_batches_.at(i), {.precision = precision}, 0);
    });
  }

 private:
  BatchLoss loss(Tape& tape, const Model& model, const Pairs& pairs,
                 const std::vector<std::int64_t>& numbers, const Pass& pass,
                 double label_smoothing) const {
    const auto& network = dynamic_cast<const TranslationModel&>(model);
    const PairBatch batch = pair_batch(pairs.sources, pairs.targets, numbers, *tokenizer_);
    const Memory memory =
        network.encode(tape.input("source", batch.source, false), batch.source_lengths, pass);
    const Var logits = network.decode(memory, tape.input("tokens", batch.input, false), pass);
    return loss_of(logits, batch.target, label_smoothing);
  }

  Pairs train_, validation_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TrainingConfig training_;
  Batches batches_, validation_batches_;
};

// ---- From files ----

std::string joined_text(const Paths& files, const std::filesystem::path& data) {
  std::string text;
  for (const std::string& file : files) text += read_text(data / file);
  return text;
}

std::vector<std::string> joined_lines(const Paths& files, const std::filesystem::path& data) {
  std::vector<std::string> lines;
  for (const std::string& file : files) {
    for (std::string& line : read_lines(data / file)) lines.push_back(std::move(line));
  }
  return lines;
}

// Cut where training ends and validation begins, if there are no files for it.
std::vector<Sequence> cut_off(std::vector<Sequence>& lines, double share) {
  const auto kept = static_cast<std::ptrdiff_t>(static_cast<double>(lines.size()) * share);
  std::vector<Sequence> rest(lines.begin() + kept, lines.end());
  lines.resize(static_cast<std::size_t>(kept));
  return rest;
}

Pairs read_pairs(const Paths& sources, const Paths& targets, const std::filesystem::path& data,
                 const Tokenizer& tokenizer) {
  Pairs pairs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const LinePairs lines = read_line_pairs(data / sources[i], data / targets[i]);
    for (Sequence& line : encode_lines(lines.sources, tokenizer)) {
      pairs.sources.push_back(std::move(line));
    }
    for (Sequence& line : encode_lines(lines.targets, tokenizer)) {
      pairs.targets.push_back(std::move(line));
    }
  }
  return pairs;
}

std::unique_ptr<Task> text_task(const Recipe& recipe, const std::filesystem::path& data,
                                const Tokenizer& tokenizer) {
  const DataConfig& files = recipe.data;
  const std::string text = joined_text(files.train, data);
  TextParts parts{text, {}};
  std::string validation;
  if (files.validation.empty()) {
    parts = split_text(text, files.train_share);
  } else {
    validation = joined_text(files.validation, data);
    parts.validation = validation;
  }
  const ModelConfig& model = recipe.model;
  return std::make_unique<TextTask>(
      tokenizer.encode(parts.train), tokenizer.encode(parts.validation),
      model.is_recurrent() ? model.recurrent.context : model.transformer.context, recipe.training);
}

std::unique_ptr<Task> masked_task(const Recipe& recipe, const std::filesystem::path& data,
                                  std::shared_ptr<const Tokenizer> tokenizer) {
  std::vector<Sequence> train = encode_lines(joined_lines(recipe.data.train, data), *tokenizer);
  std::vector<Sequence> validation =
      recipe.data.validation.empty()
          ? cut_off(train, recipe.data.train_share)
          : encode_lines(joined_lines(recipe.data.validation, data), *tokenizer);
  const std::int64_t most = recipe.model.transformer.context - 2;  // <s> and </s> come to it
  drop_long(train, nullptr, most);
  drop_long(validation, nullptr, most);
  return std::make_unique<MaskedTask>(std::move(train), std::move(validation), std::move(tokenizer),
                                      recipe.training);
}

std::unique_ptr<Task> translation_task(const Recipe& recipe, const std::filesystem::path& data,
                                       std::shared_ptr<const Tokenizer> tokenizer) {
  const DataConfig& files = recipe.data;
  Pairs train = read_pairs(files.train, files.train_targets, data, *tokenizer), validation;
  if (files.validation.empty()) {
    validation = {cut_off(train.sources, files.train_share),
                  cut_off(train.targets, files.train_share)};
  } else {
    validation = read_pairs(files.validation, files.validation_targets, data, *tokenizer);
  }
  if (!recipe.model.is_recurrent()) {
    const std::int64_t most = recipe.model.transformer.context - 1;  // <s> or </s> comes to it
    drop_long(train.sources, &train.targets, most);
    drop_long(validation.sources, &validation.targets, most);
  }
  return std::make_unique<TranslationTask>(std::move(train), std::move(validation),
                                           std::move(tokenizer), recipe.training);
}

bool reads_lines(Family family) { return family != Family::decoder && family != Family::recurrent; }

}  // namespace

std::shared_ptr<const Tokenizer> learn_tokenizer(const Recipe& recipe,
                                                 const std::filesystem::path& data) {
  std::vector<std::string> specials;
  if (reads_lines(recipe.model.family)) {
    for (const std::string_view name : {kPadToken, kStartToken, kEndToken, kMaskToken}) {
      specials.emplace_back(name);
    }
  }
  if (recipe.tokenizer.kind == TokenizerKind::characters) {
    if (!specials.empty()) specials.emplace_back(kUnknownToken);
    return std::make_shared<CharacterTokenizer>(CharacterTokenizer::learn(
        joined_text(recipe.data.train, data) + joined_text(recipe.data.train_targets, data) +
            joined_text(recipe.data.validation, data),
        specials, recipe.tokenizer.lowercase));
  }
  const std::vector<std::string> texts = {joined_text(recipe.data.train, data),
                                          joined_text(recipe.data.train_targets, data)};
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return std::make_shared<BytePairTokenizer>(
      BytePairTokenizer::learn(views, {.size = recipe.tokenizer.size,
                                       .specials = specials,
                                       .lowercase = recipe.tokenizer.lowercase}));
}

std::unique_ptr<Task> make_task(const Recipe& recipe, const std::filesystem::path& data,
                                std::shared_ptr<const Tokenizer> tokenizer) {
  switch (recipe.model.family) {
    case Family::encoder:
      return masked_task(recipe, data, std::move(tokenizer));
    case Family::encoder_decoder:
    case Family::recurrent_encoder_decoder:
      return translation_task(recipe, data, std::move(tokenizer));
    case Family::decoder:
    case Family::recurrent:
      break;
  }
  return text_task(recipe, data, *tokenizer);
}

}  // namespace clearhead
