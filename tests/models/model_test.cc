// Tables with a row for each ability.
#include "clearhead/models/model.h"

#include <gtest/gtest.h>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Model, ATableHasARowForEachAbilityThatItKnows) {
  struct Row {
    Ability ability;
    int number;
  };
  static constexpr Row kRows[] = {{LanguageModel::kAbility, 1}, {MaskedModel::kAbility, 2}};
  EXPECT_EQ(row_for(MaskedModel::kAbility, kRows, "number").number, 2);
  expect_error([] { row_for(TranslationModel::kAbility, kRows, "number"); },
               "there is no number of a translation model yet");
}

}  // namespace
}  // namespace clearhead
