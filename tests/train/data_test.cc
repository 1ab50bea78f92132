// Batches: whole, in bounds, functions of seed and place alone, and what wrong data say.
#include "clearhead/train/data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/characters.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> counting(std::int64_t count) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

// a is 5, b 6, …
Tokenizer letters() {
  return learn_characters("abcdefghijklmnopqrstuvwxyz",
                          {"<pad>", "<s>", "</s>", "<mask>", "<unk>"});
}

TEST(SplitText, CutsCharactersNotBytes) {
  const TextParts parts = split_text("éééééééééa");
  EXPECT_EQ(parts.train, "ééééééééé");
  EXPECT_EQ(parts.validation, "a");
  EXPECT_EQ(split_text("abc", 0.5).train, "a");
  expect_error([] { split_text("a"); }, "0.9 of a text of 1 characters leaves one part empty");
  expect_error([] { split_text(""); }, "leaves one part empty");
}

// nanoGPT's prepare.py prints 1,003,854 and 111,540 tokens.
TEST(SplitText, OfShakespeareIsNanoGpts) {
  const auto path = shared_path("data/shakespeare/input.txt");
  if (!path) GTEST_SKIP() << "the shared data are not there";
  const std::string text = content(*path);
  EXPECT_EQ(split_text(text).train.size(), 1'003'854u);
  EXPECT_EQ(split_text(text).validation.size(), 111'540u);
}

TEST(Windows, AreOfTheTextAndTheTokenAfterIsTheTarget) {
  const std::vector<std::int64_t> tokens = counting(50);
  std::set<std::int64_t> starts;
  for (std::int64_t step = 0; step < 100; ++step) {
    const WindowBatch batch = random_windows(tokens, 4, 8, 1, step);
    EXPECT_EQ(batch.input.shape(), (Shape{4, 8}));
    for (std::int64_t b = 0; b < 4; ++b) {
      const std::int64_t start = ids_of(batch.input)[b * 8];
      starts.insert(start);
      for (std::int64_t t = 0; t < 8; ++t) {
        EXPECT_EQ(ids_of(batch.input)[b * 8 + t], start + t);
        EXPECT_EQ(ids_of(batch.target)[b * 8 + t], start + t + 1);
      }
    }
  }
  // Of 42 places 400 draws leave one out with a chance of 42·(41/42)^400 ≈ 0.003; this seed none.
  EXPECT_EQ(starts.size(), 42u);
}

TEST(Windows, DependOnSeedAndStepAlone) {
  const std::vector<std::int64_t> tokens = counting(1000);
  const auto draw = [&](std::uint64_t seed, std::int64_t step) {
    return ids_of(random_windows(tokens, 4, 16, seed, step).input);
  };
  EXPECT_EQ(draw(1, 7), draw(1, 7));
  EXPECT_NE(draw(1, 7), draw(1, 8));
  EXPECT_NE(draw(1, 7), draw(2, 7));
}

TEST(Windows, NeedMoreTextThanTheirLength) {
  const std::vector<std::int64_t> tokens = counting(8);
  expect_error([&] { random_windows(tokens, 1, 8, 1, 0); }, "need more text than 8 tokens");
  expect_error([&] { random_windows(tokens, 0, 8, 1, 0); }, "got 0 of 8");
  EXPECT_EQ(ids_of(random_windows(tokens, 1, 7, 1, 0).input)[0], 0);  // the only one
}

TEST(Batches, HoldEachItemOnceAndFewPlaces) {
  Random random(3);
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < 1000; ++i) lengths.push_back(1 + random.below(40));
  const auto batches = bucketed_batches(lengths, 200, 1, 0);
  std::vector<std::int64_t> seen;
  std::int64_t places = 0;
  for (const auto& batch : batches) {
    ASSERT_FALSE(batch.empty());
    std::int64_t most = 0;
    for (const std::int64_t item : batch) most = std::max(most, lengths[item]);
    EXPECT_LE(most * static_cast<std::int64_t>(batch.size()), 200);
    places += most * static_cast<std::int64_t>(batch.size());
    seen.insert(seen.end(), batch.begin(), batch.end());
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, counting(1000));
  // Similar lengths: next to nothing is padding.
  const auto tokens = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  EXPECT_LT(places, 1.05 * static_cast<double>(tokens));
}

TEST(Batches, DependOnSeedAndEpochAlone) {
  std::vector<std::int64_t> lengths(100, 5);
  const auto first = bucketed_batches(lengths, 20, 1, 0);
  EXPECT_EQ(first, bucketed_batches(lengths, 20, 1, 0));
  EXPECT_NE(first, bucketed_batches(lengths, 20, 1, 1));
  EXPECT_NE(first, bucketed_batches(lengths, 20, 2, 0));
  EXPECT_EQ(first.size(), bucketed_batches(lengths, 20, 1, 1).size());
}

TEST(Batches, ItemsBeyondTheirSizeAreErrors) {
  expect_error(
      [] {
        bucketed_batches(std::vector<std::int64_t>{3, 30}, 20, 1, 0);
      },
      "line 2 has 30 tokens, more than the 20 of a batch");
  expect_error([] { bucketed_batches({}, 20, 1, 0); }, "got none");
}

TEST(Pairs, ArePadded) {
  const Tokenizer tokenizer = letters();
  const std::vector<std::string> sources{"ab", "c", ""}, targets{"d", "efg", "h"};
  const std::vector<Sequence> a = encode_lines(sources, tokenizer);
  const std::vector<Sequence> b = encode_lines(targets, tokenizer);
  EXPECT_THAT(pair_lengths(a, b), ElementsAre(3, 4, 2));
  const std::vector<std::int64_t> chosen{1, 0};
  const PairBatch batch = pair_batch(a, b, chosen, pair_frame(tokenizer));
  EXPECT_EQ(batch.source.shape(), (Shape{2, 3}));
  EXPECT_EQ(batch.target.shape(), (Shape{2, 4}));
  EXPECT_THAT(ids_of(batch.source), ElementsAre(7, 2, 0, 5, 6, 2));
  EXPECT_THAT(ids_of(batch.source_lengths), ElementsAre(2, 3));
  EXPECT_THAT(ids_of(batch.input), ElementsAre(1, 9, 10, 11, 1, 8, 0, 0));
  EXPECT_THAT(ids_of(batch.target), ElementsAre(9, 10, 11, 2, 8, 2, -100, -100));
}

TEST(Pairs, MustHaveAsManyLines) {
  const TemporaryFolder folder;
  set_content(folder / "en", "one\ntwo\n");
  set_content(folder / "fr", "un\ndeux\ntrois\n");
  expect_error([&] { read_line_pairs(folder / "en", folder / "fr"); }, "en has 2 lines, but ");
  expect_error([&] { read_line_pairs(folder / "en", folder / "fr"); }, "fr has 3;");
  expect_error([&] { read_line_pairs(folder / "en", folder / "none"); }, "none: cannot open");
  set_content(folder / "fr", "un\ndeux");
  EXPECT_EQ(read_line_pairs(folder / "en", folder / "fr").targets[1], "deux");
  const std::vector<Sequence> one(1), two(2);
  expect_error([&] { pair_lengths(two, one); }, "got 1 and 2");
}

TEST(Pairs, NeedTheSpecialTokens) {
  const Tokenizer tokenizer = learn_characters("ab", {"<pad>"});
  expect_error([&] { pair_frame(tokenizer); }, "expected a special token <s>, it has <pad>");
}

TEST(Masks, HideFifteenPercentAsBert) {
  const Tokenizer tokenizer = letters();
  const std::int64_t mask = tokenizer.special("<mask>");
  const std::vector<Sequence> lines(500, tokenizer.encode(std::string(40, 'a')));
  const MaskedBatch batch = masked_batch(lines, counting(500), tokenizer, 1, 0);
  EXPECT_EQ(batch.input.shape(), (Shape{500, 42}));
  int masked = 0, replaced = 0, kept = 0;
  for (std::int64_t b = 0; b < 500; ++b) {
    int guessed = 0;
    for (std::int64_t t = 0; t < 42; ++t) {
      const std::int64_t input = ids_of(batch.input)[b * 42 + t];
      const std::int64_t target = ids_of(batch.target)[b * 42 + t];
      if (t == 0 || t == 41) {
        EXPECT_EQ(input, tokenizer.special(t == 0 ? "<s>" : "</s>"));
        EXPECT_EQ(target, kIgnoredTarget);
      } else if (target == kIgnoredTarget) {
        EXPECT_EQ(input, 5);
      } else {
        EXPECT_EQ(target, 5);
        ++guessed;
        masked += input == mask;
        kept += input == 5;
        replaced += input > 5;
      }
    }
    EXPECT_EQ(guessed, 6);  // 15 % of 40
  }
  // Of 3000: 2400, 300 less the 1 of 26 that draws an a, 300 and those; four standard deviations.
  EXPECT_EQ(masked + kept + replaced, 3000);
  EXPECT_NEAR(masked, 2400, 4 * std::sqrt(3000 * 0.8 * 0.2));
  EXPECT_NEAR(replaced, 288, 4 * std::sqrt(3000 * 0.1 * 0.9));
  EXPECT_NEAR(kept, 312, 4 * std::sqrt(3000 * 0.1 * 0.9));
}

TEST(Masks, DependOnSeedEpochAndLineAlone) {
  const Tokenizer tokenizer = letters();
  const std::vector<Sequence> lines(4, tokenizer.encode("abcdefghijklmnopqrstuvwxyz"));
  const auto masks = [&](std::vector<std::int64_t> chosen, std::uint64_t seed, std::int64_t epoch) {
    return ids_of(masked_batch(lines, chosen, tokenizer, seed, epoch).input);
  };
  const auto alone = masks({2}, 1, 0);
  const auto together = masks({3, 2}, 1, 0);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + 28));
  EXPECT_NE(alone, masks({3}, 1, 0));
  EXPECT_NE(alone, masks({2}, 1, 1));
  EXPECT_NE(alone, masks({2}, 2, 0));
}

TEST(Masks, ShortLinesHideOneTokenAndEmptyNone) {
  const Tokenizer tokenizer = letters();
  const std::vector<Sequence> lines{tokenizer.encode("a"), {}};
  EXPECT_THAT(line_lengths(lines), ElementsAre(3, 2));
  const MaskedBatch batch = masked_batch(lines, counting(2), tokenizer, 1, 0);
  EXPECT_THAT(ids_of(batch.target), ElementsAre(-100, 5, -100, -100, -100, -100));
  EXPECT_THAT(ids_of(batch.lengths), ElementsAre(3, 2));
  const auto input = ids_of(batch.input);
  EXPECT_THAT((std::vector<std::int64_t>{input.begin() + 3, input.end()}), ElementsAre(1, 2, 0));
}

}  // namespace
}  // namespace clearhead
