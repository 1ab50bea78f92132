// Answers (835): each field of hand-made claims, and its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/claims/x12_testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kHeader =
    "BPR*I*100*C*ACH*CCP*01*1*DA*2*3**01*4*DA*5*20240301~TRN*1*12345*1512345678~DTM*405*20240228~"
    "N1*PR*PAYER~N3*1 ROAD~N4*TOWN*MA*02139~N1*PE*CLINIC*XX*1111111112~REF*TJ*99~LX*1~";

std::string answer(const std::string& claims) {
  return interchange("005010X221A1", kHeader + claims);
}

TEST(X12Answers, AClaimHasWhatWasPaidAndWhyNotAll) {
  const std::string text = answer(
      "CLP*C-1*4*250*120.5*30*12*PAYERS-NUMBER*11*1**~CAS*CO*A2*50~"
      "NM1*QC*1*DOE*ANN****MI*M100~NM1*IL*1*ROE*BEA****MI*M200~NM1*74*1***C***MI*M300~"
      "NM1*82*1*RENDER*R****XX*2222222222~DTM*232*20240105~DTM*233*20240107~DTM*050*20240110~"
      "AMT*AU*180~QTY*CA*1~"
      "SVC*HC:99213:25*200*120.5**2*HC:99214*3~DTM*472*20240105~CAS*CO*45*20~CAS*PR*1*9.5**2*50*1~"
      "REF*6R*L1~AMT*B6*150~LQ*HE*N206~"
      "SVC*AD:D0120*50*0~DTM*150*20240106~DTM*151*20240107~CAS*OA*23*50~");
  const Reading given = read_x12_text(text);
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_THAT(given.refusals, IsEmpty());
  EXPECT_EQ(given.summary.format, "X12 835 5010");
  EXPECT_EQ(given.summary.lines, 2);
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(claim.place.byte, byte_of(text, "CLP*"));
  EXPECT_EQ(*claim.id, "C-1");
  EXPECT_EQ(*claim.status, "4");
  EXPECT_EQ(claim.status.place.part, "CLP-02");
  EXPECT_EQ(*claim.charge, Money{25000});
  EXPECT_EQ(*claim.paid, Money{12050});
  EXPECT_EQ(claim.paid.place.part, "CLP-04");
  EXPECT_EQ(claim.paid.place.byte, claim.place.byte);
  EXPECT_EQ(*claim.service_place, "11");
  EXPECT_EQ(*claim.frequency, "1");
  EXPECT_EQ(*claim.provider, "1111111112");
  EXPECT_EQ(claim.provider.place.byte, byte_of(text, "N1*PE"));
  EXPECT_EQ(claim.provider.place.part, "N1-04");
  EXPECT_EQ(*claim.member.id, "M100");
  EXPECT_EQ(claim.member.id.place.byte, byte_of(text, "NM1*QC"));
  EXPECT_EQ(*claim.from, day(2024, 1, 5));
  EXPECT_EQ(*claim.to, day(2024, 1, 7));
  EXPECT_EQ(claim.to.place.byte, byte_of(text, "DTM*233"));
  EXPECT_EQ(*claim.type, ClaimType::dental);
  ASSERT_EQ(claim.adjustments.size(), 1u);
  EXPECT_EQ(*claim.adjustments[0].reason, "A2");

  ASSERT_EQ(claim.lines.size(), 2u);
  const Line& line = claim.lines[0];
  EXPECT_EQ(line.place.byte, byte_of(text, "SVC*HC"));
  EXPECT_EQ(*line.code, (Code{"HCPCS", "99213"}));
  EXPECT_EQ(*line.modifiers.at(0), "25");
  EXPECT_EQ(*line.charge, Money{20000});
  EXPECT_EQ(*line.paid, Money{12050});
  EXPECT_EQ(line.paid.place.part, "SVC-03");
  EXPECT_EQ(*line.allowed, Money{15000});
  EXPECT_EQ(line.allowed.place.part, "AMT-02");
  EXPECT_EQ(*line.units, 2.0);
  EXPECT_EQ(*line.from, day(2024, 1, 5));
  EXPECT_EQ(*line.provider, "2222222222");
  ASSERT_EQ(line.adjustments.size(), 3u);
  EXPECT_EQ(*line.adjustments[2].group, "PR");
  EXPECT_EQ(*line.adjustments[2].reason, "2");
  EXPECT_EQ(*line.adjustments[2].amount, Money{5000});
  EXPECT_EQ(*line.adjustments[2].quantity, 1.0);
  EXPECT_EQ(*claim.lines[1].units, 1.0);  // which is what it means to leave them out
  EXPECT_EQ(*claim.lines[1].from, day(2024, 1, 6));
  EXPECT_EQ(*claim.lines[1].to, day(2024, 1, 7));
}

TEST(X12Answers, AnInpatientsClaimMayHaveNoLines) {
  const Reading given = read_x12_text(
      answer("TS3*1*11*20241231*1*100~CLP*H-1*1*900*700**MA*N*11*1**280*1.5~CAS*CO*45*200~"
             "NM1*IL*1*ROE*BEA****MI*M200~MIA*0***700~DTM*232*20240201~DTM*233*20240205~"));
  EXPECT_THAT(given.warnings, IsEmpty());
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(*claim.type, ClaimType::institutional);
  EXPECT_EQ(claim.type.place.part, "MIA");
  EXPECT_EQ(*claim.service_place, "111");
  EXPECT_EQ(*claim.drg, (Code{"MS-DRG", "280"}));
  EXPECT_EQ(*claim.member.id, "M200");
  EXPECT_EQ(claim.adjustments.size(), 1u);
}

TEST(X12Answers, LinesMayHaveRevenueCodesAndDrugs) {
  const Reading given =
      read_x12_text(answer("CLP*1*1*60*60**13*N*13*1~SVC*NU:0250*20*20~SVC*HC:85025*20*20*305*1~"
                           "SVC*N4:00026063512*20*20~"
                           "DTM*472*20240105~"));
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(*claim.type, ClaimType::institutional);
  EXPECT_EQ(*claim.from, day(2024, 1, 5));
  EXPECT_EQ(*claim.lines.at(0).revenue, (Code{"NUBC", "0250"}));
  EXPECT_FALSE(claim.lines[0].code);
  EXPECT_EQ(*claim.lines.at(1).revenue, (Code{"NUBC", "0305"}));
  EXPECT_EQ(*claim.lines[1].code, (Code{"HCPCS", "85025"}));
  EXPECT_EQ(*claim.lines.at(2).code, (Code{"NDC", "00026063512"}));
}

TEST(X12Answers, WhatBelongsToNoClaimIsGivenByItself) {
  const std::string text = answer("CLP*1*1*60*60~PLB*1111111112*20241231*CV:CP*-1.27*WO:REF2*30~");
  const Reading given = read_x12_text(text);
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_EQ(given.claims.size(), 1u);
  ASSERT_EQ(given.provider_adjustments.size(), 2u);
  EXPECT_EQ(*given.provider_adjustments[0].provider, "1111111112");
  EXPECT_EQ(*given.provider_adjustments[0].reason, "CV");
  EXPECT_EQ(*given.provider_adjustments[0].reference, "CP");
  EXPECT_EQ(*given.provider_adjustments[0].amount, Money{-127});
  EXPECT_EQ(*given.provider_adjustments[1].reason, "WO");
  EXPECT_EQ(*given.provider_adjustments[1].amount, Money{3000});
  EXPECT_EQ(given.provider_adjustments[1].amount.place.byte, byte_of(text, "PLB*"));
  EXPECT_EQ(given.provider_adjustments[1].amount.place.part, "PLB-06");
}

TEST(X12Answers, AFaultRefusesItsClaimAndNoOther) {
  const Reading given =
      read_x12_text(answer("SVC*HC:1*1*1~CLP*1*1*60~CLP*2*1*60*60~SVC*HC:99213***742~CLP*3*1*60*60~"
                           "NM1*QC*1*DOE*ANN****MI*M100~PLB*1*20241231*CV:CP~"));
  EXPECT_THAT(given.refusals, ElementsAre(HasSubstr("CLP-04: 1: expected an amount, got nothing"),
                                          HasSubstr("SVC-02: 2: expected an amount, got nothing")));
  ASSERT_EQ(given.claims.size(), 1u);
  EXPECT_EQ(*given.claims[0].id, "3");
  EXPECT_EQ(*given.claims[0].member.id, "M100");
  EXPECT_THAT(given.warnings,
              ElementsAre(HasSubstr("SVC: expected CLP before the lines of a claim"),
                          HasSubstr("PLB-04: expected an amount, got nothing")));
}

}  // namespace
}  // namespace clearhead::claims
