// A checkpoint as one .safetensors file: numbers as tensors by name, texts in its metadata.
#include "clearhead/train/checkpoint.h"

#include <string_view>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tensor/safetensors.h"

namespace clearhead {
namespace {

constexpr const char* kFormat = "clearhead checkpoint 1";
const std::string kText = "text/";    // before a text's name, in the metadata
constexpr std::int64_t kColumns = 4;  // of an evaluation

// The parts that hold tensors, by what their names begin with in the file.
std::vector<std::pair<std::string, NamedTensors Checkpoint::*>> parts() {
  return {{"parameters/", &Checkpoint::parameters},
          {"optimizer/", &Checkpoint::optimizer},
          {"average/", &Checkpoint::average}};
}

Tensor table_of(const std::vector<Evaluation>& evaluations) {
  Tensor table({static_cast<std::int64_t>(evaluations.size()), kColumns}, DType::f64);
  double* row = table.mutable_data<double>();
  for (const Evaluation& evaluation : evaluations) {
    *row++ = static_cast<double>(evaluation.step);
    *row++ = evaluation.learning_rate;
    *row++ = evaluation.loss;
    *row++ = evaluation.validation;
  }
  return table;
}

std::vector<Evaluation> evaluations_of(const Tensor& table) {
  std::vector<Evaluation> evaluations;
  for (std::int64_t i = 0; i < table.size(0); ++i) {
    evaluations.push_back({static_cast<std::int64_t>(table.at({i, 0})), table.at({i, 1}),
                           table.at({i, 2}), table.at({i, 3})});
  }
  return evaluations;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  NamedTensors file;
  file.metadata = {{"format", kFormat}, {"recipe", checkpoint.recipe}};
  for (const auto& [name, hash] : checkpoint.texts) file.metadata[kText + name] = hash;
  for (const auto& [prefix, part] : parts()) {
    for (const auto& [name, value] : (checkpoint.*part).tensors) {
      file.tensors.emplace_back(prefix + name, value);
    }
  }
  file.tensors.emplace_back("step", Tensor::of<std::int64_t>({}, {checkpoint.step}));
  file.tensors.emplace_back("loss_sum", Tensor::scalar(checkpoint.loss_sum, DType::f64));
  file.tensors.emplace_back("evaluations", table_of(checkpoint.evaluations));
  write_safetensors(path, file);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const NamedTensors file = read_safetensors(path);
  const auto format = file.metadata.find("format");
  const auto recipe = file.metadata.find("recipe");
  if (format == file.metadata.end() || format->second != kFormat || recipe == file.metadata.end()) {
    throw Error(path.string() + ": expected a \"" + kFormat + "\", and it does not say so");
  }
  Checkpoint checkpoint;
  checkpoint.recipe = recipe->second;
  for (const auto& [name, value] : file.metadata) {
    if (name.starts_with(kText)) checkpoint.texts[name.substr(kText.size())] = value;
  }
  try {
    for (const auto& [name, value] : file.tensors) {
      for (const auto& [prefix, part] : parts()) {
        if (name.starts_with(prefix)) {
          (checkpoint.*part).tensors.emplace_back(name.substr(prefix.size()), value);
        }
      }
    }
    const Tensor& table = file.at("evaluations");
    if (table.rank() != 2 || table.size(1) != kColumns) {
      throw Error("evaluations: expected four columns, got " + to_string(table.shape()));
    }
    checkpoint.step = static_cast<std::int64_t>(file.at("step").item());
    if (checkpoint.step < 0) throw Error("step: expected at least 0, got a negative number");
    checkpoint.loss_sum = file.at("loss_sum").item();
    checkpoint.evaluations = evaluations_of(table);
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what());
  }
  return checkpoint;
}

std::optional<std::size_t> best_of(const std::vector<Evaluation>& evaluations) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    if (!best || evaluations[i].validation < evaluations[*best].validation) best = i;
  }
  return best;
}

}  // namespace clearhead
