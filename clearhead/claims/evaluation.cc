// Rankings of claims for each kind of alteration.
#include "clearhead/claims/evaluation.h"

#include <algorithm>
#include <utility>

#include "clearhead/base/hash.h"
#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {
namespace {

std::uint64_t hash_of_codes(const Claim& claim) {
  std::string text;
  for (const Item& item : items_of(claim)) {
    if (item.role > ItemRole::diagnosis) continue;
    text += item.role == ItemRole::procedure ? "p" : "d";
    text += item.code.system + ":" + item.code.value + " ";
  }
  return hash_of(text);
}

}  // namespace

void CodeSets::add(const Claim& claim) { hashes_.insert(hash_of_codes(claim)); }

bool CodeSets::has(const Claim& claim) const { return hashes_.contains(hash_of_codes(claim)); }

void Evaluation::add(const std::string& member, std::optional<Alteration> alteration, bool is_novel,
                     std::span<const double> scores) {
  const auto number = static_cast<std::int64_t>(members_.size());
  entries_.push_back({members_.emplace(member, number).first->second, alteration, is_novel});
  scores_.insert(scores_.end(), scores.begin(), scores.end());
}

// Claims that were altered as `only` says, or in any way, beside all that were not.
Ranking Evaluation::ranking(std::size_t scorer, bool only_novel,
                            std::optional<Alteration> only) const {
  std::vector<ScoredClaim> claims;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (only_novel && !entry.is_novel) continue;
    if (only && entry.alteration && entry.alteration != only) continue;
    claims.push_back(
        {scores_[i * scorers_.size() + scorer], entry.alteration.has_value(), entry.member});
  }
  return Ranking(std::move(claims));
}

EvaluationTable Evaluation::table(bool only_novel, std::int64_t samples, std::uint64_t seed) const {
  EvaluationTable table;
  for (const Entry& entry : entries_) {
    if (only_novel && !entry.is_novel) continue;
    ++table.claims;
    if (entry.alteration) ++table.altered;
  }
  const auto members = static_cast<std::int64_t>(members_.size());
  for (std::size_t scorer = 0; scorer < scorers_.size(); ++scorer) {
    EvaluationRow row;
    row.scorer = scorers_[scorer];
    for (std::size_t i = 0; i < kAlterations; ++i) {
      const Ranking of_kind = ranking(scorer, only_novel, static_cast<Alteration>(i));
      row.auroc[i] = bootstrap([&](std::span<const double> w) { return of_kind.auroc(w); }, members,
                               samples, seed);
    }
    const Ranking of_all = ranking(scorer, only_novel, std::nullopt);
    row.average_precision =
        bootstrap([&](std::span<const double> w) { return of_all.average_precision(w); }, members,
                  samples, seed);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace clearhead::claims
