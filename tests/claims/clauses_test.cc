// What policies become: which clauses, below which headings, and where.
#include "clearhead/claims/clauses.h"

#include <fmt/format.h>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(const std::vector<Clause>& clauses) {
  std::vector<std::string> lines;
  for (const Clause& clause : clauses) {
    lines.push_back(fmt::format("{} | {} | {} | {}", clause.id, path_text(clause), clause.text,
                                clause.place.line));
  }
  return lines;
}

std::vector<std::string> parsed(std::string_view text, PolicyFormat format) {
  return lines_of(parse_clauses(text, format, "policy"));
}

TEST(Clauses, ReadsAnObjectALine) {
  const std::string text =
      "{\"id\": \"x(n)\", \"section_title\": \"Definitions\", \"heading\": \"Equipment\", "
      "\"text\": \"iron lungs\\nbeds\"}\n\n{\"id\": \"a\", \"text\": \"free choice\"}\n";
  const std::vector<Clause> clauses = parse_clauses(text, PolicyFormat::jsonl, "usc.jsonl");
  EXPECT_THAT(lines_of(clauses),
              ElementsAre("x(n) | Definitions › Equipment | iron lungs\nbeds | 1",
                          "a |  | free choice | 3"));
  EXPECT_EQ(text.substr(clauses[1].place.byte, 8), "{\"id\": \"");
  EXPECT_EQ(*clauses[1].place.file, "usc.jsonl");
}

TEST(Clauses, PlacesCountTheByteOrderMark) {
  const std::string text = "\xef\xbb\xbf# Items\n\n(a) beds\n";
  const TemporaryFolder folder;
  const std::string path = folder.write("marked.md", text);
  for (const auto& clauses :
       {parse_clauses(text, PolicyFormat::markdown, "policy.md"), read_clauses(path)}) {
    ASSERT_EQ(clauses.size(), 1u);
    EXPECT_EQ(clauses[0].place.byte, text.find("(a)"));
    EXPECT_EQ(clauses[0].place.line, 3u);
    EXPECT_THAT(clauses[0].path, ElementsAre("Items"));
  }
}

TEST(Clauses, SaysWhichLineIsNoClause) {
  expect_error([] { parsed("{\"id\": \"a\"}", PolicyFormat::jsonl); }, "policy, line 1: expected");
  expect_error([] { parsed("\n[1]", PolicyFormat::jsonl); },
               "policy, line 2: expected a clause as a JSON object, got array");
  expect_error([] { parsed("{\"id\": 4, \"text\": \"a\"}", PolicyFormat::jsonl); },
               "expected a string as \"id\", got number");
  expect_error([] { parsed("{", PolicyFormat::jsonl); }, "policy, line 1: expected a clause");
  expect_error([] { parsed(" \n", PolicyFormat::text); }, "policy: expected the clauses");
}

TEST(Clauses, NumbersOfTextLieBelowEachOther) {
  EXPECT_THAT(
      parsed("§ 4. Covered items\n"
             "(a) In general. Payment is made for\n"
             "durable equipment.\n"
             "(1) the item is ordered; and\n"
             "(A)(i) it is used at home\n"
             "(ii) for a year.\n"
             "(2) it is new.\n"
             "\n"
             "This goes on.\n"
             "(b) Limits.\n"
             "§ 5. Other items\n",
             PolicyFormat::text),
      ElementsAre(
          "§ 4 |  | Covered items | 1",
          "§ 4(a) | § 4 Covered items | In general. Payment is made for durable equipment. | "
          "2",
          "§ 4(a)(1) | § 4 Covered items › (a) In general | the item is ordered; and | 4",
          "§ 4(a)(1)(A)(i) | § 4 Covered items › (a) In general › (1) the item is ordered; "
          "and › (A) | it is used at home | 5",
          "§ 4(a)(1)(A)(ii) | § 4 Covered items › (a) In general › (1) the item is ordered; "
          "and › (A) | for a year. | 6",
          "§ 4(a)(2) | § 4 Covered items › (a) In general | it is new.\nThis goes on. | 7",
          "§ 4(b) | § 4 Covered items | Limits. | 10", "§ 5 |  | Other items | 11"));
}

TEST(Clauses, TheLetterIFollowsHAndTheNumberIStandsBelowA) {
  EXPECT_THAT(parsed("(h) one\n(i) two\n(j) three\n", PolicyFormat::text),
              ElementsAre("(h) |  | one | 1", "(i) |  | two | 2", "(j) |  | three | 3"));
  EXPECT_THAT(parsed("(A) one\n(i) two\n(B) three\n", PolicyFormat::text),
              ElementsAre("(A) |  | one | 1", "(A)(i) | (A) one | two | 2", "(B) |  | three | 3"));
}

TEST(Clauses, DecimalsHaveThoseAboveThemWithinThemselves) {
  EXPECT_THAT(
      parsed("1. Scope\n1.1 Members\n1.1.1 Children\n1.2 Items\n2. Limits\n", PolicyFormat::text),
      ElementsAre("1 |  | Scope | 1", "1.1 | 1 Scope | Members | 2",
                  "1.1.1 | 1 Scope › 1.1 Members | Children | 3", "1.2 | 1 Scope | Items | 4",
                  "2 |  | Limits | 5"));
}

TEST(Clauses, ALineThatGoesOnWithANumberBeginsNoParagraph) {
  EXPECT_THAT(
      parsed("Up to\n3.5 percent under\nSection 4 of this title and paragraph\n(2) of it\n"
             "(and) more in 2024\n",
             PolicyFormat::text),
      ElementsAre("line 1 |  | Up to 3.5 percent under Section 4 of this title and paragraph "
                  "(2) of it (and) more in 2024 | 1"));
}

TEST(Clauses, HeadingsOfMarkdownLieBelowEachOther) {
  EXPECT_THAT(parsed("# Wheelchairs\n\nCovered if *needed*.\n\n## 2.1 Power ##\n- batteries\n"
                     "- joysticks\n\nSeating\n---\n\n(a) cushions\n\n# Beds\nHospital beds.\n",
                     PolicyFormat::markdown),
              ElementsAre("line 3 | Wheelchairs | Covered if *needed*. | 3",
                          "line 6 | Wheelchairs › 2.1 Power | batteries\njoysticks | 6",
                          "(a) | Wheelchairs › Seating | cushions | 12",
                          "line 15 | Beds | Hospital beds. | 15"));
}

TEST(Clauses, TagsOfHtmlDivideTheWords) {
  const std::string page =
      "<!doctype html><html><head><title>no</title></head>\n<body><!-- <p>no --><h2 class='a>b'>"
      "Beds &amp; chairs</h2>\n<p>(a) Hospital\n  <b>beds</b>&#8212;if 1 &lt; 2<br>(b) chairs"
      "<script>var p = '<p>no</p>';</script></P><div>that lift</div></body>";
  const std::vector<Clause> clauses = parse_clauses(page, PolicyFormat::html, "page.html");
  EXPECT_THAT(lines_of(clauses), ElementsAre("(a) | Beds & chairs | Hospital beds—if 1 < 2 | 3",
                                             "(b) | Beds & chairs | chairs\nthat lift | 4"));
  EXPECT_EQ(page.substr(clauses[0].place.byte, 12), "(a) Hospital");
}

TEST(Clauses, ManyTagsThatDoNotEndTakeNoLonger) {
  std::string page = "a <script>";
  for (int i = 0; i < 200'000; ++i) page += "</x\"";
  page += "</SCRIPT>b";
  EXPECT_EQ(parse_clauses(page, PolicyFormat::html, "page.html")[0].text, "a b");
}

TEST(Clauses, ANumberAloneIsThatOfTheParagraphBehindIt) {
  EXPECT_THAT(parsed("(a)\n\nHearing aids\n\nand batteries\n", PolicyFormat::text),
              ElementsAre("(a) |  | Hearing aids\nand batteries | 1"));
}

TEST(Clauses, BlanksAreNoWords) {
  expect_error(
      [] { parse_clauses(R"({"id":"1","heading":"Beds","text":"\n"})", PolicyFormat::jsonl, "p"); },
      "p, line 1: expected \"id\" and \"text\" with some words each");
}

TEST(Clauses, BrokenHtmlIsReadAsFarAsItGoes) {
  for (const std::string page : {"a < b & c &bogus; &#xD800; d", "a <", "a <p", "a <!--",
                                 "a <p b='", "a <script>b", "a </", "a &", "a &#99999999999;"}) {
    const std::vector<Clause> clauses = parse_clauses(page, PolicyFormat::html, "page.html");
    EXPECT_EQ(clauses[0].text.front(), 'a') << page;
  }
  EXPECT_EQ(parse_clauses("a < b & c &bogus; &#xD800; d", PolicyFormat::html, "p")[0].text,
            "a < b & c &bogus; &#xD800; d");
}

TEST(Clauses, TheEndingSaysTheFormat) {
  EXPECT_EQ(policy_format("a.JSONL"), PolicyFormat::jsonl);
  EXPECT_EQ(policy_format("a.md.gz"), PolicyFormat::markdown);
  EXPECT_EQ(policy_format("a.htm"), PolicyFormat::html);
  EXPECT_EQ(policy_format("a"), PolicyFormat::text);
  expect_error([] { read_clauses("a.pdf"); }, "scripts/policy-text");
}

TEST(Clauses, ReadsTheStatute) {
  const auto path = shared_path("data/claims/policy/usc42-medicare.jsonl");
  if (!path) GTEST_SKIP();
  const std::vector<Clause> clauses = read_clauses(*path);
  EXPECT_EQ(clauses.size(), 464u);
  EXPECT_EQ(clauses.back().place.line, 464u);
}

}  // namespace
}  // namespace clearhead::claims
