// Claims of a small world, as tables that a network can learn in seconds.
#ifndef CLEARHEAD_TESTS_CLAIMS_SMALL_WORLD_H_
#define CLEARHEAD_TESTS_CLAIMS_SMALL_WORLD_H_

#include <string>

#include "tests/testing.h"

namespace clearhead::claims {

/// Writes tables of a small world, in which hearts are treated with 93000 and diabetes with 83036,
/// at fixed prices; some visits have one line only, of either kind. Returns the folder.
inline std::string write_small_world(const TemporaryFolder& folder) {
  std::string members = "member,birth_year,sex,state,split\n";
  std::string claims =
      "claim,member,type,service_date,provider,specialty,facility,diagnoses,charge,paid\n";
  std::string lines = "claim,line,date,system,code,units,charge,diagnosis_pointers\n";
  int number = 0;
  for (int m = 0; m < 150; ++m) {
    const std::string member = "M" + std::to_string(m);
    members += member + ",1970,F,MA," + (m % 5 == 0 ? "valid" : "train") + "\n";
    for (int i = 0; i < 8; ++i) {
      const std::string claim = "C" + std::to_string(number++);
      const bool is_heart = m % 2 == 0;
      const std::string day = "2024-0" + std::to_string(i + 1) + "-1" + std::to_string(m % 9);
      claims += claim + "," + member + ",professional," + day + ",P1,CARDIOLOGY,F1," +
                (is_heart ? "I10" : "E119") + ",100.00,80.00\n";
      const std::string test = is_heart ? "93000,1,50.00" : "83036,1,20.00";
      if (i % 3 != 2) lines += claim + ",1," + day + ",HCPCS,99213,1,100.00,1\n";
      if (i % 3 != 1) lines += claim + ",2," + day + ",HCPCS," + test + ",1\n";
    }
  }
  folder.write("members.csv", members);
  folder.write("claims.csv", claims);
  folder.write("lines.csv", lines);
  return folder.path().string();
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_SMALL_WORLD_H_
