// The page of a worklist: it holds what it was given, loads nothing, and text in it is never more
// than text. What it does is tested in page_use_test.cc.
#include "apps/cli/claims/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/testing.h"
#include "tests/worklist/made_worklist.h"

namespace clearhead::cli {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kDataBegins = "<script type=\"application/json\" id=\"data\">";

Json data_of(const std::string& page) {
  const std::size_t from = page.find(kDataBegins) + kDataBegins.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

// The page without its data.
std::string chrome_of(const std::string& page) {
  const std::size_t from = page.find(kDataBegins);
  return page.substr(0, from) + page.substr(page.find("</script>", from));
}

TEST(WorklistPage, HoldsEachClaim) {
  const Worklist list = made_worklist(20);
  const Json data = data_of(render_worklist(list));
  ASSERT_EQ(data["claims"].size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    const WorklistClaim& claim = list.claims[i];
    const Json& json = data["claims"][i];
    EXPECT_EQ(json["id"], claim.id);
    EXPECT_EQ(json["stake"], claim.at_stake.cents);
    EXPECT_NEAR(json["score"], claim.score, 1e-3 * claim.score);
    ASSERT_EQ(json["lines"].size(), claim.lines.size());
    for (std::size_t k = 0; k < claim.lines.size(); ++k) {
      const WorklistLine& line = claim.lines[k];
      const Json& code = data["codes"][json["lines"][k]["code"].get<std::size_t>()];
      EXPECT_EQ(code[1], line.code.value);
      EXPECT_NEAR(json["lines"][k]["change"], -*line.change, 1e-3 * claim.score);
      EXPECT_EQ(json["lines"][k].value("looks", Json::array()).size(), line.looks.size());
    }
  }
}

TEST(WorklistPage, SameListSameBytes) {
  EXPECT_EQ(render_worklist(made_worklist(20)), render_worklist(made_worklist(20)));
  EXPECT_NE(render_worklist(made_worklist(20)), render_worklist(made_worklist(20, 2)));
}

TEST(WorklistPage, CountsQuotedBytesAsScriptsDo) {
  Worklist list = made_worklist(1);
  list.clauses = {{"1", {}, "§ 𝟗: oxygen at home", {}}};
  list.claims[0].clauses = {{0, 0, 0, {{9, 6, 0.5, "oxygen"}}}};
  ASSERT_EQ(list.clauses[0].text.substr(9, 6), "oxygen");
  const Json hit = data_of(render_worklist(list))["claims"][0]["clauses"][0];
  // The sign of the paragraph is one unit of UTF-16, the mathematical nine two.
  EXPECT_EQ(hit[3][0][0], 6);
  EXPECT_EQ(hit[3][0][1], 12);
  EXPECT_EQ(hit[2], 20);
}

TEST(WorklistPage, HasEachClauseOnceWithItsPlace) {
  Worklist list = made_worklist(20);
  list.clauses[0].place = {std::make_shared<std::string>("policy.md"), 7, 0, ""};
  const Json clauses = data_of(render_worklist(list))["clauses"];
  ASSERT_EQ(clauses.size(), 2u);
  EXPECT_EQ(clauses[0][1], "Equipment › Oxygen › At home");
  EXPECT_EQ(clauses[0][2], list.clauses[0].text);
  EXPECT_EQ(clauses[0][3], "policy.md, line 7");
}

TEST(WorklistPage, FiveThousandClaimsAreSmall) {
  EXPECT_LT(render_worklist(made_worklist(5000)).size(), 12u << 20);
}

TEST(WorklistPage, LoadsNothing) {
  const std::string page = render_worklist(made_worklist(20));
  for (const char* sign : {"http:", "https:", "src=", "href=", "@import", "url(", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(sign))) << sign;
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(WorklistPage, AccusesNobody) {
  const std::string page = chrome_of(render_worklist(made_worklist(20)));
  for (const char* word : {"fraud", "Fraud", "denied", "Denied", "error", "Error", "suspic"}) {
    EXPECT_THAT(page, Not(HasSubstr(word))) << word;
  }
  EXPECT_THAT(page, HasSubstr("Possibly relevant"));
}

TEST(WorklistPage, TextOfUsersIsNeverMarkup) {
  const std::string attack = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">&";
  Worklist list = made_worklist(9);
  list.claims = {list.claims[8]};
  list.model = list.kinds[0] = list.clauses[0].text = list.distributions[0].of = attack;
  list.claims[0].id = list.claims[0].member = list.claims[0].specialty = attack;
  list.claims[0].lines[0].code.value = attack;
  list.claims[0].findings[0].reason = attack;
  list.claims[0].clauses = {{0, 0, 0, {}}};
  const std::string page = render_worklist(list);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_EQ(data_of(page)["claims"][0]["id"], attack);
}

TEST(WorklistPage, RefusesWhatIsNotThere) {
  Worklist list = made_worklist(2);
  list.claims[0].distribution = 2;
  expect_error([&] { render_worklist(list); },
               "Claim C-1 of the worklist refers to distribution 2");
  list = made_worklist(2);
  list.claims[1].clauses = {{0, 1000, 5, {}}};
  expect_error([&] { render_worklist(list); }, "byte of a clause 1000");
}

}  // namespace
}  // namespace clearhead::cli
