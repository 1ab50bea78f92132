// Claims and their history as tensors.
#include "clearhead/claims/questions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "clearhead/base/ceil_div.h"

namespace clearhead::claims {
namespace {

constexpr int kTimesInHistory = 4;         // the latest events of one code that are read
constexpr std::size_t kClaimsBack = 2000;  // claims that are looked through for them

// A tensor of row-wise lists, filled up with zeros: i64 [rows, longest].
template <typename Rows, typename Get>
Tensor padded(const Rows& rows, std::size_t length, const Get& get) {
  Tensor tensor({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(length)},
                DType::i64);
  std::int64_t* to = tensor.mutable_data<std::int64_t>();
  for (const auto& row : rows) {
    get(row, to);
    to += length;
  }
  return tensor;
}

Tensor list(const std::vector<std::int64_t>& numbers) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers);
}

void hide_line(Part part, bool is_asked, Version& version) {
  version.hidden.push_back({part, FieldKind::code, is_asked});
  version.hidden.push_back({part, FieldKind::units, false});
  version.hidden.push_back({part, FieldKind::amount, false});
}

}  // namespace

std::int32_t Version::end_of_lines(const EncodedClaim& claim) const {
  return std::min(first_line + kMostLines, static_cast<std::int32_t>(claim.lines.size()));
}

Version ask_for_line(const EncodedClaim& claim, std::int32_t line) {
  Version version;
  version.first_line = line / kMostLines * kMostLines;
  for (std::int32_t i = version.first_line; i < version.end_of_lines(claim); ++i) {
    if (claim.lines[i].code == claim.lines[line].code) {
      hide_line({Part::line, i}, i == line, version);
    }
  }
  return version;
}

Version ask_for_diagnosis(const EncodedClaim& claim, std::int32_t diagnosis) {
  Version version;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(claim.diagnoses.size()); ++i) {
    if (claim.diagnoses[i] == claim.diagnoses[diagnosis]) {
      version.hidden.push_back({{Part::diagnosis, i}, FieldKind::diagnosis, i == diagnosis});
    }
  }
  return version;
}

std::vector<AskedField> BatchMaker::add(const MemberClaims& member, std::size_t claim,
                                        const std::vector<Version>& versions) {
  Row& row = rows_.emplace_back();
  if (history_ > 0) add_events(member, claim, row);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    add_version(member, claim, versions[i], static_cast<std::int32_t>(i), row);
  }
  std::vector<AskedField> asked;
  for (const Question& question : row.questions) asked.push_back(question.asked);
  return asked;
}

std::size_t BatchMaker::event_count(const MemberClaims& member, std::size_t claim) const {
  Row row;
  if (history_ > 0) add_events(member, claim, row);
  return row.events.size();
}

// The latest events first: of each code the last few, so that they reach back far.
void BatchMaker::add_events(const MemberClaims& member, std::size_t number, Row& row) const {
  const EncodedClaim& claim = member.claims[number];
  const auto token = [&](FieldKind kind, std::int64_t n) {
    return static_cast<Token>(vocabulary_.number(kind, static_cast<double>(n)));
  };
  // An event that is always there, so that a first claim has something to look at.
  row.events.push_back({static_cast<Token>(vocabulary_.missing(FieldKind::code)), 0,
                        static_cast<Token>(vocabulary_.missing(FieldKind::gap)), 0, 0, 0});
  std::unordered_map<Token, int> seen;
  const std::size_t last = number > kClaimsBack ? number - kClaimsBack : 0;
  for (std::size_t i = number; i-- > last;) {
    const EncodedClaim& earlier = member.claims[i];
    const Token gap = token(FieldKind::gap, claim.day - earlier.day);
    const Token ago = token(FieldKind::ago, static_cast<std::int64_t>(number - i));
    const Token provider = token(FieldKind::provider, earlier.provider == claim.provider ? 1 : 0);
    const auto add = [&](Token code, Token diagnosis, Token times) {
      if (static_cast<std::int64_t>(row.events.size()) < history_) {
        row.events.push_back({code, diagnosis, gap, ago, times, provider});
      }
    };
    for (const EncodedLine& line : earlier.lines) {
      ++seen[line.diagnosis];
      if (++seen[line.code] <= kTimesInHistory) {
        add(line.code, line.diagnosis, token(FieldKind::times, line.times));
      }
    }
    for (const Token diagnosis : earlier.diagnoses) {
      if (++seen[diagnosis] == 1) add(0, diagnosis, 0);
    }
    if (static_cast<std::int64_t>(row.events.size()) >= history_) return;
  }
}

void BatchMaker::add_version(const MemberClaims& member, std::size_t number, const Version& version,
                             std::int32_t version_number, Row& row) const {
  const EncodedClaim& claim = member.claims[number];
  Part part;
  // The token of a field, or the one that hides it; then perhaps there is a question.
  const auto field = [&](FieldKind kind, std::int64_t token) {
    for (const HiddenField& hidden : version.hidden) {
      if (!(hidden.part == part) || hidden.kind != kind) continue;
      if (hidden.is_asked) {
        const auto version_of_row = static_cast<std::size_t>(version_number);
        row.questions.push_back({row.positions.size(), {version_of_row, hidden}, token});
      }
      return static_cast<Token>(vocabulary_.hidden(kind));
    }
    return static_cast<Token>(token);
  };
  const std::int64_t gap =
      number == 0 ? vocabulary_.missing(FieldKind::gap)
                  : vocabulary_.number(FieldKind::gap, claim.day - member.claims[number - 1].day);
  row.positions.push_back(
      {{field(FieldKind::type, claim.type), field(FieldKind::specialty, claim.specialty),
        field(FieldKind::place, claim.place), field(FieldKind::sex, member.sex),
        field(FieldKind::age, claim.age), field(FieldKind::month, claim.month),
        field(FieldKind::gap, gap)},
       version_number});
  for (std::size_t i = 0; i < claim.diagnoses.size(); ++i) {
    part = {Part::diagnosis, static_cast<std::int32_t>(i)};
    const auto rank = vocabulary_.number(FieldKind::rank, static_cast<double>(i));
    row.positions.push_back(
        {{field(FieldKind::diagnosis, claim.diagnoses[i]), static_cast<Token>(rank), 0, 0, 0, 0, 0},
         version_number});
  }
  for (std::int32_t i = version.first_line; i < version.end_of_lines(claim); ++i) {
    part = {Part::line, i};
    if (version.without_line == i) continue;
    const EncodedLine& line = claim.lines[static_cast<std::size_t>(i)];
    row.positions.push_back(
        {{field(FieldKind::code, line.code), field(FieldKind::units, line.units),
          field(FieldKind::amount, line.amount), 0, 0, 0, 0},
         version_number});
  }
}

std::size_t BatchMaker::questions() const {
  std::size_t sum = 0;
  for (const Row& row : rows_) sum += row.questions.size();
  return sum;
}

ClaimBatch BatchMaker::take(std::size_t multiple) {
  const std::vector<Row> rows = std::exchange(rows_, {});
  std::size_t S = 0, T = 0;
  for (const Row& row : rows) {
    S = std::max(S, row.events.size());
    T = std::max(T, row.positions.size());
  }
  S = round_up(S, multiple);
  T = round_up(T, multiple);
  ClaimBatch batch;
  std::vector<std::int64_t> counts, asked, kinds, answers;
  for (std::size_t f = 0; f < kEventFields && history_ > 0; ++f) {
    batch.events.push_back(padded(rows, S, [&](const Row& row, std::int64_t* to) {
      for (const auto& event : row.events) *to++ = event[f];
    }));
  }
  for (std::size_t f = 0; f < kPositionFields; ++f) {
    batch.positions.push_back(padded(rows, T, [&](const Row& row, std::int64_t* to) {
      for (const Position& position : row.positions) *to++ = position.fields[f];
    }));
  }
  const auto B = static_cast<std::int64_t>(rows.size()), length = static_cast<std::int64_t>(T);
  batch.same_version = Tensor({B, 1, length, length}, DType::boolean);
  bool* same = batch.same_version.mutable_data<bool>();
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const auto version = [&](std::size_t t) {
      return t < rows[b].positions.size() ? rows[b].positions[t].version : -1;
    };
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t s = 0; s < T; ++s) *same++ = version(t) == version(s);
    }
    counts.push_back(static_cast<std::int64_t>(rows[b].events.size()));
    for (const Question& question : rows[b].questions) {
      asked.push_back(static_cast<std::int64_t>(b * T + question.position));
      kinds.push_back(vocabulary_.hidden(question.asked.field.kind));
      answers.push_back(question.answer);
    }
  }
  for (std::vector<std::int64_t>* of_questions : {&asked, &kinds, &answers}) {
    of_questions->resize(round_up(of_questions->size(), multiple));
  }
  batch.event_counts = list(counts);
  batch.asked = list(asked);
  batch.kinds = list(kinds);
  batch.answers = list(answers);
  return batch;
}

}  // namespace clearhead::claims
