// Each file of a folder is read by itself, and an error begins with its name.
#include "clearhead/models/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/config_json_internal.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/model_file_internal.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/text/tokenizer_folder.h"

namespace clearhead {
namespace {

// "a language model (clearhead generate)"
std::string words_of(const Ability& ability) {
  return fmt::format("{} ({})", ability.words, ability.command);
}

// Of a folder of ours; a model of Marian that was converted keeps its two files.
std::shared_ptr<const Tokenizer> tokenizer_of(const std::filesystem::path& folder) {
  return exists(folder / kMarianSource) ? read_tokenizer_folder(folder, "marian")
                                        : read_tokenizer(folder / kTokenizer);
}

StoredModel open_ours(const std::filesystem::path& folder, const std::string& description,
                      bool keep_bf16) {
  StoredModel stored;
  const std::filesystem::path config = folder / kConfig;
  SavedModel& saved = stored.saved;
  read_fields(description, config.string(), saved.config);
  saved.tokenizer = tokenizer_of(folder);
  ConfigJson none("{}", config.string());
  saved.tokens = read_writing_tokens(folder, none, saved.config.family);
  saved.model = naming(config, [&] { return make_model(saved.config, /*seed=*/std::nullopt); });
  use_tokenizer(folder.string(), saved);
  saved.chat = read_chat_source(folder);
  stored.ours = open_weights(folder);
  const bool keeps = keep_bf16 && row_of(saved.config.family).reads_bf16;
  saved.model->parameters().load(stored.ours, keeps);
  return stored;
}

// sentence-transformers may read less of a text than the network could.
std::int64_t longest_text(const std::filesystem::path& folder, std::int64_t context) {
  const std::filesystem::path file = folder / "sentence_bert_config.json";
  if (!exists(file)) return 0;
  const std::int64_t most = read_config_json(file).integer("max_seq_length", 0, kLongest);
  return context == 0 ? most : std::min(most, context);
}

StoredModel open_checkpoint(const std::filesystem::path& folder, bool keep_bf16) {
  StoredModel stored;
  SavedModel& saved = stored.saved;
  OpenCheckpoint opened = open_hugging_face(folder, keep_bf16);
  saved.tokenizer = read_tokenizer_folder(folder, opened.read.model_type);
  saved.config = std::move(opened.read.config);
  saved.model = std::move(opened.read.model);
  saved.tokens = std::move(opened.read.tokens);
  saved.chat = read_chat_source(folder);
  saved.longest = longest_text(folder, saved.model->context());
  use_tokenizer(folder.string(), saved);
  stored.ours = std::move(opened.ours);
  stored.theirs = std::move(opened.theirs);
  return stored;
}

}  // namespace

void save_model(const std::filesystem::path& folder, const ModelConfig& config,
                const Tokenizer& tokenizer, const Parameters& parameters, DType dtype) {
  make_folder(folder);
  write_file(folder / kConfig, [&](std::ostream& out) { out << write_fields(config); });
  write_tokenizer(folder / kTokenizer, tokenizer);
  NamedTensors weights = parameters.named_tensors();
  for (auto& [name, value] : weights.tensors) value = value.to(dtype);
  write_safetensors(folder / "model.safetensors", weights);
}

void use_tokenizer(const std::string& file, SavedModel& saved) {
  const std::int64_t tokens = saved.tokenizer->size(), rows = saved.config.vocabulary();
  for (std::int64_t id = rows; id < tokens; ++id) {
    if (saved.tokenizer->is_special(id)) continue;
    throw Error(fmt::format(
        "{}: the model has {} tokens, its tokenizer more: {}; they do not belong together", file,
        rows, tokens));
  }
  saved.model->set_tokens(std::min(tokens, rows));
}

StoredModel open_stored(const std::filesystem::path& path, bool keep_bf16) {
  if (is_regular_file(path)) return open_stored(open_gguf(path), keep_bf16);
  const std::string description = read_text(path / kConfig);
  return is_hugging_face(description) ? open_checkpoint(path, keep_bf16)
                                      : open_ours(path, description, keep_bf16);
}

SavedModel open_model(const std::filesystem::path& path, bool keep_bf16) {
  return std::move(open_stored(path, keep_bf16).saved);
}

SavedModel open_model(const GgufFile& file, bool keep_bf16) {
  return std::move(open_stored(file, keep_bf16).saved);
}

BeamSearchOptions search_options(const SavedModel& saved) {
  const WritingTokens& tokens = saved.tokens;
  const auto or_special = [&](std::optional<std::int64_t> known, std::string_view name) {
    return known ? *known : saved.tokenizer->special(name);
  };
  std::optional<std::int64_t> end;
  if (!tokens.ends.empty()) end = tokens.ends.front();
  return {.start = or_special(tokens.begin, kStartToken),
          .end = or_special(end, kEndToken),
          .first = tokens.first,
          .never = tokens.never};
}

void refuse_ability(const SavedModel& saved, const Ability& wanted) {
  const FamilyRow& row = row_of(saved.config.family);
  throw Error(fmt::format("model: expected {}, got {}: its family is {}", words_of(wanted),
                          words_of(row.ability), row.name));
}

}  // namespace clearhead
