// What the page does when people use it: a script presses its keys in Chromium, if that is here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "apps/cli/claims/page.h"
#include "tests/browser.h"
#include "tests/worklist/made_worklist.h"

namespace clearhead::cli {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

// What scripts may use. Each step is what a person does and then sees.
constexpr const char* kTools = R"js(
const press = (key) => (document.activeElement || document.body).dispatchEvent(
  new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
const type = (id, text) => {
  find(id).value = text;
  find(id).dispatchEvent(new Event('input', {bubbles: true}));
};
const rowCount = () => find('rows').children.length;
const title = () => document.querySelector('#claim h2').textContent;
)js";

// Opens the page in Chromium and runs `script`, which puts what it saw into `seen`.
class WorklistPageUse : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = no_browser()) GTEST_SKIP() << *why;
  }

  static Json use(const Worklist& list, const std::string& script) {
    return Json::parse(seen_in_page(render_worklist(list), kTools + script));
  }
};

TEST_F(WorklistPageUse, KeysGoThroughTheListAndDecide) {
  Worklist list = made_worklist(20);
  list.claims[4].decisions = {{"C-5",
                               claims::ReviewQueue::unusual,
                               claims::Verdict::accept,
                               "as \"agreed\",\nfine",
                               claims::Date{std::chrono::year{2026} / 1 / 2},
                               "K",
                               {}}};
  const Json seen = use(list, R"js(
    seen.focus = document.activeElement.id;
    seen.first = title();
    press('ArrowDown'); press('ArrowDown'); press('ArrowUp');
    seen.second = title();
    seen.active = find(find('list').getAttribute('aria-activedescendant')).textContent;
    find('by').value = 'Ann';
    press('a');
    seen.pressed = document.querySelector('#claim .accept').getAttribute('aria-pressed');
    press('End');
    seen.last = title();
    press('d'); press('d');
    press('Home'); press('d');
    press('n');
    seen.noting = document.activeElement.id;
    press('a');  // a letter of the note
    find('note').value = 'see, C-2';
    find('note').dispatchEvent(new Event('change', {bubbles: true}));
    press('Escape');
    seen.after = document.activeElement.id;
    press('Enter');
    seen.opened = document.activeElement.id;
    press('ArrowRight');
    seen.right = title();
    press('Escape');
    seen.closed = document.activeElement.id;
    press('?');
    seen.help = find('help').open;
    find('help').close();
    seen.csv = decisionsCsv();
    seen.today = today();
    seen.count = find('count').textContent;
  )js");
  EXPECT_EQ(seen["focus"], "list");
  EXPECT_EQ(seen["first"], "C-1");
  EXPECT_EQ(seen["second"], "C-2");
  EXPECT_THAT(seen["active"].get<std::string>(), HasSubstr("C-2"));
  EXPECT_EQ(seen["pressed"], "true");
  EXPECT_EQ(seen["last"], "C-20");
  EXPECT_EQ(seen["noting"], "note");
  EXPECT_EQ(seen["after"], "list");
  EXPECT_EQ(seen["opened"], "claim");
  EXPECT_EQ(seen["right"], "C-2");
  EXPECT_EQ(seen["closed"], "list");
  EXPECT_EQ(seen["help"], true);
  const std::string today = seen["today"];
  EXPECT_EQ(seen["csv"],
            "claim,queue,decision,note,date,by\n"
            "C-1,unusual,dismiss,\"see, C-2\"," +
                today +
                ",Ann\n"
                "C-2,unusual,accept,," +
                today +
                ",Ann\n"
                "C-5,unusual,accept,\"as \"\"agreed\"\",↵fine\",2026-01-02,K\n");
  EXPECT_THAT(seen["count"].get<std::string>(), HasSubstr("3 decided"));
  ByteStream stream(seen["csv"].get<std::string>(), "decisions.csv");
  const claims::Decisions read = claims::Decisions::read(
      stream, [](const claims::Place&, const std::string& fault) { ADD_FAILURE() << fault; });
  EXPECT_EQ(read.all().size(), 3u);
  EXPECT_TRUE(read.dismissed("C-1", claims::ReviewQueue::unusual));
  EXPECT_FALSE(read.dismissed("C-2", claims::ReviewQueue::unusual));
}

TEST_F(WorklistPageUse, FiltersSortsAndSearches) {
  const Worklist list = made_worklist(60);
  const Json seen = use(list, R"js(
    const ids = () => shown.map((claim) => claim.id);
    type('search', 'c-17'); seen.search = ids();
    type('search', 'nobody'); seen.nobody = find('claim').textContent;
    type('search', '');
    type('least', '500'); seen.least = shown.every((claim) => claim.stake >= 50000);
    type('least', '');
    type('kind', '2'); seen.kind = shown.map(leading);
    type('kind', '');
    document.querySelector('[data-order=stake] button').click();
    seen.stakes = shown.map((claim) => claim.stake);
    seen.sorted = document.querySelector('[data-order=stake]').getAttribute('aria-sort');
    find('tab-rules').click();
    seen.rules = ids();
    seen.queue = find('tab-rules').getAttribute('aria-selected');
    press('a');
    find('tab-unusual').click();
    seen.decisions = decisionsCsv().split('\n').slice(1, -1).map((line) => line.split(',')[1]);
    type('decided', 'accept'); seen.accepted = shown.length;
  )js");
  EXPECT_EQ(seen["search"], Json::array({"C-17"}));
  EXPECT_THAT(seen["nobody"].get<std::string>(), HasSubstr("No claim passes"));
  EXPECT_EQ(seen["least"], true);
  EXPECT_FALSE(seen["kind"].empty());
  for (const Json& kind : seen["kind"]) EXPECT_EQ(kind, 2);
  const std::vector<int> stakes = seen["stakes"];
  EXPECT_TRUE(std::is_sorted(stakes.rbegin(), stakes.rend()));
  EXPECT_EQ(seen["sorted"], "descending");
  EXPECT_EQ(seen["rules"].size(), 8u);  // each ninth and each thirtieth of 60
  EXPECT_EQ(seen["queue"], "true");
  EXPECT_EQ(seen["decisions"], Json::array({"rules"}));  // a queue has decisions of its own
  EXPECT_EQ(seen["accepted"], 0);
}

TEST_F(WorklistPageUse, WhatWasDismissedIsLastInItsQueue) {
  Worklist list = made_worklist(60);
  list.ranked_by = "stake";
  for (const char* id : {"C-1", "C-9"}) {
    list.claims[id == std::string("C-1") ? 0 : 8].decisions = {
        {id, claims::ReviewQueue::unusual, claims::Verdict::dismiss, {}, {}, {}, {}},
        {id, claims::ReviewQueue::rules, claims::Verdict::dismiss, {}, {}, {}, {}}};
  }
  const Json seen = use(list, R"js(
    const ids = () => shown.map((claim) => claim.id);
    seen.first = title();
    seen.unusual = ids().slice(-2);
    document.querySelector('[data-order=score] button').click();
    seen.scores = ids().slice(-2);
    press('d');
    seen.stays = title();
    find('tab-rules').click();
    seen.rules = ids().slice(-1);
    find('tab-unusual').click();
    seen.three = ids().slice(-3);
    seen.about = find('about').textContent;
  )js");
  EXPECT_EQ(seen["first"], "C-2");
  EXPECT_EQ(seen["unusual"], Json::array({"C-1", "C-9"}));
  EXPECT_EQ(seen["scores"], Json::array({"C-1", "C-9"}));
  EXPECT_EQ(seen["stays"], "C-2");  // a row does not jump away below one's hand
  EXPECT_EQ(seen["rules"], Json::array({"C-9"}));
  EXPECT_EQ(seen["three"], Json::array({"C-1", "C-2", "C-9"}));
  EXPECT_THAT(seen["about"].get<std::string>(), HasSubstr("ranked by amount at stake"));
}

TEST_F(WorklistPageUse, SaysWhyAndHowManyAreAsUnusual) {
  Worklist list = made_worklist(40);
  list.claims[0].score = 5;
  list.claims[1].score = 2;
  for (WorklistLine& line : list.claims[2].lines) line.change = std::nullopt;
  for (WorklistLine& line : list.claims[2].lines) line.expected = std::nullopt;
  const Json seen = use(list, R"js(
    const facts = () => document.querySelector('#claim .facts').textContent;
    seen.first = facts();
    seen.why = document.querySelector('#claim .reasons').textContent;
    seen.among = document.querySelector('.histogram').nextSibling.textContent;
    press('ArrowDown');
    seen.second = facts();
    press('ArrowDown');
    seen.without = document.querySelector('#claim .lines').nextSibling.textContent;
    find('tab-rules').click();
    seen.stake = stakeOf(chosen);
    seen.rule = document.querySelector('#claim .findings').textContent;
  )js");
  EXPECT_THAT(seen["first"].get<std::string>(), HasSubstr("< 1 in 20,000 of normal claims"));
  EXPECT_THAT(seen["second"].get<std::string>(), HasSubstr("1 in 100 of normal claims"));
  // The text of the user's table stands behind its code.
  EXPECT_EQ(seen["why"],
            "line 1, HCPCS E0431 (Portable gaseous oxygen system, rental): 7 units; 1 would be "
            "expected (99 %)");
  EXPECT_THAT(seen["among"].get<std::string>(), HasSubstr("this one alone scores as high"));
  EXPECT_THAT(seen["without"].get<std::string>(), HasSubstr("clearhead claims explain C-3"));
  EXPECT_EQ(seen["stake"], 12345);  // of the finding, not of the line
  EXPECT_THAT(seen["rule"].get<std::string>(), HasSubstr("at most 250 a day. At stake: 123.45."));
}

TEST_F(WorklistPageUse, SaysWhichWordsMetInAClause) {
  Worklist list = made_worklist(1);
  list.clauses[0].place = {std::make_shared<std::string>("policy.md"), 7, 0, ""};
  const std::string& text = list.clauses[0].text;
  const std::size_t rent = text.find("Rent"), oxygen = text.find("oxygen");
  list.claims[0].clauses = {{0,
                             0,
                             0,
                             {{rent, 4, 0.5, "rental (E0431)"},
                              {oxygen, 6, 1, "oxygen (E1390)"},
                              {text.find("month"), 5, 0.5, "rental (E0431)"}}}};
  const Json seen = use(list, R"js(
    const clause = document.querySelector('.clause');
    seen.marks = [...clause.querySelectorAll('mark')].map((mark) => mark.textContent);
    seen.met = [...clause.querySelectorAll('.met li')].map((met) => met.textContent);
    seen.place = clause.querySelector('.place').textContent;
  )js");
  EXPECT_EQ(seen["marks"], Json::array({"oxygen", "month", "Rent"}));
  EXPECT_EQ(seen["met"],
            Json::array({"oxygen (E1390) met oxygen", "rental (E0431) met month, Rent"}));
  EXPECT_EQ(seen["place"], "policy.md, line 7");
}

TEST_F(WorklistPageUse, MakesFewRowsOfManyAndAllOfThemForPrint) {
  const Json seen = use(made_worklist(5000), R"js(
    seen.few = rowCount();
    seen.height = find('rows').offsetHeight;
    press('End');
    seen.end = title();
    seen.still = rowCount();
    seen.chosen = Boolean(document.querySelector('.row[aria-selected="true"]'));
    window.dispatchEvent(new Event('beforeprint'));
    seen.print = rowCount();
    window.dispatchEvent(new Event('afterprint'));
    seen.after = rowCount();
  )js");
  EXPECT_LT(seen["few"], 60);
  EXPECT_GT(seen["height"], 5000 * 20);
  EXPECT_EQ(seen["end"], "C-5000");
  EXPECT_LT(seen["still"], 60);
  EXPECT_EQ(seen["chosen"], true);
  EXPECT_EQ(seen["print"], 5000 - 5000 / 30);  // each thirtieth is in the other queue
  EXPECT_LT(seen["after"], 60);
}

TEST_F(WorklistPageUse, ShowsWhatUsersWroteAsText) {
  const std::string attack = "<script>window.attacked = 1</script><img src=x onerror=attacked()>";
  Worklist list = made_worklist(9);
  WorklistClaim& claim = list.claims[8];
  claim.rank = 1;
  list.claims = {claim};
  list.claims[0].id = list.claims[0].member = list.claims[0].specialty = attack;
  list.claims[0].lines[0].code = {attack, attack};
  list.claims[0].lines[0].similar = claims::SimilarClaims{1, {attack}};
  list.claims[0].lines[0].looks = {{attack, 1, false}, {attack, 1, true}};
  list.claims[0].findings[0].reason = attack;
  list.clauses[0] = {attack, {attack}, attack, {}};
  list.claims[0].clauses = {{0, 0, 0, {{0, 8, 1, attack}}}};
  list.distributions[0].of = list.distributions[1].of = list.model = list.kinds[0] = attack;
  list.claims[0].decisions = {
      {attack, claims::ReviewQueue::unusual, claims::Verdict::accept, attack, {}, attack, {}}};
  const Json seen = use(list, R"js(
    seen.title = title();
    seen.images = document.querySelectorAll('img').length;
    seen.scripts = document.querySelectorAll('main script, header script, dialog script').length;
    seen.attacked = typeof window.attacked;
  )js");
  EXPECT_EQ(seen["title"], attack);
  EXPECT_EQ(seen["images"], 0);
  EXPECT_EQ(seen["scripts"], 0);
  EXPECT_EQ(seen["attacked"], "undefined");
}

TEST_F(WorklistPageUse, CallsAttentionWhereItLooked) {
  const Json seen = use(made_worklist(20), R"js(
    const heads = [...document.querySelectorAll('#claim h3')];
    seen.heads = heads.map((head) => head.textContent);
    const looks = heads.find((head) => head.textContent === 'Where it looked').parentElement;
    seen.words = looks.querySelector('p').textContent;
    seen.sorted = [...looks.querySelectorAll('ol')].map((list) => {
      const weights = [...list.querySelectorAll('.weight')].map((w) => parseFloat(w.textContent));
      return weights.every((w, i) => i === 0 || weights[i - 1] >= w);
    });
    seen.evidence = document.querySelectorAll('.evidence').length;
  )js");
  EXPECT_THAT(seen["heads"].dump(), HasSubstr("\"Possibly relevant clauses\""));
  EXPECT_THAT(seen["words"].get<std::string>(), HasSubstr("They are no reason for the score"));
  EXPECT_EQ(seen["sorted"], Json::array({true, true}));
  EXPECT_EQ(seen["evidence"], 1);
}

}  // namespace
}  // namespace clearhead::cli
