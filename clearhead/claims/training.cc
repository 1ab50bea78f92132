// Batches of hidden fields, and the run that learns from them.
#include "clearhead/claims/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/scores.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/text/text_file.h"

namespace clearhead::claims {
namespace {

constexpr const char* kRecipe = "recipe.json";
constexpr const char* kVocabulary = "vocabulary.json";
constexpr const char* kModel = "model";

constexpr std::int64_t kValidationClaims = 4096;  // drawn once for all evaluations
constexpr std::int64_t kValidationBatch = 128;
constexpr std::uint64_t kValidationStream = std::uint64_t{1} << 63;

}  // namespace

void describe(Fields& fields, ClaimsRecipe& recipe) {
  fields.group("network", recipe.network, "its sizes and choices");
  fields.integer("least_count", recipe.least_count, {1, 1 << 20},
                 "how often a code must occur in training to have a token of its own");
  fields.integer("versions", recipe.versions, {1, 64},
                 "of each claim of a batch, with other fields hidden");
  fields.group("training", recipe.training, "how it learns; batch: claims");
}

ClaimsRecipe read_claims_recipe(const std::filesystem::path& path) {
  ClaimsRecipe recipe;
  read_fields(read_text(path), path.string(), recipe);
  try {
    recipe.network.validate();
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what());
  }
  return recipe;
}

Version random_version(const EncodedClaim& claim, Random& random) {
  const auto D = static_cast<std::int32_t>(claim.diagnoses.size());
  const auto L = static_cast<std::int32_t>(claim.lines.size());
  const double draw = random.uniform();
  Version version;
  double share = 0.1;
  if (draw < 0.55 && L > 0) {
    version = ask_for_line(claim, static_cast<std::int32_t>(random.below(L)));
  } else if (draw < 0.75 && D > 0) {
    version = ask_for_diagnosis(claim, static_cast<std::int32_t>(random.below(D)));
  } else {
    share = 0.3;
  }
  const std::vector<HiddenField> whole = version.hidden;
  const auto is_hidden = [&](Part part) {
    return std::any_of(whole.begin(), whole.end(),
                       [&](const HiddenField& field) { return field.part == part; });
  };
  const auto maybe = [&](Part part, std::initializer_list<FieldKind> kinds) {
    for (const FieldKind kind : kinds) {
      if (random.uniform() < share) version.hidden.push_back({part, kind});
    }
  };
  maybe({}, {FieldKind::type, FieldKind::specialty, FieldKind::place, FieldKind::sex,
             FieldKind::age, FieldKind::month, FieldKind::gap});
  for (std::int32_t i = 0; i < D; ++i) {
    if (!is_hidden({Part::diagnosis, i})) maybe({Part::diagnosis, i}, {FieldKind::diagnosis});
  }
  for (std::int32_t i = 0; i < L; ++i) {
    const Part line{Part::line, i};
    if (is_hidden(line)) continue;
    if (random.uniform() < share) {
      version.hidden.push_back({line, FieldKind::code});
      version.hidden.push_back({line, FieldKind::units, false});
      version.hidden.push_back({line, FieldKind::amount, false});
    } else {
      maybe(line, {FieldKind::units, FieldKind::amount});
    }
  }
  return version;
}

ClaimsTrainer::ClaimsTrainer(const ClaimsRecipe& recipe, const std::filesystem::path& data,
                             const ReadOptions& options, const std::filesystem::path& folder)
    : recipe_(recipe), model_folder_(folder / kModel), run_(folder, {kRecipe, kVocabulary}) {
  read(data, options, folder);
  run_.identify({.recipe = write_fields(recipe_),
                 .inputs = {{"claims", hash_of_claims(members_)}},
                 .differences = [this](const std::string& began) {
                   ClaimsRecipe other;
                   read_fields(began, "the checkpoint's recipe", other);
                   return different_fields(other, recipe_);
                 }});
  network_ = std::make_unique<ClaimNetwork>(recipe_.network, vocabulary_.size(),
                                            static_cast<std::uint64_t>(recipe_.training.seed));
  begin();
}

// Twice: first for the vocabulary, unless the run has one, then for its tokens.
void ClaimsTrainer::read(const std::filesystem::path& data, const ReadOptions& options,
                         const std::filesystem::path& folder) {
  if (run_.has_begun()) {
    vocabulary_ = read_vocabulary(folder / kVocabulary);
  } else {
    VocabularyCounts counts;
    PairStatistics people(PairStatistics::Pairs::with_persons);
    read_claims(data, options, {.claim = [&](Claim&& claim) {
                  if (split_of(claim) != "train") return;
                  counts.add(claim);
                  people.add(claim);
                }});
    vocabulary_ = ClaimVocabulary::learn(counts, recipe_.least_count);
    write_file(folder / kRecipe, [&](std::ostream& out) { out << write_fields(recipe_); });
    write_vocabulary(folder / kVocabulary, vocabulary_);
    save_people(model_folder_, people);
  }
  ClaimEncoder encoder(vocabulary_);
  read_claims(data, options, {.claim = [&](Claim&& claim) {
                claim.member.split.value = split_of(claim);
                if (*claim.member.split != "test") encoder.add(claim);
              }});
  members_ = encoder.take();
  for (std::uint32_t m = 0; m < members_.size(); ++m) {
    auto& part = members_[m].split == "train" ? train_ : validation_;
    for (std::uint32_t i = 0; i < members_[m].claims.size(); ++i) {
      const auto lines = std::ssize(members_[m].claims[i].lines);
      if (lines >= 1 && lines <= kMostLines) part.push_back({m, i});
    }
  }
  if (train_.empty() || validation_.empty()) {
    throw Error(fmt::format(
        "{}: expected claims with lines to learn from and to validate with, got {} and {}; the "
        "split of members says which is which",
        data.string(), train_.size(), validation_.size()));
  }
}

void ClaimsTrainer::begin() {
  run_.begin({.training = recipe_.training,
              .parameters = &network_->parameters(),
              .loss =
                  [this](Tape& tape, std::int64_t number, const Pass& pass) {
                    return loss(tape, train_, static_cast<std::uint64_t>(number),
                                recipe_.training.batch, pass);
                  },
              .validate = [this] { return validate(); },
              .save = [this] { save_claims_model(model_folder_, vocabulary_, *network_); }});
}

// Claims drawn at random, each in several versions.
BatchLoss ClaimsTrainer::loss(Tape& tape, const std::vector<NumberedClaim>& from,
                              std::uint64_t stream, std::int64_t claims, const Pass& pass) const {
  Random random(static_cast<std::uint64_t>(recipe_.training.seed), stream);
  BatchMaker maker(vocabulary_, recipe_.network.history);
  // A batch of few claims might have no question; then there are more.
  for (std::int64_t i = 0; i < claims || maker.questions() == 0; ++i) {
    const auto [m, number] =
        from[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(from.size())))];
    std::vector<Version> versions;
    for (std::int64_t v = 0; v < recipe_.versions; ++v) {
      versions.push_back(random_version(members_[m].claims[number], random));
    }
    maker.add(members_[m], number, versions);
  }
  const ClaimBatch batch = maker.take();
  const Var logits = network_->forward(tape, batch, pass);
  const Var answers = tape.input("answers", batch.answers);
  return {cross_entropy(logits, answers,
                        {.label_smoothing = pass.training ? recipe_.training.label_smoothing : 0})
              .loss,
          batch.answers.count()};
}

void ClaimsTrainer::calibrate() const {
  ClaimsModel model = open_claims_model(model_folder_, false);
  std::vector<MemberClaims> members;
  for (const MemberClaims& member : members_) {
    if (member.split == "train") {
      model.sexes.add(member);
    } else {
      members.push_back(member);
    }
  }
  model.calibration = claims::calibrate(model, members, kCalibrationClaims);
  save_calibration(model_folder_, model);
}

double ClaimsTrainer::validate() const {
  double sum = 0, questions = 0;
  for (std::int64_t i = 0; i < kValidationClaims; i += kValidationBatch) {
    Tape tape(Keep::nothing);
    const BatchLoss batch =
        loss(tape, validation_, kValidationStream + static_cast<std::uint64_t>(i), kValidationBatch,
             {.precision = recipe_.training.precision});
    sum += batch.loss.value().item() * static_cast<double>(batch.tokens);
    questions += static_cast<double>(batch.tokens);
  }
  return sum / questions;
}

}  // namespace clearhead::claims
