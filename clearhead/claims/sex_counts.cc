// Counts as JSON: {"members": [[sex, members], …], "codes": [[code, [[sex, members], …]], …]}.
#include "clearhead/claims/sex_counts.h"

#include <nlohmann/json.hpp>
#include <set>

#include "clearhead/base/error.h"
#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {
namespace {

using BySex = std::map<Token, std::int64_t>;

// Of a sex, and of any.
std::pair<std::int64_t, std::int64_t> members_of(const BySex& counts, Token sex) {
  std::int64_t all = 0;
  for (const auto& [other, members] : counts) all += members;
  const auto found = counts.find(sex);
  return {found == counts.end() ? 0 : found->second, all};
}

}  // namespace

void SexCounts::add(const MemberClaims& member) {
  ++members_[member.sex];
  std::set<Token> codes;
  for (const EncodedClaim& claim : member.claims) {
    codes.insert(claim.diagnoses.begin(), claim.diagnoses.end());
    for (const EncodedLine& line : claim.lines) codes.insert(line.code);
  }
  for (const Token code : codes) ++codes_[code][member.sex];
}

std::pair<std::int64_t, std::int64_t> SexCounts::members(Token code, Token sex) const {
  const auto found = codes_.find(code);
  return found == codes_.end() ? std::pair<std::int64_t, std::int64_t>{0, 0}
                               : members_of(found->second, sex);
}

double SexCounts::surprise(Token code, Token sex) const {
  const auto [both, with_code] = members(code, sex);
  const auto [with_sex, all] = members_of(members_, sex);
  if (with_code == 0 || all == 0) return 0;
  return trait_surprise(static_cast<double>(both), static_cast<double>(with_code),
                        static_cast<double>(with_sex) / static_cast<double>(all));
}

std::string SexCounts::json() const {
  auto codes = nlohmann::json::array();
  for (const auto& [code, by_sex] : codes_) codes.push_back({code, by_sex});
  return nlohmann::json{{"members", members_}, {"codes", codes}}.dump();
}

SexCounts SexCounts::parse(const std::string& text, const std::string& where) {
  SexCounts counts;
  try {
    const auto json = nlohmann::json::parse(text);
    counts.members_ = json.at("members").get<BySex>();
    for (const auto& entry : json.at("codes")) {
      counts.codes_[entry.at(0).get<Token>()] = entry.at(1).get<BySex>();
    }
  } catch (const nlohmann::json::exception& failure) {
    throw Error(where + ": expected counts of members by sex and code: " + failure.what());
  }
  return counts;
}

}  // namespace clearhead::claims
