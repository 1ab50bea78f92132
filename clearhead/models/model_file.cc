// Each file is read by itself, and an error begins with its name.
#include "clearhead/models/model_file.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/config_json_internal.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kWeights = "model.safetensors";

// "a language model (clearhead generate)"
std::string words_of(const Ability& ability) {
  return fmt::format("{} ({})", ability.words, ability.command);
}

// Throws Error if a folder has a tokenizer in older files alone.
void require_tokenizer(const std::filesystem::path& folder) {
  if (exists(folder / kTokenizer)) return;
  for (const char* const older : {"tokenizer.model", "vocab.txt", "vocab.json"}) {
    if (!exists(folder / older)) continue;
    throw Error(fmt::format(
        "{}: expected {} beside it; AutoTokenizer.from_pretrained(folder).save_pretrained(folder) "
        "of transformers writes it",
        (folder / older).string(), kTokenizer));
  }
}

// A model of others. Its table of tokens may have rows that its tokenizer never names, since sizes
// are rounded up.
SavedModel open_checkpoint(const std::filesystem::path& folder, bool keep_bf16) {
  SavedModel saved;
  require_tokenizer(folder);
  saved.tokenizer = read_tokenizer(folder / kTokenizer);
  HuggingFaceModel read = read_hugging_face(folder, keep_bf16);
  saved.config = std::move(read.config);
  saved.model = std::move(read.model);
  saved.begin = read.begin;
  saved.ends = std::move(read.ends);
  if (saved.tokenizer->size() > saved.config.vocabulary()) {
    throw Error(fmt::format("{}: the model has {} tokens, its tokenizer more: {}", folder.string(),
                            saved.config.vocabulary(), saved.tokenizer->size()));
  }
  saved.model->set_tokens(saved.tokenizer->size());
  return saved;
}

}  // namespace

void save_model(const std::filesystem::path& folder, const ModelConfig& config,
                const Tokenizer& tokenizer, const Parameters& parameters, DType dtype) {
  make_folder(folder);
  write_file(folder / kConfig, [&](std::ostream& out) { out << write_fields(config); });
  write_tokenizer(folder / kTokenizer, tokenizer);
  NamedTensors weights = parameters.named_tensors();
  for (auto& [name, value] : weights.tensors) value = value.to(dtype);
  write_safetensors(folder / kWeights, weights);
}

SavedModel open_model(const std::filesystem::path& folder, bool keep_bf16) {
  const std::filesystem::path config = folder / kConfig;
  const std::string description = read_text(config);
  if (is_hugging_face(description)) return open_checkpoint(folder, keep_bf16);
  SavedModel saved;
  read_fields(description, config.string(), saved.config);
  saved.tokenizer = read_tokenizer(folder / kTokenizer);
  if (saved.config.vocabulary() != saved.tokenizer->size()) {
    throw Error(folder.string() + ": the model has " + std::to_string(saved.config.vocabulary()) +
                " tokens, its tokenizer " + std::to_string(saved.tokenizer->size()));
  }
  // What is wrong with the weights shows now; each is read when it is first used.
  saved.model = naming(config, [&] { return make_model(saved.config, /*seed=*/std::nullopt); });
  const bool keeps = keep_bf16 && row_of(saved.config.family).reads_bf16;
  saved.model->parameters().load(open_safetensors(folder / kWeights), keeps);
  return saved;
}

void refuse_ability(const SavedModel& saved, const Ability& wanted) {
  const FamilyRow& row = row_of(saved.config.family);
  throw Error(fmt::format("model: expected {}, got {}: its family is {}", words_of(wanted),
                          words_of(row.ability), row.name));
}

}  // namespace clearhead
