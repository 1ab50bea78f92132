// Each file is read by itself, and an error begins with its name.
#include "clearhead/claims/claims_model.h"

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/text/text_file.h"

namespace clearhead::claims {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kVocabulary = "vocabulary.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kSexes = "sexes.json";
constexpr const char* kCalibration = "calibration.json";
constexpr const char* kPeople = "people.json";

}  // namespace

void write_vocabulary(const std::filesystem::path& path, const ClaimVocabulary& vocabulary) {
  write_file(path, [&](std::ostream& out) { out << vocabulary.json() << '\n'; });
}

ClaimVocabulary read_vocabulary(const std::filesystem::path& path) {
  return ClaimVocabulary::parse(read_text(path), path.string());
}

void save_claims_model(const std::filesystem::path& folder, const ClaimVocabulary& vocabulary,
                       const ClaimNetwork& network) {
  make_folder(folder);
  for (const char* file : {kSexes, kCalibration}) std::filesystem::remove(folder / file);
  write_file(folder / kConfig, [&](std::ostream& out) { out << write_fields(network.config()); });
  write_vocabulary(folder / kVocabulary, vocabulary);
  NamedTensors weights = network.parameters().named_tensors();
  for (auto& [name, value] : weights.tensors) value = value.to(DType::bf16);
  write_safetensors(folder / kWeights, weights);
}

void save_calibration(const std::filesystem::path& folder, const ClaimsModel& model) {
  write_file(folder / kSexes, [&](std::ostream& out) { out << model.sexes.json() << '\n'; });
  write_file(folder / kCalibration,
             [&](std::ostream& out) { out << model.calibration.json() << '\n'; });
}

void save_people(const std::filesystem::path& folder, const PairStatistics& people) {
  make_folder(folder);
  write_file(folder / kPeople, [&](std::ostream& out) { out << people.to_json() << '\n'; });
}

void require_calibration(const ClaimsModel& model, const std::filesystem::path& folder) {
  if (!model.calibration.empty()) return;
  throw Error((folder / kCalibration).string() +
              ": expected the calibration of the model's scores, got none; clearhead claims train "
              "makes it when a run ends");
}

ClaimsModel open_claims_model(const std::filesystem::path& folder, bool with_calibration) {
  const std::filesystem::path config_file = folder / kConfig;
  ClaimNetworkConfig config;
  read_fields(read_text(config_file), config_file.string(), config);
  ClaimsModel model;
  model.vocabulary = std::make_shared<const ClaimVocabulary>(read_vocabulary(folder / kVocabulary));
  naming(config_file, [&] {
    model.network = std::make_shared<ClaimNetwork>(config, model.vocabulary->size(), std::nullopt);
  });
  model.network->parameters().load(open_safetensors(folder / kWeights));
  if (const auto people = folder / kPeople; std::filesystem::exists(people)) {
    naming(people, [&] {
      model.people =
          std::make_shared<const PairStatistics>(PairStatistics::from_json(read_text(people)));
    });
  }
  const std::filesystem::path sexes = folder / kSexes, calibration = folder / kCalibration;
  if (with_calibration && std::filesystem::exists(sexes)) {
    model.sexes = SexCounts::parse(read_text(sexes), sexes.string());
  }
  if (with_calibration && std::filesystem::exists(calibration)) {
    model.calibration = Calibration::parse(read_text(calibration), calibration.string());
  }
  return model;
}

}  // namespace clearhead::claims
