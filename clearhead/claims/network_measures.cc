// Claims in pieces, so that what is in memory stays small and progress is seen.
#include "clearhead/claims/network_measures.h"

#include <algorithm>

#include "clearhead/base/hash.h"
#include "clearhead/base/random.h"
#include "clearhead/claims/scores.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kClaimsAtATime = 1024;
constexpr double kEqual = 1e-4;  // scores that differ by less are written alike; f32 differs so

// A claim, and the number of its member.
struct NumberedView {
  ClaimView view;
  std::int64_t member = 0;

  const EncodedClaim& claim() const { return view.member->claims[view.claim]; }
};

template <typename Wanted>
std::vector<NumberedView> views_of(std::span<const MemberClaims> members, const Wanted& wanted) {
  std::vector<NumberedView> views;
  for (std::size_t m = 0; m < members.size(); ++m) {
    for (std::size_t i = 0; i < members[m].claims.size(); ++i) {
      if (!wanted(members[m].claims[i])) continue;
      views.push_back({{&members[m], i}, static_cast<std::int64_t>(m)});
    }
  }
  return views;
}

std::vector<ClaimView> claims_of(std::span<const NumberedView> views) {
  std::vector<ClaimView> claims;
  for (const NumberedView& view : views) claims.push_back(view.view);
  return claims;
}

// Calls f with one piece after the other.
template <typename F>
void in_pieces(const std::vector<NumberedView>& views, const MeasureProgress& progress, F&& f) {
  const auto tell = [&](std::size_t done) {
    if (!progress) return;
    progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(views.size()));
  };
  tell(0);
  for (std::size_t first = 0; first < views.size();) {
    const auto piece =
        std::span(views).subspan(first, std::min(kClaimsAtATime, views.size() - first));
    f(piece);
    first += piece.size();
    tell(first);
  }
}

// The draws that belong to a claim: the first says whether it is in the sample.
Random draws_of(const std::string& claim, std::uint64_t seed) {
  return Random(seed, hash_of(claim));
}

// Adds, for claims of a sample, whether the score falls further without the first evidence.
void add_moves(const ClaimsModel& model, std::span<const NumberedView> claims,
               std::span<const ClaimScore> scores, const Sample& sample,
               std::vector<GuessRank>& moves) {
  std::vector<ClaimView> without;  // two of each claim that is asked for
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const EncodedClaim& claim = claims[i].claim();
    if (claim.lines.size() < 2 || !sample.has(claim.id)) continue;
    auto other = static_cast<std::int32_t>(sample.line(claim.id, claim.lines.size() - 1));
    if (other >= scores[i].evidence_line) ++other;
    for (const std::int32_t line : {scores[i].evidence_line, other}) {
      without.push_back(claims[i].view);
      without.back().without_line = line;
    }
    asked.push_back(i);
  }
  const std::vector<ClaimScore> then = scores_of(model, without);
  for (std::size_t k = 0; k < asked.size(); ++k) {
    const double score = scores[asked[k]].score;
    const double evidence = score - then[2 * k].score, other = score - then[2 * k + 1].score;
    moves.push_back({evidence > other + kEqual ? 1 : 2, claims[asked[k]].member});
  }
}

}  // namespace

bool Sample::has(const std::string& claim) const { return draws_of(claim, seed).uniform() < share; }

std::size_t Sample::line(const std::string& claim, std::size_t lines) const {
  Random random = draws_of(claim, seed);
  random.uniform();
  return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(lines)));
}

ProcedureRanks procedure_ranks(const ClaimsModel& model, std::span<const MemberClaims> members,
                               const Sample& sample, const MeasureProgress& progress) {
  const auto views = views_of(members, [&](const EncodedClaim& claim) {
    return !claim.lines.empty() && sample.has(claim.id);
  });
  ProcedureRanks ranks;
  in_pieces(views, progress, [&](std::span<const NumberedView> piece) {
    const auto surprises = surprises_of(model, claims_of(piece));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const EncodedClaim& claim = piece[i].claim();
      const std::size_t drawn = sample.line(claim.id, claim.lines.size());
      for (const Surprise& surprise : surprises[i]) {
        if (surprise.kind != FieldKind::code) continue;
        const bool is_known = !model.vocabulary->is_shared(surprise.token);
        const GuessRank rank{is_known ? surprise.rank : 0, piece[i].member};
        ranks.of_lines.push_back(rank);
        if (static_cast<std::size_t>(surprise.part.number) == drawn) {
          ranks.of_claims.push_back(rank);
        }
      }
    }
  });
  return ranks;
}

MeasuredScores measured_scores(const ClaimsModel& model, std::span<const MemberClaims> members,
                               const std::function<bool(const std::string&)>& wanted,
                               const Sample& sample, const MeasureProgress& progress) {
  MeasuredScores measured;
  const auto add = [&](std::span<const ClaimView> claims, std::span<const ClaimScore> scores) {
    for (std::size_t i = 0; i < claims.size(); ++i) {
      measured.rows.push_back(row_of(claims[i], scores[i]));
    }
  };
  const auto views = views_of(members, [](const EncodedClaim&) { return true; });
  in_pieces(views, progress, [&](std::span<const NumberedView> piece) {
    std::vector<NumberedView> plain, explained;
    for (const NumberedView& view : piece) {
      const std::string& claim = view.claim().id;
      (sample.has(claim) || wanted(claim) ? explained : plain).push_back(view);
    }
    add(claims_of(plain), scores_of(model, claims_of(plain)));
    const auto scores = explained_scores(model, claims_of(explained));
    add(claims_of(explained), scores);
    add_moves(model, explained, scores, sample, measured.moves);
  });
  return measured;
}

}  // namespace clearhead::claims
