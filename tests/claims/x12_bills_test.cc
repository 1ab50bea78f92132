// Bills (837): each field of hand-made claims, and its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clearhead/claims/x12_segments_internal.h"
#include "tests/claims/x12_testing.h"

namespace clearhead::claims {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kProvider =
    "BHT*0019*00*1*20240101*1200*CH~NM1*41*2*SENDER*****46*1~NM1*40*2*RECEIVER*****46*2~"
    "HL*1**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*CLINIC*****XX*1111111112~N3*1 ROAD~"
    "N4*TOWN*MA*02139~REF*EI*999999999~NM1*87*2~N4*OTHER*NH*03031~";
const std::string kSubscriber =
    "HL*2*1*22*0~SBR*P*18*GROUP******CI~NM1*IL*1*DOE*ANN****MI*M100~N3*2 ROAD~N4*TOWN*VT*05001~"
    "DMG*D8*19800229*F~NM1*PR*2*PAYER*****PI*P1~N4*FAR*CA*90001~";
const std::string kLine = "LX*1~SV1*HC:99213*80*UN*1***1~DTP*472*D8*20240105~";

// An 837P of one subscriber.
std::string professional(const std::string& claims) {
  return interchange("005010X222A1", kProvider + kSubscriber + claims);
}

TEST(X12Bills, AProfessionalClaimHasAllItsFields) {
  const std::string text = professional(
      "CLM*C-1*232.5***22:B:7*Y*A*Y*Y~DTP*431*D8*20240101~AMT*F5*10~REF*D9*X~"
      "HI*ABK:I10.9*ABF:E119**ABF:Z79.4~HI*ABN:W010XXA~"
      "NM1*DN*1*REFER*R****XX*5555555555~PRV*RF*PXC*000000000X~"
      "NM1*82*1*RENDER*R****XX*2222222222~PRV*PE*PXC*208D00000X~"
      "NM1*77*2*SITE*****XX*3333333333~N4*SITE*NY*10001~"
      "LX*1~SV1*HC:99213:25:GT:::A NOTE*150.25*UN*2.00*11**1:3**Y~DTP*472*RD8*20240105-20240107~"
      "LX*2~SV1*HC:J1234*82.25*MJ*15***2~DTP*472*D8*20240103~LIN**N4*00026063512~CTP****10*ML~"
      "NM1*82*1*OTHER*O****XX*4444444444~PRV*PE*PXC*999999999X~HCP*03*70.5*11.75~");
  const Reading given = read_x12_text(text);
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_THAT(given.refusals, IsEmpty());
  EXPECT_EQ(given.summary.format, "X12 837P 5010");
  EXPECT_EQ(given.summary.claims, 1);
  EXPECT_EQ(given.summary.lines, 2);
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  const std::uint64_t clm = byte_of(text, "CLM*");
  const auto expect_place = [&](const Place& place, const std::string& segment,
                                const std::string& part) {
    EXPECT_EQ(*place.file, "a.x12");
    EXPECT_EQ(place.byte, byte_of(text, segment)) << part;
    EXPECT_EQ(place.part, part);
  };

  EXPECT_EQ(*claim.id, "C-1");
  expect_place(claim.id.place, "CLM*", "CLM-01");
  EXPECT_EQ(claim.place.byte, clm);
  EXPECT_EQ(*claim.member.id, "M100");
  expect_place(claim.member.id.place, "NM1*IL", "NM1-09");
  EXPECT_EQ(*claim.member.birth_date, day(1980, 2, 29));
  expect_place(claim.member.birth_date.place, "DMG*", "DMG-02");
  EXPECT_EQ(*claim.member.sex, "F");
  expect_place(claim.member.sex.place, "DMG*", "DMG-03");
  EXPECT_EQ(*claim.member.state, "VT");
  expect_place(claim.member.state.place, "N4*TOWN*VT", "N4-02");
  EXPECT_EQ(*claim.type, ClaimType::professional);
  expect_place(claim.type.place, "SV1*", "SV1");
  EXPECT_EQ(*claim.from, day(2024, 1, 3));
  expect_place(claim.from.place, "DTP*472*D8", "DTP-03");
  EXPECT_EQ(*claim.to, day(2024, 1, 7));
  expect_place(claim.to.place, "DTP*472*RD8", "DTP-03");
  EXPECT_EQ(*claim.provider, "1111111112");
  expect_place(claim.provider.place, "NM1*85", "NM1-09");
  EXPECT_EQ(*claim.specialty, "208D00000X");
  expect_place(claim.specialty.place, "PRV*PE", "PRV-03");
  EXPECT_EQ(*claim.facility, "3333333333");
  expect_place(claim.facility.place, "NM1*77", "NM1-09");
  EXPECT_EQ(*claim.service_place, "22");
  expect_place(claim.service_place.place, "CLM*", "CLM-05-1");
  EXPECT_EQ(*claim.frequency, "7");
  expect_place(claim.frequency.place, "CLM*", "CLM-05-3");
  EXPECT_FALSE(claim.status);
  EXPECT_EQ(*claim.charge, Money{23250});
  expect_place(claim.charge.place, "CLM*", "CLM-02");
  EXPECT_FALSE(claim.paid);

  ASSERT_EQ(claim.diagnoses.size(), 4u);
  EXPECT_EQ(*claim.diagnoses[0].code, (Code{"ICD-10-CM", "I109"}));
  EXPECT_EQ(claim.diagnoses[0].role, DiagnosisRole::principal);
  expect_place(claim.diagnoses[0].code.place, "HI*", "HI-01-2");
  EXPECT_EQ(*claim.diagnoses[2].code, (Code{"ICD-10-CM", "Z794"}));
  EXPECT_EQ(claim.diagnoses[2].role, DiagnosisRole::other);
  expect_place(claim.diagnoses[2].code.place, "HI*", "HI-04-2");
  EXPECT_EQ(claim.diagnoses[3].role, DiagnosisRole::external_cause);

  ASSERT_EQ(claim.lines.size(), 2u);
  const Line& first = claim.lines[0];
  EXPECT_EQ(*first.number, 1);
  expect_place(first.place, "LX*1", "LX");
  EXPECT_EQ(*first.code, (Code{"HCPCS", "99213"}));
  expect_place(first.code.place, "SV1*HC:99213", "SV1-01-2");
  ASSERT_EQ(first.modifiers.size(), 2u);
  EXPECT_EQ(*first.modifiers[0], "25");
  EXPECT_EQ(*first.modifiers[1], "GT");
  expect_place(first.modifiers[1].place, "SV1*HC:99213", "SV1-01-4");
  EXPECT_EQ(*first.charge, Money{15025});
  expect_place(first.charge.place, "SV1*HC:99213", "SV1-02");
  EXPECT_EQ(*first.unit, "UN");
  EXPECT_EQ(*first.units, 2.0);
  expect_place(first.units.place, "SV1*HC:99213", "SV1-04");
  EXPECT_EQ(*first.service_place, "11");
  EXPECT_THAT(first.pointers, ElementsAre(1, 3));
  expect_place(first.pointers_place, "SV1*HC:99213", "SV1-07");
  EXPECT_EQ(*first.from, day(2024, 1, 5));
  EXPECT_EQ(*first.to, day(2024, 1, 7));
  EXPECT_EQ(*first.provider, "2222222222");

  const Line& second = claim.lines[1];
  EXPECT_EQ(*second.unit, "MJ");
  EXPECT_EQ(*second.drug, (Code{"NDC", "00026063512"}));
  expect_place(second.drug.place, "LIN*", "LIN-03");
  EXPECT_EQ(*second.provider, "4444444444");
  EXPECT_EQ(*second.allowed, Money{7050});
  EXPECT_FALSE(second.to);
  EXPECT_FALSE(second.service_place);
}

TEST(X12Bills, AnInstitutionalClaimHasRolesProceduresGroupAndTypeOfBill) {
  const Reading given = read_x12_text(interchange(
      "005010X223A3",
      kProvider + kSubscriber +
          "CLM*H-1*900***11:A:1*Y*A*Y*Y~DTP*434*RD8*20240201-20240205~DTP*435*DT*202402010800~"
          "HI*ABK:I214:::::::Y~HI*ABJ:R079~HI*APR:R0602*APR:R55~HI*ABN:W19XXXA:::::::N~HI*DR:280~"
          "HI*ABF:E119:::::::U*ABF:N179~HI*BBR:02703ZZ:D8:20240202~HI*BBQ:4A023N7:D8:20240202~"
          "HI*BH:11:D8:20240201~HI*BE:A2:::15.31~"
          "NM1*71*1*ATTEND*A****XX*6666666666~PRV*AT*PXC*207RC0000X~"
          "LX*1~SV2*120**400*DA*2~"
          "LX*2~SV2*0360*HC:92928:LD*500*UN*1~DTP*472*D8*20240202~"));
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_EQ(given.summary.format, "X12 837I 5010");
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(*claim.type, ClaimType::institutional);
  EXPECT_EQ(*claim.service_place, "111");
  EXPECT_EQ(*claim.from, day(2024, 2, 1));
  EXPECT_EQ(*claim.to, day(2024, 2, 5));
  EXPECT_EQ(*claim.specialty, "207RC0000X");
  EXPECT_EQ(*claim.drg, (Code{"MS-DRG", "280"}));
  EXPECT_EQ(claim.drg.place.part, "HI-01-2");
  std::vector<DiagnosisRole> roles;
  for (const Diagnosis& diagnosis : claim.diagnoses) roles.push_back(diagnosis.role);
  EXPECT_THAT(roles, ElementsAre(DiagnosisRole::principal, DiagnosisRole::admitting,
                                 DiagnosisRole::reason_for_visit, DiagnosisRole::reason_for_visit,
                                 DiagnosisRole::external_cause, DiagnosisRole::other,
                                 DiagnosisRole::other));
  EXPECT_EQ(*claim.diagnoses[0].present_on_admission, "Y");
  EXPECT_EQ(claim.diagnoses[0].present_on_admission.place.part, "HI-01-9");
  EXPECT_FALSE(claim.diagnoses[1].present_on_admission);
  EXPECT_EQ(*claim.diagnoses[4].present_on_admission, "N");
  EXPECT_EQ(*claim.diagnoses[5].present_on_admission, "U");
  ASSERT_EQ(claim.procedures.size(), 2u);
  EXPECT_EQ(*claim.procedures[0], (Code{"ICD-10-PCS", "02703ZZ"}));
  EXPECT_EQ(*claim.procedures[1], (Code{"ICD-10-PCS", "4A023N7"}));
  ASSERT_EQ(claim.lines.size(), 2u);
  EXPECT_EQ(*claim.lines[0].revenue, (Code{"NUBC", "0120"}));
  EXPECT_EQ(claim.lines[0].revenue.place.part, "SV2-01");
  EXPECT_FALSE(claim.lines[0].code);
  EXPECT_EQ(*claim.lines[0].charge, Money{40000});
  EXPECT_EQ(*claim.lines[0].units, 2.0);
  EXPECT_EQ(*claim.lines[1].code, (Code{"HCPCS", "92928"}));
  EXPECT_EQ(*claim.lines[1].modifiers[0], "LD");
  EXPECT_EQ(*claim.lines[1].from, day(2024, 2, 2));
}

TEST(X12Bills, Release4010HasIcd9AndQualifiersOfItsOwn) {
  const Reading given = read_x12_text(interchange(
      "004010X096A1", "HL*1**20*1~PRV*BI*ZZ*203BA0200N~NM1*85*2*CLINIC*****24*999~" + kSubscriber +
                          "CLM*H-1*89.93***14:A:1**A*Y*Y~DTP*434*D8*20010911~"
                          "HI*BK:366.9*BJ:401.9*ZZ:794.31~HI*BN:E986.0~HI*BR:15.3:D8:20010911~"
                          "LX*1~SV2*305*HC:85025*89.93*UN*1~"));
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_EQ(given.summary.format, "X12 837I 4010");
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(*claim.specialty, "203BA0200N");
  EXPECT_EQ(*claim.provider, "999");
  ASSERT_EQ(claim.diagnoses.size(), 4u);
  EXPECT_EQ(*claim.diagnoses[0].code, (Code{"ICD-9-CM", "3669"}));
  EXPECT_EQ(claim.diagnoses[1].role, DiagnosisRole::admitting);
  EXPECT_EQ(claim.diagnoses[2].role, DiagnosisRole::reason_for_visit);
  EXPECT_EQ(*claim.diagnoses[3].code, (Code{"ICD-9-CM", "E9860"}));
  EXPECT_EQ(*claim.procedures.at(0), (Code{"ICD-9-PCS", "153"}));
  EXPECT_EQ(*claim.from, day(2001, 9, 11));
  EXPECT_FALSE(claim.to);
  EXPECT_EQ(*claim.lines[0].revenue, (Code{"NUBC", "0305"}));
}

TEST(X12Bills, ADentalClaimIsRead) {
  const Reading given = read_x12_text(interchange(
      "005010X224A2", kProvider + kSubscriber +
                          "CLM*D-1*120***11:B:1*Y*A*Y*Y~DTP*472*D8*20240301~HI*ABK:K021~"
                          "LX*1~SV3*AD:D2150*120****2*****1~TOO*JP*12*L:O~"));
  EXPECT_THAT(given.warnings, IsEmpty());
  EXPECT_EQ(given.summary.format, "X12 837D 5010");
  ASSERT_EQ(given.claims.size(), 1u);
  EXPECT_EQ(*given.claims[0].type, ClaimType::dental);
  EXPECT_EQ(*given.claims[0].from, day(2024, 3, 1));
  const Line& line = given.claims[0].lines.at(0);
  EXPECT_EQ(*line.code, (Code{"CDT", "D2150"}));
  EXPECT_EQ(*line.charge, Money{12000});
  EXPECT_EQ(*line.units, 2.0);
  EXPECT_THAT(line.pointers, ElementsAre(1));
}

TEST(X12Bills, LoopsSayWhoseAClaimIs) {
  const std::string second_subscriber =
      "HL*3*1*22*1~SBR*P********CI~NM1*IL*1*ROE*JIM****MI*M200~N4*TOWN*ME*04001~DMG*D8*19700101*M~";
  const Reading given = read_x12_text(interchange(
      "005010X222A1", kProvider + kSubscriber + "CLM*1*80***11:B:1~" + kLine +
                          "CLM*2*80***11:B:1~" + kLine + second_subscriber +
                          "HL*4*3*23*0~PAT*19~NM1*QC*1*ROE*KIM~N4*TOWN*RI*02801~" +
                          "DMG*D8*20150630*F~CLM*3*80***11:B:1~" + kLine +
                          "HL*5*3*23*0~PAT*19~NM1*QC*1*ROE*TOM****MI*M201~CLM*4*80***11:B:1~" +
                          kLine + "HL*6**20*1~NM1*85*1*SOLO*S~REF*G2*77~REF*SY*123123123~" +
                          "HL*7*6*22*0~NM1*IL*1*POE*EVA****MI*M300~CLM*5*80***11:B:1~" + kLine));
  EXPECT_THAT(given.warnings, Each(HasSubstr("diagnosis 1 of a claim with 0")));
  ASSERT_EQ(given.claims.size(), 5u);
  EXPECT_EQ(*given.claims[0].member.id, "M100");
  EXPECT_EQ(*given.claims[1].member.id, "M100");
  EXPECT_EQ(*given.claims[1].member.state, "VT");
  // Without a number of her own, she has the subscriber's, told apart by birth and sex.
  EXPECT_EQ(*given.claims[2].member.id, "M200/2015-06-30/F");
  EXPECT_EQ(*given.claims[2].member.birth_date, day(2015, 6, 30));
  EXPECT_EQ(*given.claims[2].member.state, "RI");
  EXPECT_EQ(*given.claims[3].member.id, "M201");
  EXPECT_FALSE(given.claims[3].member.birth_date);
  EXPECT_EQ(*given.claims[4].member.id, "M300");
  EXPECT_EQ(*given.claims[4].provider, "123123123");
  EXPECT_FALSE(given.claims[4].specialty);
  EXPECT_FALSE(given.claims[4].member.birth_date);
}

TEST(X12Bills, OtherPayersAdjustAndPayButAreNotTheMember) {
  const Reading given =
      read_x12_text(professional("CLM*1*100***11:B:1~HI*ABK:I10~"
                                 "SBR*S*01*******12~CAS*PR*1*21.89**2*15.00*3~CAS*CO*45*-3~AMT*D*"
                                 "39.15~AMT*EAF*1~DMG*D8*19010101*M~"
                                 "OI***Y***Y~NM1*IL*1*X*Y****MI*OTHER~N4*TOWN*TX*75001~NM1*82*1~"
                                 "SBR*T*01*******12~AMT*D*10~"
                                 "LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20240105~"
                                 "SVD*P1*40.00*HC:99213**1~CAS*CO*45*3.00~DTP*573*D8*20240201~"
                                 "SVD*P2*5*HC:99213**1~CAS*OA*23*40*2~"));
  EXPECT_THAT(given.warnings, IsEmpty());
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_EQ(*claim.member.id, "M100");
  EXPECT_EQ(*claim.member.sex, "F");
  EXPECT_EQ(*claim.member.state, "VT");
  EXPECT_EQ(*claim.paid, Money{4915});
  ASSERT_EQ(claim.adjustments.size(), 3u);
  EXPECT_EQ(*claim.adjustments[0].group, "PR");
  EXPECT_EQ(*claim.adjustments[0].reason, "1");
  EXPECT_EQ(*claim.adjustments[0].amount, Money{2189});
  EXPECT_FALSE(claim.adjustments[0].quantity);
  EXPECT_EQ(*claim.adjustments[1].reason, "2");
  EXPECT_EQ(*claim.adjustments[1].quantity, 3.0);
  EXPECT_EQ(claim.adjustments[1].amount.place.part, "CAS-06");
  EXPECT_EQ(*claim.adjustments[2].amount, Money{-300});
  const Line& line = claim.lines.at(0);
  EXPECT_EQ(*line.paid, Money{4500});
  ASSERT_EQ(line.adjustments.size(), 2u);
  EXPECT_EQ(*line.adjustments[1].group, "OA");
  EXPECT_FALSE(line.provider);
}

TEST(X12Bills, AFaultRefusesItsClaimAndNoOther) {
  const std::string text =
      professional("CLM*1*80***11:B:1~HI*ABK:I10~" + kLine + "CLM*2*8O***11:B:1~HI*ABK~" + kLine +
                   "CLM*3*80***11:B:1~HI*ABK:I10~" + kLine);
  const Reading given = read_x12_text(text);
  EXPECT_EQ(given.summary.claims, 2);
  EXPECT_EQ(given.summary.refusals, 1);
  EXPECT_THAT(given.refusals,
              ElementsAre("a.x12, byte " + std::to_string(byte_of(text, "CLM*2")) +
                          ", CLM-02: 2: expected an amount, such as 12.50, got \"8O\""));
  EXPECT_EQ(*given.claims[1].id, "3");
}

TEST(X12Bills, EachThingThatCannotBeReadSaysWhatWasExpected) {
  const std::pair<std::string, std::string> kFaults[] = {
      {"CLM**80***11:B:1~" + kLine, ", CLM-01: : expected the claim's number, got nothing"},
      {"CLM*1****11:B:1~" + kLine, ", CLM-02: 1: expected an amount, got nothing"},
      {"CLM*1*80***11:B:1~HI*BK*4019~" + kLine,
       ", HI-01: 1: expected a list and a code of it, such as ABK:I10, got \"BK\""},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC*80~",
       ", SV1-01: 1: expected a list and a code of it, such as HC:99213, got \"HC\""},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC:99213**UN*1~",
       ", SV1-02: 1: expected an amount, got nothing"},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC:99213*80*UN*one~",
       ", SV1-04: 1: expected a number, got \"one\""},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC:99213*80*UN*1***1:A~",
       ", SV1-07-2: 1: expected a whole number, got \"A\""},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC:99213*80*UN*1~DTP*472*RD9*20240101~",
       ", DTP-02: 1: expected D8, DT or RD8, got \"RD9\""},
      {"CLM*1*80***11:B:1~LX*1~SV1*HC:99213*80*UN*1~DTP*472*D8*20240230~",
       ", DTP-03: 1: expected a day of the form 20240731, or two with - between, got \"20240230\""},
      {"CLM*1*80***11:B:1~SBR*S~CAS*CO*45~" + kLine,
       ", CAS-03: 1: expected an amount, got nothing"},
      {"CLM*1*80***11:A:1~LX*1~SV2*450.00*HC:1*80~",
       ", SV2-01: 1: expected a revenue code of four digits, got \"450.00\""},
      {"CLM*1*80***11:B:1~NTE*" + std::string(X12Segments::kLongest, 'x') + "~" + kLine,
       ", NTE: 1: expected at most 65536 bytes before the terminator"},
  };
  for (const auto& [segments, expected] : kFaults) {
    const Reading given = read_x12_text(professional(segments));
    EXPECT_THAT(given.refusals, ElementsAre(HasSubstr(expected)));
    EXPECT_THAT(given.claims, IsEmpty());
  }
}

TEST(X12Bills, WhatIsOptionalMayBeMissing) {
  const Reading given = read_x12_text(
      interchange("005010X222A1", "CLM*1*80~SV1*HC:99213*40~SV1*HC:99214*40~DTP*472*D8*20240105~"));
  EXPECT_THAT(given.refusals, IsEmpty());
  ASSERT_EQ(given.claims.size(), 1u);
  const Claim& claim = given.claims[0];
  EXPECT_FALSE(claim.member.id);
  EXPECT_FALSE(claim.provider);
  EXPECT_FALSE(claim.service_place);
  ASSERT_EQ(claim.lines.size(), 2u);  // LX is left out
  EXPECT_FALSE(claim.lines[0].number);
  EXPECT_FALSE(claim.lines[0].from);
  EXPECT_FALSE(claim.lines[0].units);
  EXPECT_THAT(claim.lines[0].pointers, IsEmpty());
}

TEST(X12Bills, DoubtsAreWarnedOf) {
  const auto warnings = [](const std::string& text) { return read_x12_text(text).warnings; };
  EXPECT_THAT(warnings(professional("CLM*1*80***11:B:1~")),
              ElementsAre(HasSubstr("CLM: the claim has no lines")));
  EXPECT_THAT(warnings(professional("SV1*HC:99213*1~")),
              ElementsAre(HasSubstr("SV1: expected CLM before the lines of a claim")));
  EXPECT_THAT(warnings(professional("HL*3*9*22*0~HL*4*8*22*0~")),
              ElementsAre(HasSubstr("HL-02: expected the open loop above it, 1, got \"9\"")));
  EXPECT_THAT(warnings(professional("DMG*D8*1980*F~NM1*IL*1~DMG*D8*1980*F~")),
              ElementsAre(HasSubstr("DMG-02: expected a day of the form 20240731, got something "
                                    "else")));
  EXPECT_THAT(warnings(professional("CLM*1*80***11:B:1~HI*ABK:I10~LX*1~SV1*HC:1*80*UN*1***1:2~")),
              ElementsAre(HasSubstr("SV1-07: diagnosis 2 of a claim with 1")));
  const Reading given = read_x12_text(
      interchange("005010X223A2", kProvider + kSubscriber + "CLM*1*80***11:B:1~" + kLine));
  EXPECT_THAT(given.warnings, ElementsAre(HasSubstr("SV1: expected lines of X12 837I 5010, got "
                                                    "SV1; read as professional"),
                                          HasSubstr("diagnosis 1 of a claim with 0")));
  EXPECT_EQ(*given.claims.at(0).type, ClaimType::professional);
  EXPECT_EQ(*given.claims.at(0).service_place, "11");
}

TEST(X12Bills, ClaimsBelowALoopThatIsNotKnownAreNobodys) {
  const Reading given = read_x12_text(
      professional("HL*3*2*99*0~NM1*IL*1*DOE*BOB****MI*M200~CLM*1*80***11:B:1~" + kLine));
  EXPECT_THAT(given.warnings, Contains(HasSubstr("HL-03: expected the level 20")));
  ASSERT_EQ(given.claims.size(), 1u);
  EXPECT_FALSE(given.claims[0].member.id);
}

TEST(X12Bills, AnotherSeparatorOfComponentsThanIsaSaysIsSeen) {
  const Reading given = read_x12_text(
      professional("CLM*1*80***11>B>1~HI*ABK>I10*ABF>E119~LX*1~SV1*HC>99213>25*80*UN*1***1>2~"));
  EXPECT_THAT(given.warnings, ElementsAre(HasSubstr("CLM-05: ISA says that \":\" separates "
                                                    "components, but \">\" does")));
  ASSERT_EQ(given.claims.size(), 1u);
  EXPECT_EQ(*given.claims[0].frequency, "1");
  EXPECT_EQ(given.claims[0].diagnoses.size(), 2u);
  EXPECT_EQ(*given.claims[0].lines[0].modifiers.at(0), "25");
  EXPECT_THAT(given.claims[0].lines[0].pointers, ElementsAre(1, 2));
}

}  // namespace
}  // namespace clearhead::claims
