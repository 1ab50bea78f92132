// Shards: several `.safetensors` files and their index are one file of tensors.
#include "clearhead/tensor/shards.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// Two shards in a folder, one with a and b, one with c.
class Shards : public ::testing::Test {
 protected:
  void SetUp() override {
    write_safetensors(folder_ / "1.safetensors", {.tensors = {{"a", sample({2, 3}, DType::f32)},
                                                              {"b", sample({4}, DType::bf16)}},
                                                  .metadata = {{"format", "pt"}}});
    write_safetensors(folder_ / "2.safetensors",
                      {.tensors = {{"c", sample({}, DType::f16)}}, .metadata = {{"format", "pt"}}});
  }

  std::string error_with(const std::string& index) {
    set_content(index_, index);
    return error_of([&] { open_shards(index_); });
  }
  void expect_error_with(const std::string& map, const std::string& part) {
    EXPECT_THAT(error_with(R"({"weight_map": {)" + map + "}}"), ::testing::HasSubstr(part));
  }

  TemporaryFolder folder_;
  std::filesystem::path index_ = folder_ / "model.safetensors.index.json";
};

constexpr const char* kWhole =
    R"("a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors")";

TEST_F(Shards, AreOneFile) {
  set_content(index_, R"({"metadata": {"total_size": 34, "of": [1, [2]]}, "weight_map": {)" +
                          std::string(kWhole) + "}}");
  const TensorFile file = open_shards(index_);
  EXPECT_EQ(file.name, index_.string());
  EXPECT_EQ(file.metadata.at("format"), "pt");
  EXPECT_EQ(file.entries.size(), 3u);
  EXPECT_EQ(file.at("b").type, "bf16");
  expect_same(file.read("a"), sample({2, 3}, DType::f32));
  expect_same(file.read("c"), sample({}, DType::f16));
  EXPECT_TRUE(file.read("a").is_read_only());
  EXPECT_EQ(read_tensors(index_).tensors.size(), 3u);
}

TEST_F(Shards, ATensorThatTheIndexDoesNotNameIsReadToo) {
  set_content(index_, R"({"weight_map": {"a": "1.safetensors"}})");
  EXPECT_EQ(open_shards(index_).entries.size(), 2u);
}

TEST_F(Shards, ThatAreMissingAreNamed) {
  const std::string missing = R"("x": "3.safetensors", "y": "4.safetensors")";
  expect_error_with(kWhole + (", " + missing),
                    "model.safetensors.index.json: 2 of its 4 shards do not lie beside it: "
                    "'3.safetensors', '4.safetensors'; put them there");
}

TEST_F(Shards, MustHaveWhatTheIndexSays) {
  expect_error_with(kWhole + std::string(R"(, "d": "2.safetensors")"),
                    "tensor 'd' should be in '2.safetensors', which does not have it");
  expect_error_with(R"("a": "2.safetensors", "b": "1.safetensors")",
                    "tensor 'a' should be in '2.safetensors', which does not have it; it is in "
                    "'1.safetensors'");
}

TEST_F(Shards, MustNotHaveATensorTwice) {
  write_safetensors(folder_ / "2.safetensors",
                    {.tensors = {{"a", Tensor({1})}, {"c", Tensor({1})}}, .metadata = {}});
  expect_error_with(kWhole, "tensor 'a' is in two shards, '1.safetensors' and '2.safetensors'");
  expect_error_with(R"("a": "1.safetensors", "a": "2.safetensors")",
                    "tensor 'a' stands there twice");
}

TEST_F(Shards, MustLieBesideTheIndex) {
  for (const char* place :
       {"../1.safetensors", "/1.safetensors", "sub/1.safetensors", "..", "", "config.json"}) {
    expect_error_with(R"("a": ")" + std::string(place) + "\"",
                      "tensor 'a': expected the name of a .safetensors file that lies beside");
  }
  expect_error_with(R"("a": 1)", "that lies beside the index, got '1'");
  expect_error_with(R"("a": {"b": "1.safetensors"})", "tensor 'a': expected the name");
  expect_error_with(R"("a": ["1.safetensors"])", "weight_map: an array where none belongs");
}

TEST_F(Shards, AnIndexIsWhatItMustBe) {
  for (const char* other :
       {"{}", "[]", "1", R"({"weight_map": 1})", R"({"model_type": "llama"})"}) {
    EXPECT_THAT(error_with(other), ::testing::HasSubstr("expected an index of shards"));
  }
  EXPECT_THAT(error_with("{\"weight_map\""), ::testing::HasSubstr("byte 14: no valid JSON"));
  EXPECT_THAT(error_with(""), ::testing::HasSubstr("no valid JSON"));
  EXPECT_THAT(error_with(R"({"version": 1e999})"), ::testing::HasSubstr("beyond the range of f64"));
  EXPECT_THAT(error_with(std::string(100000, '[')), ::testing::HasSubstr("no valid JSON"));
}

TEST_F(Shards, WhatIsWrongWithAShardIsSaid) {
  set_content(folder_ / "2.safetensors", "nothing");
  expect_error_with(kWhole, "2.safetensors: no .safetensors file");
}

// Sizes of 40 bytes each.
TensorFile five_tensors() {
  NamedTensors named{.tensors = {}, .metadata = {{"format", "pt"}}};
  for (const char* name : {"d", "a", "e", "b", "c"}) {
    named.tensors.emplace_back(name, sample({2, 5}, DType::f32));
  }
  return as_file(named, "five");
}

TEST(WrittenShards, HoldNoMoreThanTheyMay) {
  const TemporaryFolder folder;
  write_shards(folder.path(), five_tensors(), 100);
  const std::vector<std::string> expected = {
      "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
      "model-00003-of-00003.safetensors", "model.safetensors.index.json"};
  EXPECT_EQ(folder.names(), expected);
  const TensorFile read = open_shards(folder / "model.safetensors.index.json");
  EXPECT_EQ(read.entries.size(), 5u);
  EXPECT_EQ(read.metadata.at("format"), "pt");
  for (const TensorFile::Entry& entry : read.entries) {
    expect_same(entry.read(), sample({2, 5}, DType::f32));
  }
  EXPECT_EQ(open_safetensors(folder / "model-00003-of-00003.safetensors").entries.size(), 1u);
  EXPECT_THAT(folder.read("model.safetensors.index.json"),
              ::testing::HasSubstr("\"total_size\": 200"));
}

TEST(WrittenShards, AreOneFileIfOneHoldsThemAll) {
  const TemporaryFolder folder;
  write_shards(folder.path(), five_tensors(), 200);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"model.safetensors"});
}

TEST(WrittenShards, ATensorThatIsTooLargeHasItsOwn) {
  const TemporaryFolder folder;
  write_shards(folder.path(), five_tensors(), 1);
  EXPECT_EQ(folder.names().size(), 6u);
}

// Tensors are read one by one, as they are written.
TEST(WrittenShards, HoldOneTensorInMemory) {
  const TemporaryFolder folder;
  TensorFile file = five_tensors();
  std::weak_ptr<int> alive;  // the tensor that was read before
  for (TensorFile::Entry& entry : file.entries) {
    entry.read = [&alive] {
      EXPECT_TRUE(alive.expired());
      static const std::vector<float> numbers(10);
      const auto owner = std::make_shared<int>();
      alive = owner;
      return Tensor::view_of(numbers.data(), {2, 5}, DType::f32, owner);
    };
  }
  write_shards(folder.path(), file, 100);
}

TEST(WrittenShards, AnEntryThatReadsOtherwiseThanItSaysIsAnError) {
  const TemporaryFolder folder;
  TensorFile file = five_tensors();
  file.entries[1].dtype = DType::bf16;
  EXPECT_THAT(error_of([&] { write_shards(folder.path(), file, 1000); }),
              ::testing::HasSubstr("tensor 'a': reading gives [2, 5] of f32"));
  file.entries[1].dtype = std::nullopt;
  EXPECT_THAT(error_of([&] { write_shards(folder.path(), file, 1000); }),
              ::testing::HasSubstr("five: tensor 'a': cannot write"));
  EXPECT_EQ(folder.names().size(), 0u);
}

}  // namespace
}  // namespace clearhead
