// Tables of text: columns line up in a terminal, and are cut where there is no room.
#include "clearhead/plot/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clearhead::plot {
namespace {

using testing::ElementsAre;

const TextTable kTable{.columns = {{"token", true}, {"weight"}, {"", true}, {"place"}},
                       .rows = {{"猫", "0.5", "seen", "12"}, {"é", "10.25", "", "3"}}};

TEST(TextTable, TextStandsLeftAndNumbersRight) {
  EXPECT_THAT(kTable.lines(), ElementsAre("token  weight        place",  //
                                          "猫        0.5  seen     12",  //
                                          "é       10.25            3"));
  EXPECT_EQ(TextTable({.columns = {{"a"}, {"b", true}}, .rows = {{"1", ""}}}).text(), "a  b\n1\n");
}

TEST(TextTable, LinesAreCutAtAWidth) {
  EXPECT_EQ(kTable.text(8), "token  …\n猫     …\né      …\n");
}

TEST(TextTable, TextGivesWayToNumbers) {
  const TextTable table{{{"name", true}, {"A", false}},
                        {{"blocks.0.hook_resid_pre[1, 51]", "-0.17545"}}};
  EXPECT_EQ(table.text(30), "name                         A\nblocks.0.hook_resid…  -0.17545\n");
  // What is left of the lines where text cannot be shorter.
  EXPECT_EQ(table.text(15), "name          …\nblocks.0.ho…  …\n");
}

TEST(TextTable, ColumnsAreLeftOutAtTheRight) {
  TextTable table = kTable;
  EXPECT_EQ(table.fit(26), 0);
  EXPECT_EQ(table.fit(25), 1);
  EXPECT_THAT(table.lines(), ElementsAre("token  weight        …",  //
                                         "猫        0.5  seen  …",  //
                                         "é       10.25        …"));
  TextTable narrow = kTable;
  EXPECT_EQ(narrow.fit(1), 1);  // the first three stay
}

TEST(TextTable, PaddingCountsColumnsOfATerminal) {
  EXPECT_EQ(pad_left("猫", 4), "  猫");
  EXPECT_EQ(pad_right("猫", 4), "猫  ");
  EXPECT_EQ(pad_right("longer", 4), "longer");
}

}  // namespace
}  // namespace clearhead::plot
