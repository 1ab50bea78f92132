// clearhead map: what it shows and writes of files, windows that are the pattern itself, and wrong
// use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "clearhead/lens/attention_map.h"
#include "clearhead/tensor/io.h"
#include "clearhead/tensor/npy.h"
#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor normal(const Shape& shape, std::uint64_t stream) {
  return random_tensor(shape, stream, DType::f32);
}

// A folder with q.npy [3000, 16] and k.npy [3000, 16].
class MapCommand : public testing::Test {
 protected:
  MapCommand() {
    write_npy(folder_ / "q.npy", q_);
    write_npy(folder_ / "k.npy", k_);
  }

  ProgramResult map(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"map", "--q", "q.npy", "--k", "k.npy", "--causal"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program("clearhead", arguments, folder_.path());
  }

  const TemporaryFolder folder_;
  const Tensor q_ = normal({3000, 16}, 1);
  const Tensor k_ = normal({3000, 16}, 2);
};

TEST_F(MapCommand, ShowsAnOverview) {
  const ProgramResult result = map({"--rows", "2999,0", "--strongest", "2"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("attention of 3,000 queries to 3,000 keys: 16 dims, causal; "
                              "cells of 2 × 2"),
                    HasSubstr("attention map"),
                    HasSubstr("entropy of rows, in nats: "
                              "least 0.000 (query 0)"),
                    HasSubstr("0 (1)"), HasSubstr("weight received")));
  const std::vector<KeyWeight> keys =
      strongest_keys(q_, k_, 2999, 2, {.rule = {.is_causal = true}});
  EXPECT_THAT(result.out, HasSubstr(std::to_string(keys[0].key) + " ("));
  EXPECT_THAT(result.out, HasSubstr(", " + std::to_string(keys[1].key) + " ("));
}

TEST_F(MapCommand, SavesEveryLevelAndMass) {
  const ProgramResult result =
      map({"--cell", "1000", "--key-mass", "--save", "map.safetensors", "--out", "map.png"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(folder_.names(), ElementsAre("k.npy", "map.png", "map.safetensors", "q.npy"));
  const NamedTensors saved = read_tensors(folder_ / "map.safetensors");
  std::vector<std::string> names;
  for (const auto& [name, tensor] : saved.tensors) names.push_back(name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("row_max", "row_sum", "row_entropy", "cell_mass",
                                                   "key_mass", "max.1000", "mean.1000", "max.2000",
                                                   "mean.2000", "max.4000", "mean.4000"));
  double all = 0;
  for (std::int64_t s = 0; s < 3000; ++s) all += saved.at("key_mass").at({s});
  EXPECT_NEAR(all, 3000, 0.05);                   // each query has a weight of 1 to give
  EXPECT_EQ(saved.at("max.1000").at({0, 0}), 1);  // the first query sees itself only
  EXPECT_EQ(saved.at("max.1000").at({0, 1}), 0);  // no query there sees a key
  EXPECT_EQ(saved.at("mean.1000").at({0, 1}), 0);
  EXPECT_NEAR(saved.at("mean.4000").at({0, 0}), 3000 / (3000 * 3001 / 2.0), 1e-8);
}

TEST_F(MapCommand, AWindowIsThePattern) {
  const ProgramResult result =
      map({"--window", "2000:2003,1999:2002", "--save", "window.npy", "--out", "window.svg"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("2000 to 2002 and keys 1999 to 2001"));
  const Tensor window = read_npy(folder_ / "window.npy");
  const Tensor expected =
      attention_window(q_, k_, {2000, 2003, 1999, 2002}, {.rule = {.is_causal = true}});
  ASSERT_EQ(window.shape(), (Shape{3, 3}));
  for (std::int64_t i = 0; i < 9; ++i) {
    const float weight = expected.data<float>()[i];
    EXPECT_EQ(window.data<float>()[i], weight == -INFINITY ? 0 : weight);
  }
}

TEST_F(MapCommand, MaskedWeightsAreSavedAsZeroAndRowsSumToOne) {
  for (const char* name : {"w.npy", "w.npz", "w.safetensors"}) {
    const ProgramResult result =
        map({"--window", "0:6,0:6", "--left-window-size", "3", "--save", name});
    EXPECT_EQ(result.status, 0) << result.error;
    const Tensor weights = read_tensors(folder_ / name).tensors[0].second;
    for (std::int64_t t = 0; t < 6; ++t) {
      double sum = 0;
      for (std::int64_t s = 0; s < 6; ++s) {
        const bool is_seen = s <= t && s >= t - 3;
        EXPECT_EQ(weights.at({t, s}) > 0, is_seen);
        sum += weights.at({t, s});
      }
      EXPECT_NEAR(sum, 1, 1e-6);
    }
  }
}

// With more queries than keys, and a window that reaches none of them.
TEST_F(MapCommand, QueriesThatSeeNoKeyHaveNoEntropy) {
  write_npy(folder_ / "k.npy", normal({4, 16}, 2));
  const ProgramResult result = map({"--left-window-size", "1", "--rows", "2999,2"});
  EXPECT_EQ(result.status, 0) << result.error;
  // Queries 0 and 4 see one key, 1 to 3 two, all others none.
  EXPECT_THAT(result.out, HasSubstr("least 0.000 (query 0)"));
  EXPECT_THAT(result.out, testing::Not(HasSubstr("median 0.000")));
  EXPECT_THAT(result.out, HasSubstr("2,995 rows see no key"));
  EXPECT_THAT(result.out, testing::ContainsRegex("2999 +– +none"));
}

TEST_F(MapCommand, TakesOneHeadOfSeveral) {
  NamedTensors named;
  const Tensor q = normal({50, 4, 8}, 3), k = normal({50, 2, 8}, 4);
  named.tensors = {{"attn.hook_q", q}, {"attn.hook_k", k}};
  write_tensors(folder_ / "hooks.safetensors", named);
  const ProgramResult result =
      run_program("clearhead",
                  {"map", "--from", "hooks.safetensors", "--q", "attn.hook_q", "--k", "attn.hook_k",
                   "--head", "3", "--window", "0:50,0:50", "--save", "w.npy"},
                  folder_.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("head 3 of 4"));
  EXPECT_THAT(result.out, HasSubstr("note: attn.hook_q is named like"));
  const auto head = [](const Tensor& x, std::int64_t h) {
    return x.slice(1, h, h + 1).reshape({50, 8});
  };
  const Tensor expected = attention_window(head(q, 3), head(k, 1), {0, 50, 0, 50});
  EXPECT_EQ(read_npy(folder_ / "w.npy").at({17, 23}), expected.at({17, 23}));
}

TEST_F(MapCommand, WrongUseIsSaid) {
  struct Wrong {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  };
  const std::vector<Wrong> all = {
      {{"map"}, 2, "give --q FILE --k FILE"},
      {{"map", "--q", "q.npy"}, 2, "--k must be given too: --q does not go without"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--window", "1:2"}, 2, "BEGIN:END,BEGIN:END"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--window", "0:2,0:2", "--cell", "4"},
       2,
       "are for a map"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--out", "map.jpg"}, 2, "map.jpg"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--save", "map.npy"}, 2, ".safetensors or .npz"},
      {{"map", "--q", "q.npy", "--k", "no.npy"}, 1, "no.npy"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--head", "1"},
       2,
       "--head 1: there is 1 head, counted from 0"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--window", "0:3001,0:2"},
       2,
       "--window: expected some of queries 0:3000 and keys 0:3000, got \"0:3001,0:2\""},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--window", "5:5,0:2"},
       2,
       "--window: expected some"},
      {{"map", "--q", "long.npy", "--k", "long.npy", "--window", "0:17000,0:17000"},
       2,
       "--window: expected at most 268,435,456 pairs"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--rows", "3000"}, 2, "queries 0 to 2999"},
      {{"map", "--q", "q.npy", "--k", "k.npy", "--out", "nowhere/map.png"}, 1, "no folder nowhere"},
  };
  write_npy(folder_ / "long.npy", Tensor({17000, 1}));
  for (const Wrong& wrong : all) {
    const ProgramResult result = run_program("clearhead", wrong.arguments, folder_.path());
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_THAT(result.error, HasSubstr(wrong.says));
    EXPECT_EQ(result.out, "");
  }
  EXPECT_THAT(folder_.names(), ElementsAre("k.npy", "long.npy", "q.npy"));  // nothing half-written
}

}  // namespace
}  // namespace clearhead
