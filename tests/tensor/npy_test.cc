// `.npy`: what is written is read again, files as NumPy writes them are understood, others refused.
#include "clearhead/tensor/npy.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// A file of version `major`.0 with this description and these elements.
std::string npy(const std::string& description, const std::string& elements, char major = 1) {
  std::string file = bytes("\x93NUMPY") + major + '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) {
    file += static_cast<char>(description.size() >> (8 * i) & 0xff);
  }
  return file + description + elements;
}

std::string described(const std::string& descr, const std::string& shape,
                      const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

Tensor parsed_npy(const std::string& file) { return parse_npy(as_bytes(file), "x.npy"); }

using Values = std::vector<double>;

TEST(Npy, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  for (const auto& [name, tensor] : samples(/*with_bf16=*/false).tensors) {
    SCOPED_TRACE(name);
    write_npy(folder / "a.npy", tensor);
    expect_same(read_npy(folder / "a.npy"), tensor);
  }
}

TEST(Npy, WritesTheseBytes) {
  std::ostringstream to;
  write_npy(to, Tensor::of<float>({1, 2}, {1, -2}), "x");
  EXPECT_EQ(to.str(), bytes("\x93NUMPY\x01\0\x76\0"
                            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,2,), }"
                            "                                                          \n"
                            "\0\0\x80\x3f\0\0\0\xc0"));
  EXPECT_EQ(npy_header(Tensor({}, DType::boolean), "x").find("'|b1'"), 20u);
  EXPECT_EQ(npy_header(Tensor({7}, DType::i64), "x").size() % 64, 0u);
}

TEST(Npy, RefusesToWriteWhatNumpyDoesNotHave) {
  const TemporaryFolder folder;
  expect_error([&] { write_npy(folder / "a.npy", Tensor({2}, DType::bf16)); },
               "a.npy: .npy and .npz have no type for bf16");
  expect_error([&] { write_npy(folder / "a.npy", Tensor()); }, "there is no tensor");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.npy"));
}

TEST(Npy, IsAViewOnTheMappedFileWhereItCanBe) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", Tensor::of<float>({2}, {1, 2}));
  const Tensor tensor = read_npy(folder / "a.npy");
  EXPECT_TRUE(tensor.is_read_only());
  std::filesystem::remove(folder / "a.npy");  // the mapping stays
  EXPECT_EQ(numbers_of(tensor), (Values{1, 2}));
  // Elements at an odd place, swapped, or narrower are copies.
  const std::string one = bytes("\x01\0\0\0");
  for (const std::string& file :
       {npy(described("<f4", "(1,)") + " ", one), npy(described(">f4", "(1,)"), one),
        npy(described("<i4", "(1,)"), one)}) {
    set_content(folder / "b.npy", file);
    EXPECT_FALSE(read_npy(folder / "b.npy").is_read_only());
  }
}

TEST(Npy, ReadsEveryType) {
  const struct {
    const char* descr;
    std::string elements;
    DType dtype;
    Values values;
  } kCases[] = {
      {"<f4", bytes("\0\0\x80\x3f\0\0\0\xc0"), DType::f32, {1, -2}},
      {">f4", bytes("\x3f\x80\0\0\xc0\0\0\0"), DType::f32, {1, -2}},
      {"=f4", bytes("\0\0\x80\x3f\0\0\0\xc0"), DType::f32, {1, -2}},
      {"<f8", bytes("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0"), DType::f64, {1, -2}},
      {">f8", bytes("\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0"), DType::f64, {1, -2}},
      {"<f2", bytes("\0\x3c\0\xc0"), DType::f16, {1, -2}},
      {">f2", bytes("\x3c\0\xc0\0"), DType::f16, {1, -2}},
      {"<i8", bytes("\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff"), DType::i64, {1, -2}},
      {">i8", bytes("\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xfe"), DType::i64, {1, -2}},
      {"<u8", bytes("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"), DType::i64, {1, 2}},
      {">u8", bytes("\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02"), DType::i64, {1, 2}},
      {"<i4", bytes("\x01\0\0\0\xfe\xff\xff\xff"), DType::i64, {1, -2}},
      {">i4", bytes("\0\0\0\x01\xff\xff\xff\xfe"), DType::i64, {1, -2}},
      {"<u4", bytes("\x01\0\0\0\xfe\xff\xff\xff"), DType::i64, {1, 4294967294}},
      {"<i2", bytes("\x01\0\xfe\xff"), DType::i64, {1, -2}},
      {">u2", bytes("\0\x01\xff\xfe"), DType::i64, {1, 65534}},
      {"|i1", bytes("\x01\xfe"), DType::i64, {1, -2}},
      {"|u1", bytes("\x01\xfe"), DType::i64, {1, 254}},
      {"|b1", bytes("\x01\0"), DType::boolean, {1, 0}},
      {"?", "", DType::boolean, {}},  // NumPy's short name, which it never writes
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.descr);
    const std::string file = npy(described(c.descr, "(2,)"), c.elements);
    if (c.values.empty()) {
      expect_error([&] { parsed_npy(file); }, "elements of type '?' are not supported");
      continue;
    }
    const Tensor tensor = parsed_npy(file);
    EXPECT_EQ(tensor.dtype(), c.dtype);
    EXPECT_EQ(tensor.shape(), Shape{2});
    EXPECT_EQ(numbers_of(tensor), c.values);
  }
}

TEST(Npy, ReadsFortranOrderAsRowMajor) {
  // [[0, 1, 2], [3, 4, 5]] column by column
  const Tensor tensor =
      parsed_npy(npy(described("|i1", "(2, 3)", "True"), bytes("\0\x03\x01\x04\x02\x05")));
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_TRUE(tensor.is_contiguous());
  EXPECT_EQ(numbers_of(tensor), (Values{0, 1, 2, 3, 4, 5}));
  // A cube: element (i, j, k) = 4i + 2j + k lies at i + 2j + 4k.
  const Tensor cube = parsed_npy(
      npy(described("|i1", "(2, 2, 2)", "True"), bytes("\0\x04\x02\x06\x01\x05\x03\x07")));
  EXPECT_EQ(numbers_of(cube), (Values{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Npy, ReadsEveryVersionAndWayToWriteTheDescription) {
  const std::string two = bytes("\x01\x02");
  for (const char major : {'\x01', '\x02', '\x03'}) {
    EXPECT_EQ(numbers_of(parsed_npy(npy(described("|u1", "(2,)"), two, major))), (Values{1, 2}));
  }
  for (const char* description :
       {"{\"shape\":(2,),'fortran_order':False,'descr':'|u1'}",
        " { 'descr' : '|u1' , 'fortran_order' : True , 'shape' : ( 2 , ) , } \n\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1L, 2L), }",  // Python 2
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,1,1)}"}) {
    EXPECT_EQ(numbers_of(parsed_npy(npy(description, two))), (Values{1, 2})) << description;
  }
  const Tensor scalar = parsed_npy(npy(described("|u1", "()"), bytes("\x07")));
  EXPECT_EQ(scalar.shape(), Shape{});
  EXPECT_EQ(scalar.item(), 7);
  EXPECT_EQ(parsed_npy(npy(described("<f4", "(3, 0)"), "")).shape(), (Shape{3, 0}));
}

TEST(Npy, RefusesMalformedFiles) {
  const std::string good = described("<f4", "(2,)");
  const std::string eight(8, '\0');
  std::string axes = "(";
  for (int i = 0; i < 65; ++i) axes += "1,";
  const struct {
    std::string file;
    const char* message;
  } kCases[] = {
      {"", "x.npy: byte 0: no .npy file"},
      {"PK\x03\x04", "x.npy: byte 0: no .npy file"},
      {"\x93NUM", "byte 4: no .npy file"},
      {"\x93NUMPY\x01", "byte 7: the file ends within its header"},
      {bytes("\x93NUMPY\x02\0\x10\0"), "byte 10: the file ends within its header"},
      {npy(good, eight, 4), "byte 6: version 4.0 of the format; expected 1.0, 2.0 or 3.0"},
      {bytes("\x93NUMPY\0\x01") + eight, "version 0.1"},
      {npy(good, eight).substr(0, 40), "byte 8: a header of 58 bytes, but only 30 bytes follow"},
      {bytes("\x93NUMPY\x02\0\xff\xff\xff\xff") + eight, "a header of 4294967295 bytes, at most"},
      {npy("", ""), "byte 10: expected '{'"},
      {npy("{}", ""), "must have 'descr', 'fortran_order' and 'shape'"},
      {npy("{'descr': '<f4', 'shape': (2,)}", eight), "must have 'descr'"},
      {npy("{'descr': '<f4', 'descr': '<f4'}", ""), "the entry 'descr' stands there twice"},
      {npy("{'desc': '<f4'}", ""), "unknown entry 'desc'"},
      {npy("{'descr' '<f4'}", ""), "byte 19: expected ':'"},
      {npy("{'descr': '<f4' 'shape'", ""), "byte 26: expected '}'"},
      {npy("{'descr': '<f4", ""), "a string without its closing quote"},
      {npy("{descr: '<f4'}", ""), "byte 11: expected a string in quotes"},
      {npy(good + "x", eight), "unexpected text after the description"},
      {npy(described("<u8", "(1,)"), "\xfe" + std::string(7, '\xff')),
       "element 0: 18446744073709551614 is more than an i64 can hold, 2^63 - 1"},
      {npy(described(">u8", "(1,)"), "\x80" + std::string(7, '\0')),
       "element 0: 9223372036854775808 is more than an i64 can hold"},
      {npy(described("<c8", "(1,)"), eight),
       "x.npy: elements of type '<c8' are not supported; the types are f8, f4, f2, i8, i4, i2, i1, "
       "u8, u4, u2, u1, b1; convert the array with astype()"},
      {npy(described("|O", "(1,)"), eight),
       "elements of type '|O' are not supported; they are no numbers"},
      {npy(described("", "(1,)"), eight), "elements of type '' are not supported"},
      {npy("{'descr': [('x', '<f4'), ('a]b', [('y', '<i4', (2,))])], 'fortran_order': False, "
           "'shape': (1,)}",
           ""),
       "x.npy: arrays of records are not supported; save each field as an array of its own"},
      {npy("{'descr': [('x', '<f4')", ""), "a list without its closing bracket"},
      {npy("{'descr': [('x", ""), "a string without its closing quote"},
      {npy(described("<f4", "(2,)", "Maybe"), eight), "expected True or False"},
      {npy(described("<f4", "2"), eight), "expected '('"},
      {npy(described("<f4", "(2 3)"), eight), "expected ')'"},
      {npy(described("<f4", "(-2,)"), eight), "a size must not be negative, got -2"},
      {npy(described("<f4", "(2.0,)"), eight), "expected ')'"},
      {npy(described("<f4", "(x,)"), eight), "expected a size, a whole number"},
      {npy(described("<f4", "(9223372036854775808,)"), eight), "a size that exceeds 2^63 - 1"},
      {npy(described("<f4", "(4294967296, 4294967296)"), ""),
       "x.npy: header: shape [4294967296, 4294967296]: the number of elements exceeds 2^63 - 1"},
      {npy(described("<f4", "(0, 4294967296, 4294967296)"), ""), "exceeds 2^63 - 1"},
      {npy(described("<f4", "(4611686018427387904,)"), ""), "takes more than 2^63 - 1 bytes"},
      {npy(described("<f4", axes + ")"), eight), "a shape of 65 axes, at most 64"},
      {npy(described("<f4", "(1099511627776,)"), ""),
       "shape [1099511627776] of type f4 takes 4398046511104 bytes, but 0 follow"},
      {npy(good, eight.substr(1)), "byte 68: shape [2] of type f4 takes 8 bytes, but 7 follow"},
      {npy(good, eight + "x"), "takes 8 bytes, but 9 follow"},
      {npy(described("|b1", "(3,)"), bytes("\x01\0\x02")),
       "element 2: a bool must be stored as 0 or 1, got 2"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.message);
    expect_error([&] { parsed_npy(c.file); }, c.message);
    expect_error([&] { parsed_npy(c.file); }, "x.npy: ");
  }
}

TEST(Npy, KnowsTheSizeOfAFileFromItsHeader) {
  const std::string file = npy(described("<f8", "(3, 2)"), std::string(48, '\0'));
  const NpyHeader header = parse_npy_header(as_bytes(file.substr(0, file.size() - 48)), "x");
  EXPECT_EQ(npy_file_size(header, "x"), file.size());
}

}  // namespace
}  // namespace clearhead
