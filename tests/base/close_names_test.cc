// The names that a mistyped one may have meant.
#include "clearhead/base/close_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clearhead {
namespace {

using Names = std::vector<std::string>;

TEST(CloseNames, TheFewestEditsFirstThenByName) {
  const Names known{"hook_k", "hook_q", "hook_pattern", "embed", "hook_v", "hook_qs"};
  EXPECT_EQ(close_names("hook_q", known, 3), (Names{"hook_q", "hook_k", "hook_qs"}));
  EXPECT_EQ(close_names("hok_q", known, 2), (Names{"hook_q", "hook_k"}));
  EXPECT_EQ(close_names("", known, 1), Names{"embed"});
}

TEST(CloseNames, TheEndOfANameIsCloserThanAnother) {
  const Names known{"hook_v", "b.1.attn.hook_z", "b.0.attn.hook_z", "b.0.other_hook_z"};
  EXPECT_EQ(close_names("hook_z", known, 2), (Names{"b.0.attn.hook_z", "b.1.attn.hook_z"}));
  EXPECT_EQ(close_names("attn.hook_z", known, 1), Names{"b.0.attn.hook_z"});
}

TEST(CloseNames, WhatHasNoNameIsNotClose) {
  EXPECT_EQ(close_names("a", {"", "bcd"}, 2), std::vector<std::string>{"bcd"});
}

TEST(CloseNames, NoMoreThanThereAre) {
  EXPECT_EQ(close_names("q", {}, 5), Names{});
  EXPECT_EQ(close_names("q", {"k"}, 5), Names{"k"});
  EXPECT_EQ(close_names("q", {"k"}, 0), Names{});
}

}  // namespace
}  // namespace clearhead
