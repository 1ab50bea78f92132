// clearhead claims read: what it says about files of claims.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

TEST(ClaimsRead, SaysWhatIsInATable) {
  const TemporaryFolder folder;
  folder.write("claims.csv",
               "claim,member,type,service_date,diagnoses,diagnosis_system\n"
               "C1,M1,professional,2024-01-31,E119 I10,ICD-10-CM\n"
               "C2,M2,institutional,2024-02-30,I10,ICD-10-CM\n"
               "C3,M2,professional,2024-03-01,,\n");
  folder.write("lines.csv", "claim,code,system\nC1,99213,HCPCS\nC1,J1885,HCPCS\nC3,1,SNOMED\n");
  const ProgramResult result = run_program("clearhead", {"claims", "read", "."}, folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out,
            ".: CSV\n"
            "  claims      2: 2 professional\n"
            "  lines       3\n"
            "  members     2\n"
            "  service     2024-01-31 to 2024-03-01\n"
            "  codes       3: 2 HCPCS, 1 SNOMED\n"
            "  diagnoses   2: 2 ICD-10-CM\n"
            "  refused     1\n"
            "  warnings    0\n"
            "\nRefused, while the others were read:\n"
            "  ./claims.csv, line 3, service_date: claim C2: expected a date such as 2024-01-31 or "
            "01/31/2024, got \"2024-02-30\"\n");
}

TEST(ClaimsRead, WhatIsNoFileOfClaimsIsAnError) {
  const TemporaryFolder folder;
  folder.write("a.txt", "Dear all\n");
  const ProgramResult result = run_program("clearhead", {"claims", "read", "a.txt"}, folder.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("a.txt: expected claims in CSV, X12 or FHIR JSON"));
  EXPECT_EQ(run_program("clearhead", {"claims", "read", "no"}, folder.path()).status, 1);
}

}  // namespace
}  // namespace clearhead
