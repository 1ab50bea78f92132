// Of which sex the members with a code are, counted where the network learnt.
#ifndef CLEARHEAD_CLAIMS_SEX_COUNTS_H_
#define CLEARHEAD_CLAIMS_SEX_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "clearhead/claims/encoded_claims.h"

namespace clearhead::claims {

/// Numbers of members for each sex, and for each code or diagnosis and sex. All are tokens.
class SexCounts {
 public:
  /// Counts a member, once for each of its codes and diagnoses.
  void add(const MemberClaims& member);

  /// How many members with a code are of a sex, and of any.
  std::pair<std::int64_t, std::int64_t> members(Token code, Token sex) const;
  /// How much rarer a sex is among the members with a code than among all, in nats
  /// (`trait_surprise`): positive if it is rarer. 0 of a code or sex that was never counted.
  double surprise(Token code, Token sex) const;

  /// As JSON.
  std::string json() const;
  /// From it. Throws Error, which begins with `where`, if it is something else.
  static SexCounts parse(const std::string& json, const std::string& where);

 private:
  using BySex = std::map<Token, std::int64_t>;

  BySex members_;
  std::map<Token, BySex> codes_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SEX_COUNTS_H_
