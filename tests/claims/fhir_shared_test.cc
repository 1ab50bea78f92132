// The FHIR files of the shared data: all is read or refused, and counts agree with those of
// count_fhir.py, which is written apart from the reader.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/claims/fhir.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

struct Amounts {
  std::int64_t charge = 0, allowed = 0, paid = 0;  // cents

  template <typename T>
  void add(const T& what) {
    charge += what.charge.value.value_or(Money{}).cents;
    allowed += what.allowed.value.value_or(Money{}).cents;
    paid += what.paid.value.value_or(Money{}).cents;
  }
  bool operator==(const Amounts&) const = default;
};

struct Counts {
  std::int64_t claims = 0, lines = 0, diagnoses = 0, procedures = 0;
  Amounts of_lines, of_claims;

  bool operator==(const Counts&) const = default;
};

struct File {
  const char* name;
  Counts counts;
  std::int64_t refusals = 0;
};

// As `tests/claims/count_fhir.py ../shared/data/claims/fhir` prints them.
constexpr Amounts kLines{5011, 919422, 4751};
constexpr File kFiles[] = {
    {"eob-r4-1.json", {1, 2, 1, 0, {}, {}}},
    {"eob-r4-2.json", {1, 1, 1, 0, {}, {}}},
    {"eob-r4-3.json", {1, 1, 2, 0, {}, {}}},
    {"eob-stu3-200.ndjson",
     {200, 200, 686, 9, {20371774, 1496076, 10489358}, {25194787, 1496076, 25194787}}},
    {"r4-ExplanationOfBenefit-Carrier.json", {1, 4, 5, 0, kLines, {900155, 1022, 350}}},
    {"r4-ExplanationOfBenefit-DME.json", {1, 4, 5, 0, kLines, {900155, 0, 350}}},
    {"r4-ExplanationOfBenefit-HHA.json", {1, 4, 5, 5, kLines, {900155, 0, 350}}},
    {"r4-ExplanationOfBenefit-Hospice.json", {1, 4, 5, 5, kLines, {900155, 0, 350}}},
    {"r4-ExplanationOfBenefit-MCS.json", {1, 4, 5, 0, kLines, {900155, 1022, 350}}},
    {"r4-ExplanationOfBenefit-Outpatient.json", {1, 4, 5, 5, kLines, {900155, 0, 350}}},
    {"r4-ExplanationOfBenefit-Pharmacy.json", {1, 1, 0, 0, {4550, 0, 4550}, {4550, 0, 0}}},
    {"r4-ExplanationOfBenefit-PriorAuth.json", {}, 1},
    {"r4-ExplanationOfBenefit-SNF.json", {1, 4, 5, 5, kLines, {900155, 0, 350}}},
    {"r4-ExplanationOfBenefit.json", {1, 4, 7, 5, kLines, {900155, 0, 350}}},
};

TEST(FhirShared, CountsAgreeWithAnIndependentCount) {
  for (const File& file : kFiles) {
    const auto path = shared_path(std::string("data/claims/fhir/") + file.name);
    if (!path) GTEST_SKIP() << "the shared data are not here";
    SCOPED_TRACE(file.name);
    ByteStream stream(*path);
    Counts counts;
    const ReadSummary summary =
        read_fhir(stream, {},
                  {.claim =
                       [&](const Claim& claim) {
                         ++counts.claims;
                         counts.lines += static_cast<std::int64_t>(claim.lines.size());
                         counts.diagnoses += static_cast<std::int64_t>(claim.diagnoses.size());
                         counts.procedures += static_cast<std::int64_t>(claim.procedures.size());
                         counts.of_claims.add(claim);
                         for (const Line& line : claim.lines) counts.of_lines.add(line);
                         EXPECT_TRUE(claim.type) << to_string(claim.place);
                         EXPECT_TRUE(claim.from) << to_string(claim.place);
                       },
                   .refusal = {},
                   .provider_adjustment = {},
                   .warning = {}});
    EXPECT_TRUE(counts == file.counts)
        << counts.claims << " " << counts.lines << " " << counts.diagnoses << " "
        << counts.procedures << " " << counts.of_lines.charge << " " << counts.of_lines.allowed
        << " " << counts.of_lines.paid << " " << counts.of_claims.charge << " "
        << counts.of_claims.allowed << " " << counts.of_claims.paid;
    EXPECT_EQ(summary.claims, counts.claims);
    EXPECT_EQ(summary.refusals, file.refusals);
    EXPECT_EQ(summary.format,
              std::string(file.name).find("stu3") != std::string::npos ? "FHIR STU3" : "FHIR R4");
  }
}

}  // namespace
}  // namespace clearhead::claims
