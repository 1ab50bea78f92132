// Claims for C: read for a model, and scored by it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings/c/boundary_internal.h"
#include "clearhead/base/error.h"
#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/score_table.h"
#include "clearhead/claims/scores.h"

struct clearhead_claims_model {
  clearhead::claims::ClaimsModel value;
};

struct clearhead_claims {
  std::shared_ptr<const clearhead::claims::ClaimVocabulary> vocabulary;  // as whose tokens
  std::vector<clearhead::claims::MemberClaims> members;
  std::vector<clearhead::claims::ClaimView> views;  // in the order of the input
  std::vector<std::string> refusals;
};

namespace clearhead::c {
namespace {

using namespace clearhead::claims;

static_assert(kKinds == CLEARHEAD_KINDS);
constexpr clearhead_claims_options kReading = CLEARHEAD_CLAIMS_OPTIONS_INIT;

std::vector<ClaimView> views_of(const std::vector<MemberClaims>& members) {
  std::vector<ClaimView> views;
  for (const MemberClaims& member : members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) views.push_back({&member, i});
  }
  std::ranges::sort(views, {}, [](const ClaimView& v) { return v.member->claims[v.claim].input; });
  return views;
}

clearhead_claim_score row_for(const ClaimView& view, const ClaimScore& score) {
  const ScoreRow row = row_of(view, score);
  clearhead_claim_score result{};
  result.claim = view.member->claims[view.claim].id.c_str();
  result.score = row.score;
  std::ranges::copy(row.kinds, result.kinds);
  result.evidence_line = row.evidence_line;
  result.at_stake = row.at_stake.cents;
  return result;
}

// Writes rows as the caller knows them, `size` bytes each.
void put(const std::vector<clearhead_claim_score>& rows, char* to, std::size_t size) {
  for (const clearhead_claim_score& row : rows) {
    std::memset(to, 0, size);
    std::memcpy(to, &row, std::min(size, sizeof row));
    to += size;
  }
}

}  // namespace
}  // namespace clearhead::c

using namespace clearhead::c;

clearhead_status clearhead_claims_model_open(const char* folder, clearhead_claims_model** model) {
  return guarded([&] {
    required(model, "model") = nullptr;
    const std::filesystem::path path = &required(folder, "folder");
    auto opened = std::make_unique<clearhead_claims_model>();
    opened->value = open_claims_model(path);
    require_calibration(opened->value, path);
    *model = opened.release();
  });
}

void clearhead_claims_model_free(clearhead_claims_model* model) { delete model; }

clearhead_status clearhead_claims_read(const clearhead_claims_model* model, const char* path,
                                       const clearhead_claims_options* options,
                                       clearhead_claims** claims) {
  return guarded([&] {
    required(claims, "claims") = nullptr;
    const clearhead_claims_options o = members_of(options, kReading, "options");
    auto read = std::make_unique<clearhead_claims>();
    read->vocabulary = required(model, "model").value.vocabulary;
    ClaimEncoder encoder(*read->vocabulary);
    ReadOptions how;
    if (o.mapping != nullptr) how.mapping = o.mapping;
    read_claims(
        &required(path, "path"), how,
        {.claim = [&](Claim&& claim) { encoder.add(claim); },
         .refusal = [&](Refusal&& refusal) { read->refusals.push_back(to_string(refusal)); }});
    read->members = encoder.take();
    read->views = views_of(read->members);
    *claims = read.release();
  });
}

void clearhead_claims_free(clearhead_claims* claims) { delete claims; }

int64_t clearhead_claims_count(const clearhead_claims* claims) { return std::ssize(claims->views); }

int64_t clearhead_claims_refused(const clearhead_claims* claims) {
  return std::ssize(claims->refusals);
}

const char* clearhead_claims_refusal(const clearhead_claims* claims, int64_t i) {
  if (i < 0 || i >= std::ssize(claims->refusals)) return nullptr;
  return claims->refusals[static_cast<std::size_t>(i)].c_str();
}

clearhead_status clearhead_claims_score(const clearhead_claims_model* model,
                                        const clearhead_claims* claims, int64_t first,
                                        int64_t count, clearhead_claim_score* scores,
                                        size_t score_size) {
  return guarded([&] {
    const ClaimsModel& by = required(model, "model").value;
    const clearhead_claims& all = required(claims, "claims");
    if (score_size < offsetof(clearhead_claim_score, kinds)) {
      refuse("score_size",
             "expected sizeof(clearhead_claim_score), got " + std::to_string(score_size));
    }
    if (all.vocabulary != by.vocabulary) {
      throw clearhead::Error("these claims were read for another model; read them for this one");
    }
    const std::int64_t there = std::ssize(all.views);
    if (first < 0 || count < 0 || count > there - first) {
      throw clearhead::Error("there are " + std::to_string(there) + " claims; got first " +
                             std::to_string(first) + " and count " + std::to_string(count));
    }
    if (count == 0) return;
    char* to = reinterpret_cast<char*>(&required(scores, "scores"));
    const std::span<const ClaimView> views(all.views.data() + first,
                                           static_cast<std::size_t>(count));
    const std::vector<ClaimScore> found = explained_scores(by, views);
    std::vector<clearhead_claim_score> rows;
    for (std::size_t i = 0; i < views.size(); ++i) rows.push_back(row_for(views[i], found[i]));
    put(rows, to, score_size);
  });
}
