// What the page of attention does when people use it: a script points and presses in Chromium, if
// that is here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "clearhead/plot/attention_page.h"
#include "tests/browser.h"
#include "tests/testing.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;

// Two heads of three causal tokens, and one of two queries and three keys.
AttentionPage two_kinds() {
  const Tensor first = tensor_of({3, 3}, {1, -kInfinity, -kInfinity, 0.25, 0.75, -kInfinity,  //
                                          0.5, 0.125, 0.375});
  const Tensor second = tensor_of({3, 3}, {1, -kInfinity, -kInfinity, 0.75, 0.25, -kInfinity,  //
                                           0, 0.5, 0.5});
  const Tensor cross = tensor_of({2, 3}, {0.125, 0.25, 0.625, 0.5, 0.25, 0.25});
  return {.title = "model",
          .kinds = {{.title = "attention",
                     .query_title = "query",
                     .key_title = "key",
                     .queries = {"a", "b", "c"},
                     .keys = {"a", "b", "c"},
                     .layers = 1,
                     .heads = 2,
                     .weights =
                         [=](std::int64_t, std::int64_t head, std::int64_t t, std::int64_t t_end) {
                           return (head == 0 ? first : second).slice(0, t, t_end);
                         }},
                    {.title = "to the source",
                     .query_title = "word",
                     .key_title = "source",
                     .queries = {"x", "y"},
                     .keys = {"p", "q", "r"},
                     .same_tokens = false,
                     .layers = 1,
                     .heads = 1,
                     .weights = [=](std::int64_t, std::int64_t, std::int64_t t,
                                    std::int64_t t_end) { return cross.slice(0, t, t_end); }}}};
}

// What scripts may use. Each step is what a person does and then sees.
constexpr const char* kTools = R"js(
const press = (node, key, more) => node.dispatchEvent(
  new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true, ...more}));
const text = (id) => byId(id).textContent.replace(/\s+/g, ' ').trim();
const tinted = (id) => [...byId(id).children].map((node) => node.style.background !== '');
)js";

class AttentionPageUse : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = no_browser()) GTEST_SKIP() << *why;
  }

  static Json use(const std::string& script) {
    return Json::parse(seen_in_page(render_attention_page(two_kinds()), kTools + script));
  }
};

TEST_F(AttentionPageUse, ArrowKeysShowValuesWithTheirTokens) {
  const Json seen = use(R"js(
press(byId('map'), 'ArrowDown');
seen.first = text('values');
press(byId('map'), 'ArrowRight', {shiftKey: true});
seen.masked = text('values');
press(document.body, 'Escape');
seen.nothing = text('values');
)js");
  EXPECT_EQ(seen["first"], "0.25 query b (1) → key a (0)");
  EXPECT_EQ(seen["masked"], "masked query b (1) → key c (2)");
  EXPECT_EQ(seen["nothing"], "");
}

TEST_F(AttentionPageUse, SeveralHeadsAreShownAsTheirMean) {
  const Json seen = use(R"js(
squaresOf()[1].dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}));
seen.chosen = text('chosen');
press(byId('map'), 'ArrowDown');
seen.mean = text('values');
squaresOf()[1].click();
seen.one = text('values');
)js");
  EXPECT_EQ(seen["chosen"], "attention, mean of L0H0, L0H1");
  EXPECT_EQ(seen["mean"], "0.5 query b (1) → key a (0)");
  EXPECT_EQ(seen["one"], "0.75 query b (1) → key a (0)");
}

TEST_F(AttentionPageUse, TokensAreTintedInBothDirections) {
  const Json seen = use(R"js(
byId('queries').children[1].click();
seen.from = tinted('queries');
press(document.body, 'Escape');
document.querySelector('input[value="to"]').click();
byId('queries').children[1].click();
seen.to = tinted('queries');
)js");
  EXPECT_EQ(seen["from"], Json({true, true, false}));  // b looks at a and b
  EXPECT_EQ(seen["to"], Json({false, true, true}));    // b and c look at b
}

TEST_F(AttentionPageUse, WithoutAPlaceTheLastTokenShowsWhatItLooksAtMost) {
  const Json seen = use(R"js(
const lines = () => [...byId('strongest').children].map((line) => line.textContent);
seen.last = lines()[0];
byId('queries').children[1].click();
seen.from = lines();
)js");
  EXPECT_EQ(seen["last"], "c (2) looks most at");
  EXPECT_EQ(seen["from"], Json({"b (1) looks most at", "0.75b (1)", "0.25a (0)"}));
}

TEST_F(AttentionPageUse, OtherTokensHaveListsOfTheirOwn) {
  const Json seen = use(R"js(
seen.hidden = byId('keys').hidden;
byId('kind').value = '1';
byId('kind').dispatchEvent(new Event('change'));
seen.shown = !byId('keys').hidden;
byId('queries').children[1].click();
seen.keys = tinted('keys');
seen.queries = tinted('queries');
press(byId('map'), 'ArrowRight');
seen.value = text('values');
)js");
  EXPECT_EQ(seen["hidden"], true);
  EXPECT_EQ(seen["shown"], true);
  EXPECT_EQ(seen["keys"], Json({true, true, true}));
  EXPECT_EQ(seen["queries"], Json({false, false}));
  EXPECT_EQ(seen["value"], "0.25 word y (1) → source q (1)");
}

}  // namespace
}  // namespace clearhead::plot
