// Statistics, their tails, and lines left out.
#include "clearhead/claims/scores.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "clearhead/base/random.h"

namespace clearhead::claims {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLowest = -100;  // nats: below all that is measured
constexpr std::uint64_t kCalibrationSeed = 20;
constexpr std::size_t kClaimsAtATime = 1024;  // of which all surprises are in memory

// Fields that the network can often not know, such as an age, are surprising in many claims. They
// count from `least` on, so that chance does not hide what is unusual otherwise: 3 nats are a
// probability of 1 in 20, 6 of 1 in 400 (ages have some 35 tokens).
struct Row {
  Statistic statistic;
  const char* name;
  Kind kind;
  double least;
};

constexpr double kAlways = -1e9;
constexpr std::array<Row, kStatistics> kRows = {
    {{Statistic::code, "code", Kind::code, kAlways},
     {Statistic::code_excess, "code excess", Kind::code, kAlways},
     {Statistic::second_excess, "second excess", Kind::combination, kAlways},
     {Statistic::diagnosis_excess, "diagnosis excess", Kind::combination, kAlways},
     {Statistic::units, "units", Kind::units, 3},
     {Statistic::amount, "amount", Kind::amount, 3},
     {Statistic::sex, "sex", Kind::demographics, 3},
     {Statistic::age, "age", Kind::demographics, 6},
     {Statistic::sex_of_codes, "sex of codes", Kind::demographics, 3},
     {Statistic::repetition, "repetition", Kind::duplicate, 1},
     {Statistic::same_day, "same day", Kind::duplicate, 1}}};

double& at(Statistics& statistics, Statistic statistic) {
  return statistics[static_cast<std::size_t>(statistic)];
}

using Service = std::tuple<Token, Token, Token>;

Service service_of(const EncodedLine& line) { return {line.code, line.units, line.amount}; }

// Lines that repeat one before them in the claim, and lines that repeat one of an earlier claim of
// the day.
std::pair<double, double> repetitions_of(const ClaimView& view) {
  const auto& claims = view.member->claims;
  const EncodedClaim& claim = claims[view.claim];
  std::set<Service> here, earlier;
  for (std::size_t k = view.claim; k-- > 0 && claims[k].day == claim.day;) {
    for (const EncodedLine& line : claims[k].lines) earlier.insert(service_of(line));
  }
  std::pair<double, double> count = {0, 0};
  for (std::int32_t i = 0; i < std::ssize(claim.lines); ++i) {
    if (i == view.without_line) continue;
    const Service service = service_of(claim.lines[static_cast<std::size_t>(i)]);
    if (!here.insert(service).second) ++count.first;
    if (earlier.contains(service)) ++count.second;
  }
  return count;
}

// Claims of the type and specialty; for repetitions, which many lines have by chance, of about as
// many lines. Whom a code is for does not depend on them: there all claims are one group.
Calibration::Group group_of(Statistic statistic, const EncodedClaim& claim,
                            const ClaimVocabulary& vocabulary) {
  if (statistic == Statistic::sex_of_codes) return {to_string(statistic)};
  const std::string type = vocabulary.text(claim.type);
  if (kind_of(statistic) == Kind::duplicate) {
    const std::size_t lines = std::bit_floor(std::min<std::size_t>(claim.lines.size(), 16));
    return {to_string(statistic), type, std::to_string(lines) + " lines"};
  }
  return {to_string(statistic), type, vocabulary.text(claim.specialty)};
}

// How much the codes of a claim speak against the member's sex; kNone if it is not known.
double sex_of_codes(const ClaimView& view, const ClaimsModel& model) {
  const Token sex = view.member->sex;
  if (sex == model.vocabulary->missing(FieldKind::sex)) return kNone;
  const EncodedClaim& claim = view.member->claims[view.claim];
  double highest = kNone;
  const auto raise = [&](Token code) {
    const double surprise = model.sexes.surprise(code, sex);
    if (std::isnan(highest) || surprise > highest) highest = surprise;
  };
  for (const Token diagnosis : claim.diagnoses) raise(diagnosis);
  for (std::size_t i = 0; i < claim.lines.size(); ++i) {
    if (static_cast<std::int32_t>(i) != view.without_line) raise(claim.lines[i].code);
  }
  return highest;
}

// The kinds, and the highest of them as `score`.
ClaimScore score_of(const ClaimView& view, std::span<const Surprise> surprises,
                    const ClaimsModel& model, const Calibration& calibration) {
  ClaimScore score;
  Statistics statistics = statistics_of(view, surprises, model);
  const EncodedClaim& claim = view.member->claims[view.claim];
  for (const Row& row : kRows) {
    const double value = at(statistics, row.statistic);
    if (std::isnan(value) || value < row.least) continue;
    const double part =
        -std::log10(calibration.tail(group_of(row.statistic, claim, *model.vocabulary), value));
    at(score.parts, row.statistic) = part;
    double& kind = score.kinds[static_cast<std::size_t>(row.kind)];
    kind = std::max(kind, part);
  }
  score.score = *std::max_element(score.kinds.begin(), score.kinds.end());
  return score;
}

// The highest of the kinds as an overall score.
double compared_as_a_whole(double score, const Calibration& calibration) {
  return std::max(0.0, -std::log10(calibration.tail({"score"}, score)));  // no −0
}

// Lines to leave out: all, or those with the highest surprise of any field.
std::vector<std::int32_t> lines_to_leave_out(const EncodedClaim& claim,
                                             std::span<const Surprise> surprises,
                                             std::size_t most) {
  std::vector<double> highest(claim.lines.size(), 0);
  for (const Surprise& surprise : surprises) {
    if (surprise.part.kind != Part::line) continue;
    double& nats = highest[static_cast<std::size_t>(surprise.part.number)];
    nats = std::max(nats, surprise.nats);
  }
  std::vector<std::int32_t> lines(claim.lines.size());
  std::iota(lines.begin(), lines.end(), 0);
  std::stable_sort(lines.begin(), lines.end(), [&](std::int32_t a, std::int32_t b) {
    return highest[static_cast<std::size_t>(a)] > highest[static_cast<std::size_t>(b)];
  });
  lines.resize(std::min(lines.size(), most));
  return lines;
}

// Calls f with one piece after the other.
template <typename F>
void in_pieces(std::span<const ClaimView> claims, F&& f) {
  for (std::size_t first = 0; first < claims.size(); first += kClaimsAtATime) {
    f(claims.subspan(first, std::min(kClaimsAtATime, claims.size() - first)));
  }
}

// From the highest of the kinds, of the claim and of those without a line, to overall scores.
void compare_as_a_whole(ClaimScore& score, const Calibration& calibration) {
  const double highest = score.score;
  score.score = compared_as_a_whole(highest, calibration);
  for (double& change : score.changes) {
    if (std::isnan(change)) continue;
    change = score.score - compared_as_a_whole(highest - change, calibration);
  }
}

// The first of the lines without which the score falls most.
std::int32_t line_of_largest(const std::vector<double>& changes) {
  std::size_t largest = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!std::isnan(changes[i]) && !(changes[i] <= changes[largest])) largest = i;
  }
  return changes.empty() ? -1 : static_cast<std::int32_t>(largest);
}

// The scores of a piece, with evidence.
std::vector<ClaimScore> explain_piece(const ClaimsModel& model, std::span<const ClaimView> claims,
                                      std::size_t most_lines) {
  std::vector<ClaimScore> scores(claims.size());
  std::vector<ClaimView> views, later;
  std::vector<std::size_t> owners, owners_later;  // whose views they are
  const auto leave_out = [&](std::size_t i, std::int32_t line, auto& to, auto& owners_of_them) {
    to.push_back({claims[i].member, claims[i].claim, line});
    owners_of_them.push_back(i);
  };
  for (std::size_t i = 0; i < claims.size(); ++i) {
    views.push_back(claims[i]);
    owners.push_back(i);
    const std::size_t lines = claims[i].member->claims[claims[i].claim].lines.size();
    if (lines < 2 || lines > most_lines) continue;
    for (std::size_t line = 0; line < lines; ++line) {
      leave_out(i, static_cast<std::int32_t>(line), views, owners);
    }
  }
  while (!views.empty()) {  // twice: which lines of a long claim are left out, the first time tells
    const auto surprises = surprises_of(model, views);
    for (std::size_t j = 0; j < views.size(); ++j) {
      const std::size_t i = owners[j];
      ClaimScore found = score_of(views[j], surprises[j], model, model.calibration);
      if (views[j].without_line >= 0) {
        const auto line = static_cast<std::size_t>(views[j].without_line);
        scores[i].changes[line] = scores[i].score - found.score;
        continue;
      }
      const EncodedClaim& claim = views[j].member->claims[views[j].claim];
      found.changes.assign(claim.lines.size(), kNone);
      scores[i] = std::move(found);
      if (claim.lines.size() <= most_lines) continue;
      for (const std::int32_t line : lines_to_leave_out(claim, surprises[j], most_lines)) {
        leave_out(i, line, later, owners_later);
      }
    }
    views = std::exchange(later, {});
    owners = std::exchange(owners_later, {});
  }
  for (ClaimScore& score : scores) {
    score.evidence_line = line_of_largest(score.changes);
    compare_as_a_whole(score, model.calibration);
  }
  return scores;
}

}  // namespace

const char* to_string(Statistic statistic) {
  return kRows[static_cast<std::size_t>(statistic)].name;
}

Kind kind_of(Statistic statistic) { return kRows[static_cast<std::size_t>(statistic)].kind; }

Statistics statistics_of(const ClaimView& view, std::span<const Surprise> surprises,
                         const ClaimsModel& model) {
  Statistics statistics;
  statistics.fill(kNone);
  std::vector<double> excesses;
  const auto raise = [&](Statistic statistic, double value) {
    double& highest = at(statistics, statistic);
    if (std::isnan(highest) || value > highest) highest = value;
  };
  for (const Surprise& surprise : surprises) {
    const double excess = surprise.nats - model.vocabulary->rarity(surprise.token);
    switch (surprise.kind) {
      case FieldKind::code:
        raise(Statistic::code, surprise.nats);
        excesses.push_back(excess);
        break;
      case FieldKind::diagnosis:
        raise(Statistic::diagnosis_excess, excess);
        break;
      case FieldKind::units:
        raise(Statistic::units, surprise.nats);
        break;
      case FieldKind::amount:
        raise(Statistic::amount, surprise.nats);
        break;
      case FieldKind::sex:
        raise(Statistic::sex, surprise.nats);
        break;
      case FieldKind::age:
        raise(Statistic::age, surprise.nats);
        break;
      default:
        break;
    }
  }
  std::sort(excesses.rbegin(), excesses.rend());
  if (!excesses.empty()) at(statistics, Statistic::code_excess) = excesses[0];
  if (excesses.size() > 1) at(statistics, Statistic::second_excess) = excesses[1];
  std::tie(at(statistics, Statistic::repetition), at(statistics, Statistic::same_day)) =
      repetitions_of(view);
  at(statistics, Statistic::sex_of_codes) = sex_of_codes(view, model);
  return statistics;
}

Calibration calibrate(const ClaimsModel& model, std::span<const MemberClaims> members,
                      std::int64_t most) {
  std::vector<ClaimView> views;
  for (const MemberClaims& member : members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) views.push_back({&member, i});
  }
  Random random(kCalibrationSeed);
  const auto wanted = std::min(views.size(), static_cast<std::size_t>(most));
  for (std::size_t i = 0; i < wanted; ++i) {  // the first of a random order (Fisher and Yates)
    const auto left = static_cast<std::int64_t>(views.size() - i);
    std::swap(views[i], views[i + static_cast<std::size_t>(random.below(left))]);
  }
  views.resize(wanted);
  Calibration calibration;
  const std::vector<std::vector<Surprise>> surprises = surprises_of(model, views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    Statistics statistics = statistics_of(views[i], surprises[i], model);
    const EncodedClaim& claim = views[i].member->claims[views[i].claim];
    for (const Row& row : kRows) {
      // A claim with one line has no second; it counts among those that are not unusual by it.
      const double value = at(statistics, row.statistic);
      calibration.add(group_of(row.statistic, claim, *model.vocabulary),
                      std::isnan(value) ? kLowest : value);
    }
  }
  calibration.finish();
  for (std::size_t i = 0; i < views.size(); ++i) {
    calibration.add({"score"}, score_of(views[i], surprises[i], model, calibration).score);
  }
  calibration.finish();
  return calibration;
}

std::vector<ClaimScore> scores_of(const ClaimsModel& model, std::span<const ClaimView> claims) {
  std::vector<ClaimScore> scores;
  in_pieces(claims, [&](std::span<const ClaimView> piece) {
    const auto surprises = surprises_of(model, piece);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      scores.push_back(score_of(piece[i], surprises[i], model, model.calibration));
      scores.back().score = compared_as_a_whole(scores.back().score, model.calibration);
    }
  });
  return scores;
}

std::vector<ClaimScore> explained_scores(const ClaimsModel& model,
                                         std::span<const ClaimView> claims,
                                         std::size_t most_lines) {
  std::vector<ClaimScore> scores;
  in_pieces(claims, [&](std::span<const ClaimView> piece) {
    for (ClaimScore& score : explain_piece(model, piece, most_lines)) {
      scores.push_back(std::move(score));
    }
  });
  return scores;
}

}  // namespace clearhead::claims
