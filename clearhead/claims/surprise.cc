// Questions about all fields of many claims, in batches of rows of similar length.
#include "clearhead/claims/surprise.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "clearhead/base/ceil_div.h"

namespace clearhead::claims {
namespace {

// A row with more is divided, if it has versions. Reading the history once more costs about as much
// as so many positions.
constexpr std::size_t kRowPositions = 128;
// Positions and events of a batch, with padding: what blocks calculate at a time is 4 MB in f32.
constexpr std::size_t kBatchVectors = 8192;

// Products of few rows (compute/products.h), and attention of few queries or with few in its last
// block (kernels/attention/simd.h), are summed in another order. Of so many, or a multiple, each
// number in f32 depends on its own row alone.
constexpr std::size_t kManyRows = 16;

// Some versions of a claim, also of several views of it, which share one row.
struct Row {
  const ClaimView* claim = nullptr;
  std::vector<Version> versions = {};
  std::vector<std::size_t> views = {};  // whose versions, by their numbers
  std::size_t positions = 0, events = 0;
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

std::vector<Row> rows_of(std::span<const ClaimView> claims, const BatchMaker& maker) {
  std::vector<Row> rows;
  Row* row = nullptr;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const ClaimView& view = claims[i];
    const EncodedClaim& claim = view.member->claims[view.claim];
    const bool is_same =
        i > 0 && claims[i - 1].member == view.member && claims[i - 1].claim == view.claim;
    if (!is_same) row = nullptr;
    for (Version& version : all_versions(claim, view.without_line)) {
      const auto lines = static_cast<std::size_t>(version.end_of_lines(claim) - version.first_line);
      const std::size_t length = 1 + claim.diagnoses.size() + lines;
      if (row == nullptr || row->positions + length > kRowPositions) {
        row = &rows.emplace_back(
            Row{.claim = &view, .events = maker.event_count(*view.member, view.claim)});
      }
      row->positions += length;
      row->versions.push_back(std::move(version));
      row->views.push_back(i);
    }
  }
  // Those of the same padded length one after the other, by the lengths of their histories.
  const auto order = [](const Row& row) {
    return std::pair(round_up(row.positions, kManyRows), row.events);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return order(a) < order(b); });
  return rows;
}

// Behind the last row of the batch that begins with `first`.
std::size_t end_of_batch(const std::vector<Row>& rows, std::size_t first) {
  std::size_t last = first, positions = 0, events = 0;
  for (; last < rows.size(); ++last) {
    positions = std::max(positions, round_up(rows[last].positions, kManyRows));
    events = std::max(events, round_up(rows[last].events, kManyRows));
    const bool fits = (positions + events) * (last + 1 - first) <= kBatchVectors;
    if (last > first && !fits) break;
  }
  return last;
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
                                                std::span<const ClaimView> claims) {
  const ClaimVocabulary& vocabulary = *model.vocabulary;
  std::vector<std::vector<Surprise>> results(claims.size());
  BatchMaker maker(vocabulary, model.network->config().history);
  const std::vector<Row> rows = rows_of(claims, maker);
  for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
    last = end_of_batch(rows, first);
    std::vector<std::pair<std::size_t, HiddenField>> asked;  // of which view, what
    for (const Row& row : std::span(rows).subspan(first, last - first)) {
      for (const auto& [version, field] :
           maker.add(*row.claim->member, row.claim->claim, row.versions)) {
        asked.push_back({row.views[version], field});
      }
    }
    const ClaimBatch batch = maker.take(kManyRows);
    Tape tape(Keep::nothing);
    const Pass in_f32;
    const Tensor logits = model.network->forward(tape, batch, in_f32).value();
    const float* scores = logits.data<float>();
    const std::int64_t* answer = batch.answers.data<std::int64_t>();
    for (const auto& [view, field] : asked) {
      Surprise surprise = surprise_of(scores, vocabulary.missing(field.kind),
                                      vocabulary.values(field.kind), *answer++);
      surprise.part = field.part;
      surprise.kind = field.kind;
      if (says_something(surprise, vocabulary)) results[view].push_back(surprise);
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
