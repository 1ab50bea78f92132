// Reasons: each kind that is unusual says what stands there, and what would be expected.
#include "clearhead/claims/reasons.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/claims/made_claims.h"
#include "tests/claims/small_model.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Reasons : public ::testing::Test {
 protected:
  Token token(FieldKind kind, const std::string& text) const {
    const ClaimVocabulary& vocabulary = *small_.model.vocabulary;
    for (std::int64_t i = 0; i < vocabulary.values(kind); ++i) {
      if (vocabulary.text(vocabulary.missing(kind) + i) == text) {
        return static_cast<Token>(vocabulary.missing(kind) + i);
      }
    }
    ADD_FAILURE() << text;
    return 0;
  }

  // What is said of these surprises, as if the part of the score alone were high.
  std::vector<std::string> said(Statistic part, const std::vector<Surprise>& surprises) const {
    ClaimScore score;
    score.parts[static_cast<std::size_t>(part)] = 2;
    score.kinds[static_cast<std::size_t>(kind_of(part))] = 2;
    std::vector<std::string> texts;
    for (const Reason& reason :
         reasons_of({&small_.members[0], 2}, surprises, score, small_.model)) {
      EXPECT_EQ(reason.kind, kind_of(part));
      texts.push_back(reason.text);
    }
    return texts;
  }

  SmallModel small_ = small_model(1);
};

TEST_F(Reasons, SayWhatStandsThereAndWhatWouldBeExpected) {
  const Token visit = token(FieldKind::code, "HCPCS 99213"),
              heart = token(FieldKind::code, "HCPCS 93000");
  const std::vector<Surprise> codes = {
      {{Part::line, 0}, FieldKind::code, visit, 1, heart, 0.25, 2},
      {{Part::line, 1}, FieldKind::code, heart, 9, visit, 0.934, 7}};
  EXPECT_THAT(said(Statistic::code, codes),
              ElementsAre("line 2, HCPCS 93000: HCPCS 99213 would be expected (93 %)"));
  EXPECT_THAT(said(Statistic::second_excess, codes).at(0),
              HasSubstr("line 2, HCPCS 93000 and line 1, HCPCS 99213: each seldom"));
  EXPECT_THAT(said(Statistic::units, {{{Part::line, 0},
                                       FieldKind::units,
                                       token(FieldKind::units, "7"),
                                       9,
                                       token(FieldKind::units, "1"),
                                       0.99,
                                       4}}),
              ElementsAre("line 1, HCPCS 99213: 7 units; 1 would be expected (99 %)"));
  EXPECT_THAT(said(Statistic::sex, {{{},
                                     FieldKind::sex,
                                     token(FieldKind::sex, "F"),
                                     5,
                                     token(FieldKind::sex, "M"),
                                     0.99,
                                     2}}),
              ElementsAre("sex F: M would be expected (99 %), by all else that is here"));
}

TEST_F(Reasons, OfAnAmountNameTheMiddleOne) {
  const auto texts = said(Statistic::amount, {{{Part::line, 0},
                                               FieldKind::amount,
                                               token(FieldKind::amount, "more than ever"),
                                               9,
                                               token(FieldKind::amount, "1 of 16 amounts"),
                                               0.5,
                                               4}});
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_THAT(
      texts[0],
      HasSubstr("the amount for one unit is more than ever; the middle one of this code is "));
}

TEST_F(Reasons, OfASexCountTheMembersWithTheCode) {
  const Token visit = token(FieldKind::code, "HCPCS 99213");
  for (const MemberClaims& member : small_.members) small_.model.sexes.add(member);
  MemberClaims& member = small_.members[0];
  member.sex = small_.members[1].sex;
  EXPECT_THAT(
      said(Statistic::sex_of_codes, {{{Part::line, 0}, FieldKind::code, visit, 1, visit, 0.5, 1}}),
      ElementsAre("line 1, HCPCS 99213: 0 of the 1 members who had it are of sex M"));
}

TEST_F(Reasons, UsualKindsNeedNone) {
  EXPECT_TRUE(reasons_of({&small_.members[0], 2}, {}, {}, small_.model).empty());
}

}  // namespace
}  // namespace clearhead::claims
