// `.safetensors`: what is written is read again, the definition of the format is held to.
#include "clearhead/tensor/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/surroundings.h"
#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// A file with this header and these elements.
std::string safetensors(const std::string& header, const std::string& elements) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + elements;
}

// The header's entry of a tensor of n F32.
std::string entry(const std::string& name, int n, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(n) +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

NamedTensors parse(const std::string& file) {
  return open_safetensors(as_bytes(file), "x.st").read_all();
}

std::string written_safetensors(const NamedTensors& named) {
  std::ostringstream to;
  write_safetensors(to, named, "y.st");
  return to.str();
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  NamedTensors named = samples(/*with_bf16=*/true);
  named.metadata = {{"format", "pt"}, {"ключ", "\"quoted\"\n"}};
  write_safetensors(folder / "a.safetensors", named);
  const NamedTensors read = read_safetensors(folder / "a.safetensors");
  expect_same(read, named);
  for (const auto& [name, tensor] : read.tensors) EXPECT_TRUE(tensor.is_read_only()) << name;
  expect_same(parse(written_safetensors({})), {});
}

TEST(Safetensors, WritesTheseBytes) {
  // Widest types first, then by name; the header padded to a multiple of 8.
  const NamedTensors named{.tensors = {{"b", Tensor::of<bool>({2}, {true, false})},
                                       {"y", Tensor::of<float>({1, 1}, {1})},
                                       {"x", Tensor::of<float>({}, {-2})},
                                       {"h", Tensor::of<double>({1}, {1}).to(DType::f16)}},
                           .metadata = {{"format", "pt"}}};
  const std::string header =
      "{\"__metadata__\":{\"format\":\"pt\"},"
      "\"x\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
      "\"y\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[4,8]},"
      "\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]},"
      "\"b\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[10,12]}}";
  ASSERT_EQ(header.size(), 249u);
  EXPECT_EQ(written_safetensors(named), bytes("\0\x01\0\0\0\0\0\0") + header + "       " +
                                            bytes("\0\0\0\xc0\0\0\x80\x3f\0\x3c\x01\0"));
}

TEST(Safetensors, ReadsEveryType) {
  const struct {
    const char* dtype;
    std::string elements;
    DType becomes;
    double first, second;
  } kCases[] = {
      {"F64", bytes("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0"), DType::f64, 1, -2},
      {"F32", bytes("\0\0\x80\x3f\0\0\0\xc0"), DType::f32, 1, -2},
      {"F16", bytes("\0\x3c\0\xc0"), DType::f16, 1, -2},
      {"BF16", bytes("\x80\x3f\0\xc0"), DType::bf16, 1, -2},
      {"I64", bytes("\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff"), DType::i64, 1, -2},
      {"U64", bytes("\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"), DType::i64, 1,
       9223372036854775807.0},
      {"I32", bytes("\x01\0\0\0\xfe\xff\xff\xff"), DType::i64, 1, -2},
      {"U32", bytes("\x01\0\0\0\xfe\xff\xff\xff"), DType::i64, 1, 4294967294},
      {"I16", bytes("\x01\0\xfe\xff"), DType::i64, 1, -2},
      {"U16", bytes("\x01\0\xfe\xff"), DType::i64, 1, 65534},
      {"I8", bytes("\x01\xfe"), DType::i64, 1, -2},
      {"U8", bytes("\x01\xfe"), DType::i64, 1, 254},
      {"BOOL", bytes("\x01\0"), DType::boolean, 1, 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.dtype);
    const std::string header = "{\"a\":{\"dtype\":\"" + std::string(c.dtype) +
                               "\",\"shape\":[2],\"data_offsets\":[0," +
                               std::to_string(c.elements.size()) + "]}}";
    const NamedTensors named = parse(safetensors(header, c.elements));
    const Tensor& tensor = named.at("a");
    EXPECT_EQ(tensor.dtype(), c.becomes);
    EXPECT_EQ(tensor.at({0}), c.first);
    EXPECT_EQ(tensor.at({1}), c.second);
  }
}

TEST(Safetensors, CopiesOnlyWhatIsMisaligned) {
  const TemporaryFolder folder;
  // Elements begin at byte 128: the f16 there may be viewed, the f32 two bytes on may not.
  std::string header =
      "{\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
      "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}";
  header.resize(120, ' ');
  set_content(folder / "a.safetensors", safetensors(header, bytes("\0\x3c\0\0\0\xc0")));
  const NamedTensors named = read_safetensors(folder / "a.safetensors");
  EXPECT_TRUE(named.at("h").is_read_only());
  EXPECT_FALSE(named.at("x").is_read_only());
  EXPECT_EQ(named.at("h").item(), 1);
  EXPECT_EQ(named.at("x").item(), -2);
}

// What Hugging Face's models hold besides: 8-bit floats, complex numbers, positions as U64 that no
// i64 holds.
TEST(Safetensors, WhatCannotBeReadHindersNothingElse) {
  const auto described = [](const char* name, const char* dtype, const char* shape, int begin,
                            int end) {
    return "\"" + std::string(name) + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  const std::string file = safetensors(
      "{\"__metadata__\":{\"format\":\"pt\"}," + described("w", "F8_E4M3", "[2,2]", 0, 4) + "," +
          described("q", "U8", "[4]", 4, 8) + "," + described("z", "C64", "[1]", 8, 16) + "," +
          described("n", "U64", "[1]", 16, 24) + "," + described("none", "F4", "[0]", 24, 24) + "}",
      bytes("abcd\x01\x02\x03\xff") + std::string(8, 0) + std::string(8, '\xff'));
  const TensorFile opened = open_safetensors(as_bytes(file), "x.st");
  EXPECT_EQ(opened.metadata.at("format"), "pt");
  EXPECT_EQ(opened.read("q").at({3}), 255);
  EXPECT_EQ(opened.find("w")->type, "F8_E4M3");
  EXPECT_EQ(opened.find("w")->shape, (Shape{2, 2}));
  EXPECT_EQ(opened.find("q")->type, "u8");
  EXPECT_EQ(opened.find("n")->type, "u64");
  expect_error([&] { opened.read("w"); },
               "x.st: tensor 'w': elements of type 'F8_E4M3' are not supported; the types are F64, "
               "F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL");
  expect_error([&] { opened.read("z"); }, "x.st: tensor 'z': elements of type 'C64'");
  expect_error([&] { opened.read("n"); }, "x.st: tensor 'n': element 0: 18446744073709551615");
  expect_error([&] { opened.read("none"); }, "x.st: tensor 'none': elements of type 'F4'");
  expect_error([&] { opened.read("Q"); }, "x.st: there is no tensor 'Q' among the 5");
  expect_error([&] { opened.read_all(); }, "x.st: tensor 'w'");
}

TEST(Safetensors, KeepsTheOrderOfTheHeader) {
  const NamedTensors named = parse(
      safetensors("{" + entry("z", 1, 4, 8) + "," + entry("a", 1, 0, 4) + "}", std::string(8, 0)));
  EXPECT_EQ(named.tensors[0].first, "z");
  EXPECT_EQ(named.tensors[1].first, "a");
}

TEST(Safetensors, RefusesMalformedFiles) {
  const std::string eight(8, '\0');
  const std::string nested(200000, '[');
  const auto one = [&](const std::string& body) {
    return safetensors("{\"a\":{" + body + "}}", eight);
  };
  const auto shaped = [&](const std::string& shape) {
    return one("\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,8]");
  };
  const auto offsets = [&](const std::string& pair) {
    return one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + pair);
  };
  const struct {
    std::string file;
    const char* message;
  } kCases[] = {
      {"", "no .safetensors file: it has 0 bytes, at least 10 are needed"},
      {bytes("\x02\0\0\0\0\0\0\0{"), "it has 9 bytes"},
      {bytes("\x03\0\0\0\0\0\0\0{}"), "byte 0: a header of 3 bytes, but only 2 bytes follow"},
      {bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "a header of 18446744073709551615 bytes"},
      {safetensors(" {}", ""), "byte 8: the header must begin with {"},
      {safetensors("[]", ""), "must begin with {"},
      {bytes("\0\0\0\0\0\0\0\0{}"), "must begin with {"},
      {safetensors("{]", ""), "byte 10: the header is no valid JSON: syntax error"},
      {safetensors("{\"a\":", ""), "the header is no valid JSON"},
      {safetensors("{} {}", ""), "the header is no valid JSON"},
      {safetensors("{\"\xff\":1}", ""), "the header is no valid JSON: syntax error"},
      {safetensors("{\"a\":" + nested, ""), "tensor 'a': an array where none belongs"},
      {safetensors("{\"__metadata__\":{\"a\":" + nested, ""), "__metadata__: an array where none"},
      {safetensors("{\"a\":1}", ""), "x.st: tensor 'a': a number where none belongs"},
      {safetensors("{\"a\":\"b\"}", ""), "a string where none belongs: 'b'"},
      {safetensors("{\"a\":null}", ""), "null where none belongs"},
      {safetensors("{\"a\":true}", ""), "true or false where none belongs"},
      {safetensors("{\"a\":{}}", ""), "tensor 'a': must have dtype, shape and data_offsets"},
      {one("\"dtype\":\"F32\",\"shape\":[2]"), "must have dtype, shape and data_offsets"},
      {one("\"dtype\":{}"), "an object where none belongs"},
      {one("\"dtype\":[\"F32\"]"), "an array where none belongs"},
      {one("\"dtype\":32"), "a number where none belongs"},
      {one("\"shape\":\"2\""), "a string where none belongs"},
      {one("\"color\":\"red\""), "unknown entry 'color'; expected dtype, shape and data_offsets"},
      {one("\"shape\":[2],\"shape\":[2]"), "shape stands there twice"},
      {one("\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]"),
       "tensor 'a': elements of type 'C64' are not supported; the types are F64"},
      {one("\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]"),
       "elements of type 'f32' are not supported"},
      {shaped("[-2]"), "shape: a number must not be negative, got -2"},
      {shaped("[2.0]"), "shape: expected a whole number below 2^63, got '2.0'"},
      {shaped("[1e400]"), "the header is no valid JSON"},
      {shaped("[99999999999999999999]"), "expected a whole number below 2^63"},
      {shaped("[9223372036854775808]"), "9223372036854775808 exceeds 2^63 - 1"},
      {shaped("[[2]]"), "an array where none belongs"},
      {shaped("[\"2\"]"), "a string where none belongs"},
      {shaped("[4294967296,4294967296]"), "the number of elements exceeds 2^63 - 1"},
      {shaped("[4611686018427387904]"), "takes more than 2^63 - 1 bytes"},
      {shaped("[3]"),
       "tensor 'a': shape [3] of F32 takes 12 bytes, but data_offsets [0, 8] hold 8"},
      {offsets("[8,0]"), "data_offsets must be [begin, end] with begin <= end, got [8, 0]"},
      {offsets("[0]"), "data_offsets must be [begin, end]"},
      {offsets("[0,8,8]"), "data_offsets must be [begin, end]"},
      {offsets("[]"), "data_offsets must be [begin, end]"},
      {offsets("[8,16]"), "data_offsets [8, 16] go beyond the 8 bytes that follow the header"},
      {offsets("[-8,0]"), "data_offsets: a number must not be negative"},
      {safetensors("{" + entry("a", 2, 0, 8) + "}", eight + "x"),
       "x.st: 1 bytes at the end belong to no tensor"},
      {safetensors("{" + entry("a", 2, 0, 8) + "}", ""), "go beyond the 0 bytes"},
      {safetensors("{" + entry("a", 2, 0, 8) + "," + entry("b", 1, 4, 8) + "}", eight),
       "tensor 'b': data_offsets [4, 8] overlap those of another tensor"},
      {safetensors("{" + entry("a", 1, 0, 4) + "," + entry("b", 1, 0, 4) + "}", eight), "overlap"},
      {safetensors("{" + entry("a", 1, 4, 8) + "}", eight),
       "tensor 'a': data_offsets [4, 8] leave a hole: the bytes before end at 0"},
      {safetensors("{" + entry("a", 1, 0, 4) + "," + entry("a", 1, 4, 8) + "}", eight),
       "tensor 'a': stands there twice"},
      {safetensors("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", ""), "the key 'a' stands twice"},
      {safetensors("{\"__metadata__\":{},\"__metadata__\":{}}", ""), "__metadata__: stands there"},
      {safetensors("{\"__metadata__\":{\"a\":1}}", ""),
       "__metadata__: a number where none belongs"},
      {safetensors("{\"__metadata__\":{\"a\":{}}}", ""), "an object where none belongs"},
      {safetensors("{\"a\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}",
                   bytes("\x01\xff")),
       "x.st: tensor 'a': element 1: a bool must be stored as 0 or 1, got 255"},
      {safetensors("{\"a\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                   bytes("\xfe\xff\xff\xff\xff\xff\xff\xff")),
       "x.st: tensor 'a': element 0: 18446744073709551614 is more than an i64 can hold, 2^63 - 1"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.message);
    expect_error([&] { parse(c.file); }, c.message);
    expect_error([&] { parse(c.file); }, "x.st: ");
  }
}

TEST(Safetensors, RefusesToWriteWhatTheFormatCannotHold) {
  const Tensor tensor({1});
  expect_error(
      [&] {
        written_safetensors({.tensors = {{"a", tensor}, {"a", tensor}}, .metadata = {}});
      },
      "y.st: two tensors are called 'a'");
  expect_error(
      [&] {
        written_safetensors({.tensors = {{"__metadata__", tensor}}, .metadata = {}});
      },
      "cannot be called __metadata__");
  expect_error(
      [&] {
        written_safetensors({.tensors = {{"\xff", tensor}}, .metadata = {}});
      },
      "must be UTF-8");
  expect_error(
      [&] {
        written_safetensors({.tensors = {}, .metadata = {{"k", "\xff"}}});
      },
      "must be UTF-8");
  expect_error(
      [&] {
        written_safetensors({.tensors = {{"a", Tensor()}}, .metadata = {}});
      },
      "y.st: tensor 'a': there is no tensor to write");
}

// Files that the reference implementation wrote.
TEST(Safetensors, ReadsFilesOfTheReferenceImplementation) {
  const char* shared = std::getenv("CLEARHEAD_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : CLEARHEAD_SHARED_DEFAULT) / "conformance";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  int files = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.path().extension() != ".safetensors") continue;
    SCOPED_TRACE(item.path());
    const NamedTensors named = read_safetensors(item.path());
    EXPECT_FALSE(named.tensors.empty());
    expect_same(parse(written_safetensors(named)), named);
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(NamedTensors, SaysWhichNamesAreLikeTheOneThatIsMissing) {
  NamedTensors named;
  expect_error([&] { named.at("q"); }, "there is no tensor 'q': there are none at all");
  for (const char* name : {"k", "attn.hook_q", "attn.hook_k", "embed", "ln1.w", "ln2.w", "head"}) {
    named.tensors.emplace_back(name, Tensor({1}));
  }
  EXPECT_EQ(named.find("attn.hookq"), nullptr);
  EXPECT_EQ(named.find("embed"), &named.tensors[3].second);
  expect_error([&] { named.at("attn.hookq"); },
               "there is no tensor 'attn.hookq' among the 7; those most like it: 'attn.hook_q', "
               "'attn.hook_k'");
}

}  // namespace
}  // namespace clearhead
