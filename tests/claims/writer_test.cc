// Claims that are written are read again as the same.
#include "clearhead/claims/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/claims/csv_claims.h"
#include "clearhead/claims/json_form.h"
#include "tests/claims/reading.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> json_of_all(const std::filesystem::path& path) {
  Reading reading;
  read_claims(path, {}, reading.sink());
  EXPECT_THAT(reading.refusals, IsEmpty());
  std::vector<std::string> result;
  for (const Claim& claim : reading.claims) result.push_back(json_of(claim));
  return result;
}

void write_again(const std::filesystem::path& from, const std::filesystem::path& to) {
  write_claims(to, [&from](const WriteClaim& write) {
    read_claims(from, {}, {.claim = [&write](Claim&& claim) { write(claim); }});
  });
}

TEST(Writer, WhatItWritesIsReadAsTheSame) {
  const TemporaryFolder folder;
  const std::string text =
      "claim,member,sex,type,to_date,drg,drg_system,diagnoses,diagnosis_system,diagnosis_roles,"
      "present_on_admission,procedures,procedure_system,claim_adjustments,specialty,date,code,"
      "system,modifiers,revenue,drug,units,unit,charge,paid,diagnosis_pointers,adjustments\n"
      "C1,M1,F,I,2024-02-03,291,DRG,E119 I10,ICD-10-CM|our own|,other|reason for "
      "visit|,Y||,0FT44ZZ "
      "0FT,ICD-10-PCS,CO-45:12.30 PR-1:5.00:2,\"A, \"\"B\"\"\nC\",2024-02-01,99213,HCPCS,25 "
      "59,0450,"
      "00093005801,1.5,UN,(2.00),1e+05,2,OA-:-1\n"
      "C1,M1,F,I,2024-02-03,291,DRG,,,,,,,,,2024-02-02,X,,,,,0.001,,,,,\n"
      "C2,M1,F,,,,,,,,,,,,,,Z,,,,,,,,,,\n";
  const auto path = folder.write("a.csv", text);
  const std::vector<std::string> claims = json_of_all(path);
  ASSERT_EQ(claims.size(), 2u);
  EXPECT_EQ(claims[0],
            R"({"claim":"C1","member":{"member":"M1","sex":"F"},"type":"institutional",)"
            R"("service_date":"2024-02-01","to_date":"2024-02-03","specialty":"A, \"B\"\nC",)"
            R"("drg":{"system":"DRG","code":"291"},"diagnoses":[{"system":"ICD-10-CM",)"
            R"("code":"E119","role":"other","present_on_admission":"Y"},{"system":"our own",)"
            R"("code":"I10","role":"reason for visit"}],"procedures":[{"system":"ICD-10-PCS",)"
            R"("code":"0FT44ZZ"},{"system":"ICD-10-PCS","code":"0FT"}],"adjustments":[)"
            R"({"group":"CO","reason":"45","amount":12.3},{"group":"PR","reason":"1",)"
            R"("amount":5.0,"quantity":2.0}],"lines":[{"line":1,"date":"2024-02-01",)"
            R"("to_date":"2024-02-03","code":{"system":"HCPCS","code":"99213"},)"
            R"("modifiers":["25","59"],"revenue":{"system":"NUBC","code":"0450"},)"
            R"("drug":{"system":"NDC","code":"00093005801"},"units":1.5,"unit":"UN",)"
            R"("charge":-2.0,"paid":100000.0,"diagnosis_pointers":[2],"adjustments":[)"
            R"({"group":"OA","amount":-1.0}]},{"line":2,"date":"2024-02-02",)"
            R"("to_date":"2024-02-03","code":{"code":"X"},"units":0.001}]})");
  write_again(path, folder / "out");
  EXPECT_EQ(json_of_all(folder / "out"), claims);
  write_again(path, folder / "out.ndjson");
  EXPECT_EQ(folder.read("out.ndjson"), claims[0] + "\n" + claims[1] + "\n");
  EXPECT_EQ(json_of_all(folder / "out.ndjson"), claims);
}

TEST(Writer, NumbersThatOccurTwiceAreToldApart) {
  const TemporaryFolder folder;
  Claim claim;
  claim.lines.resize(1);
  claim.lines[0].code.value = Code{"", "A"};
  for (const char* name : {"out", "out.ndjson"}) {
    claim.id = {};
    write_claims(folder / name, [&claim](const WriteClaim& write) {
      write(claim);
      claim.id.value = "C1";
      for (int i = 0; i < 3; ++i) write(claim);
    });
    Reading reading;
    read_claims(folder / name, {}, reading.sink());
    std::vector<std::string> numbers;
    for (const Claim& read : reading.claims) numbers.push_back(*read.id);
    EXPECT_THAT(numbers, ElementsAre("#1", "C1", "C1#2", "C1#3"));
    EXPECT_THAT(reading.refusals, IsEmpty());
  }
}

TEST(Writer, WhatIsReadIsNotWrittenOver) {
  const TemporaryFolder folder;
  const std::filesystem::path tables = folder.write("lines.csv", "claim,code\nC1,A\n");
  const std::filesystem::path ndjson = folder.write("a.ndjson", "{}");
  const auto in = tables.parent_path();
  for (const auto& [out, source] :
       {std::pair(in, in), std::pair(in, tables), std::pair(ndjson, ndjson)}) {
    expect_error([&out = out, &source = source] { check_claims_writable(out, source); },
                 "expected another place than that of the claims that are read");
  }
  check_claims_writable(in / "out", in);
  check_claims_writable(in / "b.ndjson", in);
}

TEST(Writer, IfReadingFailsThereAreNoFiles) {
  const TemporaryFolder folder;
  expect_error([&] { write_claims(folder / "out", [](const auto&) { throw Error("stop"); }); },
               "stop");
  EXPECT_TRUE(std::filesystem::is_empty(folder / "out"));
}

TEST(Writer, SharedClaimsAreTheSameAgain) {
  const auto path = shared_path("data/claims/synthea-small");
  if (!path) GTEST_SKIP() << "no shared data";
  const TemporaryFolder folder;
  const std::vector<std::string> claims = json_of_all(*path);
  for (const char* name : {"out", "out.ndjson"}) {
    write_again(*path, folder / name);
    EXPECT_EQ(json_of_all(folder / name), claims);
  }
}

}  // namespace
}  // namespace clearhead::claims
