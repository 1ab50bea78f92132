// `.gguf`: every type and setting as the format's own library reads it, and malformed files.
#include "clearhead/tensor/gguf.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/gguf_bytes.h"
#include "tests/surroundings.h"
#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using namespace gguf_bytes;
using ::testing::ElementsAre;

// The file that tools/gguf-golden wrote, and what the library reads in it.
const std::filesystem::path kTypes =
    std::filesystem::path(CLEARHEAD_SOURCE_DIR) / "tests/tensor/data/types.gguf";

TEST(Gguf, ReadsEveryTypeAsTheLibraryOfTheFormatDoes) {
  const GgufFile file = open_gguf(kTypes);
  const NamedTensors expected = read_tensors(kTypes.parent_path() / "types.npz");
  ASSERT_EQ(file.tensors.entries.size(), expected.tensors.size());
  for (const TensorFile::Entry& entry : file.tensors.entries) {
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(entry.type, in_small_letters(entry.name));
    const Tensor tensor = entry.read();
    EXPECT_EQ(tensor.dtype(), entry.dtype);
    EXPECT_EQ(tensor.shape(), entry.shape);
    expect_same(tensor.to(DType::f32), expected.at(entry.name));
  }
  EXPECT_EQ(file.tensors.read("Q4_K").dtype(), DType::f32);
  EXPECT_EQ(file.tensors.read("BF16").dtype(), DType::bf16);
  EXPECT_EQ(file.tensors.read("I16").dtype(), DType::i64);
  expect_same(read_tensors(kTypes).at("Q6_K"), expected.at("Q6_K"));
}

TEST(Gguf, PlainTypesAreViewsOfTheFile) {
  Tensor x;
  {
    const GgufFile file = open_gguf(kTypes);
    for (const char* name : {"F32", "F16", "F64", "BF16", "I64"}) {
      EXPECT_TRUE(file.tensors.read(name).is_read_only()) << name;
    }
    x = file.tensors.read("F32");
    EXPECT_EQ(file.tensors.read("F32").address(), x.address());
  }
  expect_same(x, read_tensors(kTypes.parent_path() / "types.npz").at("F32"));  // still mapped
}

TEST(Gguf, ReadsEverySetting) {
  const GgufFile file = open_gguf(kTypes);
  EXPECT_EQ(file.at("u8").integer(), 200);
  EXPECT_EQ(file.at("i8").integer(), -100);
  EXPECT_EQ(file.at("u16").integer(), 60000);
  EXPECT_EQ(file.at("i16").integer(), -30000);
  EXPECT_EQ(file.at("u32").integer(), 4000000000);
  EXPECT_EQ(file.at("i32").integer(), -2000000000);
  EXPECT_EQ(file.at("u64").integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(file.at("i64").integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(file.at("f32").number(), 0.5);
  EXPECT_EQ(file.at("f64").number(), 1e-300);
  EXPECT_EQ(file.at("u8").number(), 200);
  EXPECT_TRUE(file.at("yes").boolean());
  EXPECT_FALSE(file.at("no").boolean());
  EXPECT_EQ(file.at("text").text(), "Grüße");
  EXPECT_EQ(file.at("empty").text(), "");
  EXPECT_THAT(file.at("texts").texts(), ElementsAre("a", "", "ĠĊ"));
  EXPECT_THAT(file.at("integers").integers(), ElementsAre(1, -2, 3));
  EXPECT_THAT(file.at("integers").numbers(), ElementsAre(1, -2, 3));
  EXPECT_THAT(file.at("numbers").numbers(), ElementsAre(0.5, -1.5));
  EXPECT_TRUE(file.at("nested").is_array());
  EXPECT_EQ(file.find("none"), nullptr);
  expect_error([&] { file.at("test"); }, "there is no setting 'test'; those most like it: text");
}

TEST(Gguf, ASettingOfAnotherTypeIsAnError) {
  const GgufFile file = open_gguf(kTypes);
  expect_error([&] { file.at("text").integer(); }, "'text': expected a whole number, got text");
  expect_error([&] { file.at("f32").integer(); }, "'f32': expected a whole number, got f32");
  expect_error([&] { file.at("yes").number(); }, "'yes': expected a number, got bool");
  expect_error([&] { file.at("u8").boolean(); }, "'u8': expected a truth value, got u8");
  expect_error([&] { file.at("u8").text(); }, "'u8': expected a text, got u8");
  expect_error([&] { file.at("u8").numbers(); }, "'u8': expected an array of numbers, got u8");
  expect_error([&] { file.at("integers").integer(); },
               "'integers': expected a whole number, got an array of 3 i32");
  expect_error([&] { file.at("numbers").integers(); },
               "expected an array of whole numbers, got an array of 2 f32");
  expect_error([&] { file.at("nested").texts(); },
               "expected an array of texts, got an array of 2 array");
  const GgufFile large = parse(gguf({setting("n", kU64, raw(~std::uint64_t{0}))}, {}));
  expect_error([&] { large.at("n").integer(); }, "x.gguf: 'n': a number is more than an i64");
}

TEST(Gguf, AxesAreReversed) {
  const GgufFile file =
      parse(gguf({}, {tensor("x", {3, 2}, kTensorF32, 0)},
                 raw(1.f) + raw(2.f) + raw(3.f) + raw(4.f) + raw(5.f) + raw(6.f)));
  EXPECT_EQ(file.tensors.entries[0].shape, (Shape{2, 3}));
  EXPECT_EQ(file.tensors.read("x").at({1, 0}), 4);
}

TEST(Gguf, AlignmentMayBeAnother) {
  const std::vector<std::string> settings = {setting("general.alignment", kU32, raw(64u))};
  const std::string data = raw(1.f) + std::string(60, 0) + raw(2.f);
  const auto with = [&](std::uint64_t begin) {
    return gguf(settings, {tensor("a", {1}, kTensorF32, 0), tensor("b", {1}, kTensorF32, begin)},
                data, 64);
  };
  EXPECT_EQ(parse(with(64)).tensors.read("b").item(), 2);
  expect_error([&] { parse(with(32)); }, "tensor 'b': its numbers are to begin at byte 32");
}

TEST(Gguf, WhatCannotBeReadHindersNothingElse) {
  const GgufFile file = parse(gguf({},
                                   {tensor("x", {1}, kTensorF32, 0),
                                    tensor("q", {256}, kTensorQ2_K, 32), tensor("y", {9}, 99, 64)},
                                   raw(1.f) + std::string(100, 0)));
  EXPECT_EQ(file.tensors.read("x").item(), 1);
  EXPECT_EQ(file.tensors.entries[1].type, "q2_k");
  EXPECT_FALSE(file.tensors.entries[1].dtype.has_value());
  expect_error(
      [&] { file.tensors.read("q"); },
      "x.gguf: tensor 'q': numbers of q2_k are not supported; the types are f32, f16, q4_0");
  expect_error([&] { file.tensors.read("y"); }, "numbers of type 99 are not supported");
}

TEST(Gguf, Version2IsRead) {
  std::string file = gguf({}, {tensor("x", {1}, kTensorF32, 0)}, raw(7.f));
  file[4] = 2;
  EXPECT_EQ(parse(file).tensors.read("x").item(), 7);
}

TEST(Gguf, RefusesMalformedFiles) {
  const std::uint64_t huge = ~std::uint64_t{0};
  const std::string start = "GGUF" + raw<std::uint32_t>(3);
  const auto with = [](const std::string& one) { return gguf({one}, {}); };
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += array(kArray, 1, "");
  const struct {
    std::string file;
    const char* message;
  } kCases[] = {
      {"", "x.gguf: no .gguf file"},
      {"GGML" + std::string(40, 0), "no .gguf file"},
      {"GGUF", "byte 4: the version of 4 bytes, but only 0 follow; truncated"},
      {"GGUF" + raw<std::uint32_t>(1), "expected version 2 or 3, got 1"},
      {"GGUF" + raw<std::uint32_t>(3 << 24), "got a big-endian file"},
      {start + raw(huge) + raw(huge), "byte 24: the name of a setting of 8 bytes, but only 0"},
      {start + raw(huge) + raw<std::uint64_t>(0), "the name of a tensor of 8 bytes, but only 0"},
      {with(raw(huge)), "byte 32: the name of a setting of 18446744073709551615 bytes"},
      {with(setting("a", 13, "")), "x.gguf: 'a': there is no type 13 of settings"},
      {with(setting("a", kText, raw(huge))), "a text of 18446744073709551615 bytes"},
      {with(setting("a", kArray, array(kU64, huge, ""))), "an array of 18446744073709551615 bytes"},
      {with(setting("a", kArray, array(kU64, huge / 8 + 2, ""))),
       "an array of 2305843009213693953"},
      {with(setting("a", kArray, array(kU64, 9, raw(huge)))), "a value of 72 bytes, but only"},
      {with(setting("a", kArray, array(kText, huge, text("a")))), "follow; truncated"},
      {with(setting("a", kArray, array(kArray, huge, ""))), "follow; truncated"},
      {with(setting("a", kArray, array(99, 1, ""))), "there is no type 99"},
      {with(setting("a", kArray, nested)), "'a': arrays are nested too deeply"},
      {gguf({setting("a", kBool, "\1"), setting("a", kBool, "\1")}, {}), "'a' stands there twice"},
      {with(setting("general.alignment", kU32, raw(0u))), "expected a power of two, got 0"},
      {with(setting("general.alignment", kU32, raw(24u))), "expected a power of two, got 24"},
      {with(setting("general.alignment", kU64, raw(std::uint64_t{1} << 40))), "a power of two"},
      {with(setting("general.alignment", kU8, text(""))), "expected a power of two, got 0"},
      {gguf({}, {tensor("t", {1, 1, 1, 1, 1}, kTensorF32, 0)}), "tensor 't': a shape of 5 axes"},
      {gguf({}, {tensor("t", {huge}, kTensorF32, 0)}), "an axis of 18446744073709551615 numbers"},
      {gguf({}, {tensor("t", {1u << 31, 1u << 31, 4}, kTensorF32, 0)}), "tensor 't': "},
      {gguf({}, {tensor("t", {1u << 31, 1u << 31}, kTensorQ4_0, 0)}), "tensor 't': "},
      {gguf({}, {tensor("t", {33}, kTensorQ4_0, 0)}, std::string(99, 0)),
       "tensor 't': Q4_0 is made of blocks of 32 numbers, and the last axis of [33] cannot"},
      {gguf({}, {tensor("t", {}, kTensorQ4_0, 0)}, std::string(99, 0)),
       "the last axis of [] cannot"},
      {gguf({}, {tensor("t", {1}, kTensorF32, 0)}, "abc"),
       "its 4 bytes are to begin at byte 0 of the "},
      {gguf({}, {tensor("t", {1}, kTensorF32, huge - 31)}, "abcd"), "has 4; truncated"},
      {gguf({}, {tensor("t", {1}, kTensorF32, 4)}, std::string(8, 0)), "is no multiple of 32"},
      {gguf({}, {tensor("t", {1}, kTensorF32, 0), tensor("t", {1}, kTensorF32, 32)},
            std::string(64, 0)),
       "tensor 't' stands there twice"},
      {gguf({}, {tensor("t", {9}, kTensorF32, 0), tensor("s", {1}, kTensorF32, 32)},
            std::string(64, 0)),
       "tensor 's' overlaps another"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.message);
    expect_error([&] { parse(c.file); }, c.message);
  }
}

// Wherever a file is cut, but for the last bytes, which only fill up.
TEST(Gguf, RefusesWhatIsCutOff) {
  const std::string whole = content(kTypes);
  for (std::size_t size = 0; size + 32 < whole.size(); size += 7) {
    const std::string cut = whole.substr(0, size);
    EXPECT_NE(error_of([&] { parse(cut); }), "(no error)") << size;
  }
}

}  // namespace
}  // namespace clearhead
