// Questions about all fields of many claims, in batches of rows of similar length.
#include "clearhead/claims/surprise.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace clearhead::claims {
namespace {

constexpr std::size_t kRowPositions = 48;      // a row with more is divided, if it has versions
constexpr std::size_t kBatchPositions = 4096;  // with padding

// Some versions of a claim, which share one row.
struct Row {
  std::size_t claim = 0;  // number of the view
  std::vector<Version> versions = {};
  std::size_t positions = 0;
};

std::vector<Version> all_versions(const EncodedClaim& claim, std::int32_t without_line) {
  std::vector<Version> versions;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(claim.lines.size()); ++i) {
    if (i == without_line) continue;
    versions.push_back(ask_for_line(claim, i));
    const Part line{Part::line, i};
    versions.push_back({.hidden = {{line, FieldKind::units}, {line, FieldKind::amount}},
                        .first_line = versions.back().first_line});
  }
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(claim.diagnoses.size()); ++i) {
    versions.push_back(ask_for_diagnosis(claim, i));
  }
  versions.push_back({.hidden = {{{}, FieldKind::sex}, {{}, FieldKind::age}}});
  for (Version& version : versions) version.without_line = without_line;
  return versions;
}

std::vector<Row> rows_of(std::span<const ClaimView> claims) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const EncodedClaim& claim = claims[i].member->claims[claims[i].claim];
    Row* row = nullptr;
    for (Version& version : all_versions(claim, claims[i].without_line)) {
      const auto lines = static_cast<std::size_t>(version.end_of_lines(claim) - version.first_line);
      const std::size_t length = 1 + claim.diagnoses.size() + lines;
      if (row == nullptr || row->positions + length > kRowPositions) {
        row = &rows.emplace_back(Row{.claim = i});
      }
      row->positions += length;
      row->versions.push_back(std::move(version));
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.positions < b.positions; });
  return rows;
}

// The surprise of an answer among the tokens [first, first + count).
Surprise surprise_of(const float* logits, std::int64_t first, std::int64_t count,
                     std::int64_t answer) {
  const float* const begin = logits + first;
  const float* const best = std::max_element(begin, begin + count);
  double sum = 0;
  Surprise surprise;
  surprise.token = static_cast<Token>(answer);
  surprise.rank = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += std::exp(static_cast<double>(begin[i]) - *best);
    surprise.rank += begin[i] > logits[answer] ? 1 : 0;
  }
  surprise.nats = std::log(sum) - (static_cast<double>(logits[answer]) - *best);
  surprise.expected = static_cast<Token>(best - logits);
  surprise.expected_probability = 1 / sum;
  return surprise;
}

// What the input does not say cannot be unusual. A code that has no token is new, which may be.
bool says_something(const Surprise& surprise, const ClaimVocabulary& vocabulary) {
  const bool is_code = surprise.kind == FieldKind::code || surprise.kind == FieldKind::diagnosis;
  return is_code || surprise.token != vocabulary.missing(surprise.kind);
}

}  // namespace

std::vector<std::vector<Surprise>> surprises_of(const ClaimsModel& model,
                                                std::span<const ClaimView> claims,
                                                const Pass& pass) {
  const ClaimVocabulary& vocabulary = *model.vocabulary;
  std::vector<std::vector<Surprise>> results(claims.size());
  const std::vector<Row> rows = rows_of(claims);
  BatchMaker maker(vocabulary, model.network->config().history);
  for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
    std::vector<std::pair<std::size_t, HiddenField>> asked;  // of which claim, what
    while (last < rows.size() &&
           (last == first || rows[last].positions * (last + 1 - first) <= kBatchPositions)) {
      const ClaimView& view = claims[rows[last].claim];
      for (const HiddenField& field : maker.add(*view.member, view.claim, rows[last].versions)) {
        asked.push_back({rows[last].claim, field});
      }
      ++last;
    }
    const ClaimBatch batch = maker.take();
    Tape tape(Keep::nothing);
    const Tensor logits = model.network->forward(tape, batch, pass).value();
    const float* scores = logits.data<float>();
    const std::int64_t* answer = batch.answers.data<std::int64_t>();
    for (const auto& [claim, field] : asked) {
      Surprise surprise = surprise_of(scores, vocabulary.missing(field.kind),
                                      vocabulary.values(field.kind), *answer++);
      surprise.part = field.part;
      surprise.kind = field.kind;
      if (says_something(surprise, vocabulary)) results[claim].push_back(surprise);
      scores += logits.size(1);
    }
  }
  for (auto& result : results) {
    std::sort(result.begin(), result.end(), [](const Surprise& a, const Surprise& b) {
      return std::tie(a.part.kind, a.part.number, a.kind) <
             std::tie(b.part.kind, b.part.number, b.kind);
    });
  }
  return results;
}

}  // namespace clearhead::claims
