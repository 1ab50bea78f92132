// From the files that a recipe names to its task.
#include "clearhead/train/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/characters.h"
#include "clearhead/text/text_file.h"
#include "clearhead/train/tasks.h"

namespace clearhead {
namespace {

using Paths = std::vector<std::string>;

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

// Cut where training ends and validation begins, if there are no files for it; returns the rest.
template <typename Line>
std::vector<Line> cut_off(std::vector<Line>& lines, double share) {
  const auto kept = static_cast<std::ptrdiff_t>(static_cast<double>(lines.size()) * share);
  std::vector<Line> rest(lines.begin() + kept, lines.end());
  lines.resize(static_cast<std::size_t>(kept));
  return rest;
}

// Training text, without the end of it that serves to validate if there are no files for that.
std::string text_to_learn_from(const Recipe& recipe, const Paths& files,
                               const std::filesystem::path& data) {
  if (files.empty() || !recipe.data.validation.empty()) return joined_text(files, data);
  const double share = recipe.data.train_share;
  if (data_kind(recipe.model.family) == DataKind::text) {
    return std::string(split_text(joined_text(files, data), share).train);
  }
  std::vector<std::string> lines = joined_lines(files, data);
  cut_off(lines, share);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
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

// The most tokens that the recipe's model reads.
std::int64_t context_of(const Recipe& recipe, const Tokenizer& tokenizer) {
  const auto outline = make_model(model_config(recipe, tokenizer), /*seed=*/std::nullopt);
  return outline->context() == 0 ? std::numeric_limits<std::int64_t>::max() : outline->context();
}

// Before lines are left out, while they have the numbers that they have in the files. Those that
// are longer than the model reads will not be in a batch.
void require_batches_hold(std::span<const std::int64_t> lengths, std::int64_t context,
                          std::int64_t batch_tokens) {
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > context || lengths[i] <= batch_tokens) continue;
    throw Error(fmt::format(
        "data.train: line {} (counted through all its files) has {} tokens, more than the {} of "
        "training.batch_tokens; raise that, or leave the line out",
        i + 1, lengths[i], batch_tokens));
  }
}

// Lines longer than the model reads are left out, and so are blank ones, which hide nothing.
void drop_unreadable(std::vector<Sequence>& lines, std::int64_t most) {
  std::erase_if(lines,
                [&](const Sequence& line) { return line.empty() || std::ssize(line) > most; });
}

// Pairs of which one side is longer than the model reads are left out.
void drop_long(Pairs& pairs, std::int64_t most) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.sources.size(); ++i) {
    if (std::ssize(pairs.sources[i]) > most || std::ssize(pairs.targets[i]) > most) continue;
    std::swap(pairs.sources[kept], pairs.sources[i]);
    std::swap(pairs.targets[kept], pairs.targets[i]);
    ++kept;
  }
  pairs.sources.resize(kept);
  pairs.targets.resize(kept);
}

std::unique_ptr<Task> read_text_task(const Recipe& recipe, const std::filesystem::path& data,
                                     std::shared_ptr<const Tokenizer> tokenizer) {
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
  return text_task(tokenizer->encode(parts.train), tokenizer->encode(parts.validation),
                   recipe.model.context(), tokenizer->size(), recipe.training);
}

std::unique_ptr<Task> read_masked_task(const Recipe& recipe, const std::filesystem::path& data,
                                       std::shared_ptr<const Tokenizer> tokenizer) {
  std::vector<Sequence> train = encode_lines(joined_lines(recipe.data.train, data), *tokenizer);
  std::vector<Sequence> validation =
      recipe.data.validation.empty()
          ? cut_off(train, recipe.data.train_share)
          : encode_lines(joined_lines(recipe.data.validation, data), *tokenizer);
  const std::int64_t context = context_of(recipe, *tokenizer);
  require_batches_hold(line_lengths(train), context, recipe.training.batch_tokens);
  const std::int64_t most = context - 2;  // <s> and </s> come to it
  drop_unreadable(train, most);
  drop_unreadable(validation, most);
  return masked_task(std::move(train), std::move(validation), std::move(tokenizer),
                     recipe.training);
}

std::unique_ptr<Task> read_translation_task(const Recipe& recipe, const std::filesystem::path& data,
                                            std::shared_ptr<const Tokenizer> tokenizer) {
  const DataConfig& files = recipe.data;
  Pairs train = read_pairs(files.train, files.train_targets, data, *tokenizer), validation;
  if (files.validation.empty()) {
    validation = {cut_off(train.sources, files.train_share),
                  cut_off(train.targets, files.train_share)};
  } else {
    validation = read_pairs(files.validation, files.validation_targets, data, *tokenizer);
  }
  const std::int64_t context = context_of(recipe, *tokenizer);
  require_batches_hold(pair_lengths(train.sources, train.targets), context,
                       recipe.training.batch_tokens);
  const std::int64_t most = context - 1;  // <s> or </s> comes to it
  drop_long(train, most);
  drop_long(validation, most);
  return translation_task(std::move(train), std::move(validation), std::move(tokenizer),
                          recipe.training);
}

// How what models can do is learnt: a new ability is a new row.
struct TaskRow {
  Ability ability;
  DataKind data;
  std::unique_ptr<Task> (*read)(const Recipe& recipe, const std::filesystem::path& data,
                                std::shared_ptr<const Tokenizer> tokenizer);
};

constexpr TaskRow kTasks[] = {
    {LanguageModel::kAbility, DataKind::text, read_text_task},
    {MaskedModel::kAbility, DataKind::lines, read_masked_task},
    {TranslationModel::kAbility, DataKind::pairs, read_translation_task},
};

const TaskRow& task_of(Family family) {
  return row_for(row_of(family).ability, kTasks, "training");
}

}  // namespace

DataKind data_kind(Family family) { return task_of(family).data; }

std::shared_ptr<const Tokenizer> learn_tokenizer(const Recipe& recipe,
                                                 const std::filesystem::path& data) {
  const bool is_text = data_kind(recipe.model.family) == DataKind::text;
  std::vector<std::string> specials;
  if (!is_text) {
    for (const std::string_view name : {kPadToken, kStartToken, kEndToken, kMaskToken}) {
      specials.emplace_back(name);
    }
  }
  const bool is_of_characters = recipe.tokenizer.kind == TokenizerKind::characters;
  if (is_of_characters && is_text) {
    return std::make_shared<Tokenizer>(learn_characters(
        joined_text(recipe.data.train, data) + joined_text(recipe.data.validation, data), specials,
        recipe.tokenizer.lowercase));
  }
  const std::vector<std::string> texts = {
      text_to_learn_from(recipe, recipe.data.train, data),
      text_to_learn_from(recipe, recipe.data.train_targets, data)};
  if (is_of_characters) {
    specials.emplace_back(kUnknownToken);
    return std::make_shared<Tokenizer>(
        learn_characters(texts[0] + texts[1], specials, recipe.tokenizer.lowercase));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return std::make_shared<Tokenizer>(
      learn_byte_pairs(views, {.size = recipe.tokenizer.size,
                               .specials = specials,
                               .lowercase = recipe.tokenizer.lowercase}));
}

std::map<std::string, std::string> hashes_of_texts(const Recipe& recipe,
                                                   const std::filesystem::path& data) {
  std::map<std::string, std::string> hashes;
  const DataConfig& files = recipe.data;
  for (const Paths& some :
       {files.train, files.train_targets, files.validation, files.validation_targets}) {
    for (const std::string& name : some) hashes[name] = hash_of_text(read_text(data / name));
  }
  return hashes;
}

ModelConfig model_config(const Recipe& recipe, const Tokenizer& tokenizer) {
  ModelConfig config = recipe.model;
  if (config.vocabulary() == 0) config.vocabulary() = tokenizer.size();
  if (config.vocabulary() != tokenizer.size()) {
    throw Error("recipe: model.vocabulary: expected 0 or the tokenizer's " +
                std::to_string(tokenizer.size()) + ", got " + std::to_string(config.vocabulary()));
  }
  return config;
}

std::unique_ptr<Task> make_task(const Recipe& recipe, const std::filesystem::path& data,
                                std::shared_ptr<const Tokenizer> tokenizer) {
  return task_of(recipe.model.family).read(recipe, data, std::move(tokenizer));
}

}  // namespace clearhead
