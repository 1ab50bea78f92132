// Recipe, data and model, as a run of training.
#include "clearhead/train/trainer.h"

#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/memory.h"
#include "clearhead/models/model_file.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"
#include "clearhead/train/data.h"

namespace clearhead {
namespace {

constexpr const char* kRecipe = "recipe.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kModel = "model";

// The files of a run; those of a model only if it has one.
std::vector<std::string> files_of(const std::filesystem::path& folder) {
  std::vector<std::string> files = {kRecipe, kTokenizer};
  const std::filesystem::path config = std::filesystem::path(kModel) / "config.json";
  if (std::filesystem::exists(folder / kModel)) files.push_back(config);
  return files;
}

// Weights, their gradients and at least one moment of each, all f32.
void require_memory(const ModelConfig& config) {
  const double bytes = 3 * sizeof(float) * static_cast<double>(parameter_count(config));
  if (bytes <= static_cast<double>(machine_memory())) return;
  throw Error("model: to train it takes at least " +
              std::to_string(static_cast<std::int64_t>(bytes) >> 20) +
              " MiB, and this machine has " + std::to_string(machine_memory() >> 20) +
              "; choose a smaller vocabulary, fewer channels or layers");
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, const std::filesystem::path& data,
                 const std::filesystem::path& folder, std::shared_ptr<Team> team)
    : recipe_(recipe), run_(folder, files_of(folder), std::move(team)) {
  const std::filesystem::path tokenizer = folder / kTokenizer;
  if (run_.team().is_first()) remove_leftovers(folder / kModel);
  if (run_.team().is_first() && !run_.has_begun()) {
    tokenizer_ = learn_tokenizer(recipe_, data);
    write_file(folder / kRecipe, [&](std::ostream& out) { out << write_fields(recipe_); });
    write_tokenizer(tokenizer, *tokenizer_);
  }
  run_.team().gather({});  // the tokenizer is there
  if (!tokenizer_) tokenizer_ = read_tokenizer(tokenizer);
  run_.identify(identity(data, tokenizer));
  config_ = model_config(recipe_, *tokenizer_);
  require_memory(config_);
  task_ = make_task(recipe_, data, tokenizer_);
  model_ = make_model(config_, static_cast<std::uint64_t>(recipe_.training.seed));
  run_.begin({.training = recipe_.training,
              .parameters = &model_->parameters(),
              .loss = loss_of(*task_, *model_),
              .validate = [this] { return task_->validate(*model_, recipe_.training.precision); },
              .save =
                  [this, folder] {
                    save_model(folder / kModel, config_, *tokenizer_, model_->parameters());
                  }});
}

RunIdentity Trainer::identity(const std::filesystem::path& data,
                              const std::filesystem::path& tokenizer) const {
  RunIdentity identity{.recipe = write_fields(recipe_),
                       .inputs = hashes_of_texts(recipe_, data),
                       .differences = [this](const std::string& began) {
                         Recipe other;
                         read_fields(began, "the checkpoint's recipe", other);
                         return different_fields(other, recipe_);
                       }};
  identity.inputs[kTokenizer] = hash_of_text(read_text(tokenizer));
  return identity;
}

LossOfBatch loss_of(const Task& task, const Model& model) {
  return [&task, &model](Tape& tape, std::int64_t number, const Pass& pass) {
    return task.train(tape, model, number, pass);
  };
}

}  // namespace clearhead
