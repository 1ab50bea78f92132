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
            "  ./claims.csv, line 3, service_date: claim C2: expected a date such as\n"
            "    2024-01-31 or 01/31/2024, got \"2024-02-30\"\n");
}

TEST(ClaimsRead, WritesTablesJsonAndRefusals) {
  const TemporaryFolder folder;
  folder.write("a.csv",
               "claim,member,date,code,system,charge\nC1,M1,2024-01-31,99213,CPT,10.5\n"
               "C2,M1,never,99213,CPT,1\n");
  const ProgramResult result = run_program(
      "clearhead", {"claims", "read", "a.csv", "--out", "out", "--refusals", "refused.csv"},
      folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("wrote out\nwrote refused.csv\n"));
  EXPECT_EQ(folder.read("refused.csv"),
            "file,line,byte,part,claim,reason\n"
            "a.csv,3,0,date,C2,\"expected a date such as 2024-01-31 or 01/31/2024, got "
            "\"\"never\"\"\"\n");
  EXPECT_EQ(
      run_program("clearhead", {"claims", "read", "a.csv", "--out", "a.ndjson"}, folder.path())
          .status,
      0);
  EXPECT_EQ(run_program("clearhead", {"claims", "read", "out", "--out", "b.ndjson"}, folder.path())
                .status,
            0);
  EXPECT_EQ(
      folder.read("a.ndjson"),
      "{\"claim\":\"C1\",\"member\":{\"member\":\"M1\"},\"service_date\":\"2024-01-31\","
      "\"lines\":[{\"line\":1,\"date\":\"2024-01-31\",\"code\":{\"system\":\"HCPCS\",\"code\":"
      "\"99213\"},\"charge\":10.5}]}\n");
  EXPECT_EQ(folder.read("b.ndjson"), folder.read("a.ndjson"));
}

TEST(ClaimsRead, AMappingIsCheckedAndItsSchemaPrinted) {
  const TemporaryFolder folder;
  folder.write("a.csv", "No;Dx1;Dx2;Day;CPT;Amount\nA1;E11.9;I10;03/04/2024;99213;1.110,00\n");
  folder.write("m.json", R"({"decimal": "comma", "dates": "DD/MM/YYYY", "code_system": "HCPCS",
      "diagnosis_system": "ICD-10-CM", "type": "professional",
      "claims": {"claim": "No", "diagnoses": ["Dx1", "Dx2"]},
      "lines": {"claim": "No", "date": "Day", "code": "cpt", "charge": ["Amount"]}})");
  const ProgramResult result = run_program(
      "clearhead", {"claims", "read", "a.csv", "--mapping", "m.json", "--out", "a.ndjson"},
      folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(folder.read("a.ndjson"), HasSubstr("\"service_date\":\"2024-04-03\""));
  EXPECT_THAT(folder.read("a.ndjson"), HasSubstr("\"charge\":1110.0"));
  EXPECT_THAT(folder.read("a.ndjson"), HasSubstr("{\"system\":\"ICD-10-CM\",\"code\":\"I10\""));
  folder.write("m.json", R"({"lines": {"cod": "CPT"}})");
  const ProgramResult wrong =
      run_program("clearhead", {"claims", "read", "a.csv", "--mapping", "m.json"}, folder.path());
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.error, HasSubstr("code"));
  EXPECT_THAT(run_program("clearhead", {"claims", "read", "--schema"}).out,
              HasSubstr("\"diagnosis_pointers\""));
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
