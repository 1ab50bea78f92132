// Sentences about the highest parts of a score.
#include "clearhead/claims/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace clearhead::claims {
namespace {

constexpr double kLeast = 1;  // score of a kind that needs a reason

class Writer {
 public:
  Writer(const ClaimView& view, std::span<const Surprise> surprises, const ClaimsModel& model)
      : claim_(view.member->claims[view.claim]),
        sex_(view.member->sex),
        surprises_(surprises),
        vocabulary_(*model.vocabulary),
        sexes_(model.sexes),
        measured_(statistics_of(view, surprises, model)) {}

  std::string text(Statistic statistic) const {
    switch (statistic) {
      case Statistic::code:
        return unlike(highest(FieldKind::code, false).front());
      case Statistic::code_excess:
        return unlike(highest(FieldKind::code, true).front());
      case Statistic::second_excess:
        return both();
      case Statistic::diagnosis_excess:
        return unlike(highest(FieldKind::diagnosis, true).front());
      case Statistic::units: {
        const Surprise units = highest(FieldKind::units, false).front();
        return fmt::format("{}: {} units; {}", place(units), words(units.token), expected(units));
      }
      case Statistic::amount:
        return amount(highest(FieldKind::amount, false).front());
      case Statistic::sex:
        return member("sex", highest(FieldKind::sex, false).front());
      case Statistic::age:
        return member("age", highest(FieldKind::age, false).front());
      case Statistic::sex_of_codes:
        return sex_of_codes();
      case Statistic::repetition:
        return repeated(measured_[static_cast<std::size_t>(statistic)],
                        "another line of the claim");
      case Statistic::same_day:
        return repeated(measured_[static_cast<std::size_t>(statistic)], "another claim of the day");
    }
    return "";
  }

 private:
  std::string words(Token token) const { return vocabulary_.text(token); }

  // The surprises of fields of a kind, the highest first; their excess over the rarity, if asked.
  std::vector<Surprise> highest(FieldKind kind, bool is_excess) const {
    const auto value = [&](const Surprise& surprise) {
      return surprise.nats - (is_excess ? vocabulary_.rarity(surprise.token) : 0);
    };
    std::vector<Surprise> found;
    for (const Surprise& surprise : surprises_) {
      if (surprise.kind == kind) found.push_back(surprise);
    }
    std::ranges::stable_sort(found, std::ranges::greater{}, value);
    return found;
  }

  // "line 2, HCPCS E0431"
  std::string place(const Surprise& surprise) const {
    const auto number = static_cast<std::size_t>(surprise.part.number);
    if (surprise.kind == FieldKind::diagnosis) {
      return fmt::format("diagnosis {}, {}", number + 1, words(surprise.token));
    }
    const EncodedLine& line = claim_.lines[number];
    return fmt::format("line {}, {}", line.number, words(line.code));
  }

  std::string expected(const Surprise& surprise) const {
    return fmt::format("{} would be expected ({:.0f} %)", words(surprise.expected),
                       100 * surprise.expected_probability);
  }

  std::string unlike(const Surprise& surprise) const {
    return fmt::format("{}: {}", place(surprise), expected(surprise));
  }

  std::string both() const {
    const std::vector<Surprise> codes = highest(FieldKind::code, true);
    return fmt::format("{} and {}: each seldom stands beside all else that is here",
                       place(codes[0]), place(codes[1]));
  }

  std::string amount(const Surprise& surprise) const {
    const EncodedLine& line = claim_.lines[static_cast<std::size_t>(surprise.part.number)];
    std::string is = words(surprise.token);  // "more than ever", or "7 of 8 amounts"
    if (is.front() >= '0' && is.front() <= '9') is = "number " + is + ", from low to high";
    const std::optional<Money> middle = vocabulary_.middle_amount(line.code);
    return fmt::format("{}: the amount for one unit is {}{}", place(surprise), is,
                       middle ? "; the middle one of this code is " + to_string(*middle) : "");
  }

  std::string member(const char* what, const Surprise& surprise) const {
    return fmt::format("{} {}: {}, by all else that is here", what, words(surprise.token),
                       expected(surprise));
  }

  // The code or diagnosis that fewest members of the sex have.
  std::string sex_of_codes() const {
    std::optional<Surprise> rarest;
    for (const Surprise& surprise : surprises_) {
      if (surprise.kind != FieldKind::code && surprise.kind != FieldKind::diagnosis) continue;
      if (!rarest || sexes_.surprise(surprise.token, sex_) > sexes_.surprise(rarest->token, sex_)) {
        rarest = surprise;
      }
    }
    if (!rarest) return "";
    const auto [members, all] = sexes_.members(rarest->token, sex_);
    return fmt::format("{}: {} of the {} members who had it are of sex {}", place(*rarest), members,
                       all, words(sex_));
  }

  // How many lines are repeated is what is measured.
  static std::string repeated(double lines, const char* where) {
    return fmt::format("{:.0f} {} the code, units and amount of {}", lines,
                       lines == 1 ? "line has" : "lines have", where);
  }

  const EncodedClaim& claim_;
  Token sex_;
  std::span<const Surprise> surprises_;
  const ClaimVocabulary& vocabulary_;
  const SexCounts& sexes_;
  Statistics measured_;
};

}  // namespace

std::vector<Reason> reasons_of(const ClaimView& claim, std::span<const Surprise> surprises,
                               const ClaimScore& score, const ClaimsModel& model) {
  const Writer writer(claim, surprises, model);
  std::vector<Reason> reasons;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (score.kinds[kind] < kLeast) continue;
    std::size_t highest = kStatistics;
    for (std::size_t part = 0; part < kStatistics; ++part) {
      if (kind_of(static_cast<Statistic>(part)) != static_cast<Kind>(kind)) continue;
      if (highest == kStatistics || score.parts[part] > score.parts[highest]) highest = part;
    }
    reasons.push_back({static_cast<Kind>(kind), writer.text(static_cast<Statistic>(highest))});
  }
  return reasons;
}

}  // namespace clearhead::claims
