// `.npz`: what is written is read again; archives that lie, overlap or blow up are refused.
#include "clearhead/tensor/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/npy.h"
#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

std::uint32_t crc32(const std::string& text) {
  std::uint32_t crc = 0xffffffffu;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::string little(std::uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i, value >>= 8) text += static_cast<char>(value & 0xff);
  return text;
}

// An entry of an archive, with every field that can lie.
struct Entry {
  std::string name;
  std::string stored;      // bytes as they lie in the archive
  std::string content;     // what they unpack to
  unsigned method = 0;     // 0 stored, 8 deflated
  unsigned flags = 0;      // bit 0: encrypted
  std::uint64_t size = 0;  // claimed; of content
  std::uint32_t crc = 0;
};

Entry stored(const std::string& name, const std::string& content) {
  return {name, content, content, 0, 0, content.size(), crc32(content)};
}

// Deflate allows blocks that are not compressed.
Entry deflated(const std::string& name, const std::string& content) {
  Entry entry = stored(name, content);
  entry.method = 8;
  entry.stored = '\x01' + little(content.size(), 2) + little(~content.size(), 2) + content;
  return entry;
}

std::string fields(const Entry& entry) {
  return little(20, 2) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 2) +
         little(0x21, 2) + little(entry.crc, 4) + little(entry.stored.size(), 4) +
         little(entry.size, 4) + little(entry.name.size(), 2) + little(0, 2);
}

std::string archive(const std::vector<Entry>& entries) {
  std::string file, directory;
  for (const Entry& entry : entries) {
    const std::size_t offset = file.size();
    file += "PK\x03\x04" + fields(entry) + entry.name + entry.stored;
    directory += "PK\x01\x02" + little(20, 2) + fields(entry) + little(0, 2) + little(0, 2) +
                 little(0, 2) + little(0, 4) + little(offset, 4) + entry.name;
  }
  return file + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) +
         little(entries.size(), 2) + little(directory.size(), 4) + little(file.size(), 4) +
         little(0, 2);
}

std::string npy(const Tensor& tensor) {
  std::ostringstream to;
  write_npy(to, tensor, "npy");
  return to.str();
}

NamedTensors parsed_npz(const std::string& file) {
  return open_npz(as_bytes(file), "x.npz").read_all();
}

std::string written_npz(const NamedTensors& named) {
  std::ostringstream to;
  write_npz(to, named, "y.npz");
  return to.str();
}

TEST(Npz, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const NamedTensors named = samples(/*with_bf16=*/false);
  write_npz(folder / "a.npz", named);
  const NamedTensors read = open_npz(folder / "a.npz").read_all();
  expect_same(read, named);
  for (std::size_t i = 0; i < named.tensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].first, named.tensors[i].first);  // in their order
  }
  EXPECT_EQ(written_npz(named), content(folder / "a.npz"));  // the same bytes each time
  expect_same(parsed_npz(written_npz({})), {});
  const NamedTensors folders{.tensors = {{"läyer/0/ß", Tensor({1})}, {"", Tensor({2})}},
                             .metadata = {}};
  expect_same(parsed_npz(written_npz(folders)), folders);
}

TEST(Npz, ReadsStoredAndDeflatedEntries) {
  const Tensor q = sample({3, 4}, DType::f32);
  const Tensor k = sample({5}, DType::i64);
  const std::string file = archive({stored("q.npy", npy(q)), deflated("k.npy", npy(k))});
  expect_same(parsed_npz(file), {.tensors = {{"q", q}, {"k", k}}, .metadata = {}});
}

// 256 KiB of zeros take 280 bytes: more than the first piece that is unpacked, at nearly the
// greatest ratio that deflate has.
TEST(Npz, ReadsWhatIsHighlyCompressed) {
  const Tensor zeros({256, 256});
  const std::string all = npy(zeros);
  // Deflate by hand (RFC 1951): the first 128 bytes as a block of their own, then the rest, zeros,
  // with fixed codes: a literal 0 (8 bits, 00110000), then matches of 258 bytes (11000101) at
  // distance 1 (00000), and the end (0000000). Huffman codes are written most significant bit
  // first, into bytes from the least significant bit on.
  std::vector<bool> bits;
  const auto put = [&](const char* code) {
    for (; *code != '\0'; ++code) bits.push_back(*code == '1');
  };
  put("110");  // the last block, fixed codes
  put("00110000");
  const std::size_t zeros_left = all.size() - 128 - 1;
  for (std::size_t i = 0; i < zeros_left / 258; ++i) put("1100010100000");
  for (std::size_t i = 0; i < zeros_left % 258; ++i) put("00110000");
  put("0000000");
  std::string packed = bytes("\0\x80\0\x7f\xff") + all.substr(0, 128);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (i % 8 == 0) packed += '\0';
    if (bits[i]) packed.back() = static_cast<char>(packed.back() | 1 << (i % 8));
  }
  ASSERT_LT(packed.size(), 2500u);
  const Entry entry{"z.npy", packed, all, 8, 0, all.size(), crc32(all)};
  expect_same(parsed_npz(archive({entry})), {.tensors = {{"z", zeros}}, .metadata = {}});
}

// Strings and objects of NumPy, folders, notes, what macOS adds, entries that are no arrays,
// damaged or encrypted.
TEST(Npz, WhatCannotBeReadHindersNothingElse) {
  const Tensor q = sample({3, 4}, DType::f32);
  const auto described = [](const std::string& type) {
    std::string file = npy(Tensor({2}, DType::f64));
    file.replace(file.find("'<f8'"), 5, type);
    file.insert(file.find(" \n"), 10, ' ');  // the header stays as long as it was
    return file.erase(file.find("   "), 5 + type.size());
  };
  Entry damaged = stored("damaged.npy", npy(q));
  damaged.crc ^= 1;
  Entry encrypted = stored("encrypted.npy", npy(q));
  encrypted.flags = 1;
  const std::string file = archive({
      stored("arrays/", ""),
      stored("readme.txt", "hello"),
      stored("__MACOSX/._q.npy", "\x05\x16\x07"),
      stored("arrays/._q.npy", "\x05\x16\x07"),
      stored("tokens.npy", described("'<U2'")),
      stored("object.npy", described("'|O'")),
      stored("records.npy", described("[('x', '<f4')]")),
      stored("empty.npy", ""),
      damaged,
      encrypted,
      deflated("q.npy", npy(q)),
      stored("arrays/K.NPY", npy(q)),
  });
  const TensorFile opened = open_npz(as_bytes(file), "x.npz");
  std::vector<std::string> names, types;
  for (const TensorFile::Entry& entry : opened.entries) {
    names.push_back(entry.name);
    types.push_back(entry.type);
  }
  EXPECT_THAT(names, testing::ElementsAre("tokens", "object", "records", "empty", "damaged",
                                          "encrypted", "q", "arrays/K"));
  EXPECT_THAT(types,
              testing::ElementsAre("<U2", "|O", "[('x', '<f4')]", "", "f32", "", "f32", "f32"));
  EXPECT_EQ(opened.find("q")->shape, (Shape{3, 4}));
  expect_same(opened.read("q"), q);
  expect_same(opened.read("arrays/K"), q);
  const std::pair<const char*, const char*> kFaults[] = {
      {"tokens", "x.npz: entry 'tokens.npy': elements of type '<U2' are not supported"},
      {"object", "x.npz: entry 'object.npy': elements of type '|O' are not supported"},
      {"records", "x.npz: entry 'records.npy': arrays of records are not supported"},
      {"empty", "x.npz: entry 'empty.npy': byte 0: no .npy file"},
      {"damaged", "x.npz: entry 'damaged.npy': CRC error"},
      {"encrypted", "x.npz: entry 'encrypted.npy': is encrypted"},
      {"readme.txt", "x.npz: there is no tensor 'readme.txt' among the 8"},
  };
  for (const auto& [name, message] : kFaults) {
    expect_error([&, name = name] { opened.read(name); }, message);
  }
}

// The archive stays open with what was taken of it.
TEST(Npz, IsReadAfterItWasOpened) {
  const TemporaryFolder folder;
  const Tensor q = sample({3, 4}, DType::f32);
  write_npz(folder / "a.npz", {.tensors = {{"q", q}}, .metadata = {}});
  std::function<Tensor()> read = open_npz(folder / "a.npz").entries.at(0).read;
  std::filesystem::remove(folder / "a.npz");
  const Tensor tensor = read();
  read = nullptr;
  expect_same(tensor, q);
}

TEST(Npz, RefusesMalformedArchives) {
  const std::string array = npy(sample({3}, DType::f32));
  const Entry good = stored("q.npy", array);
  const std::string sound = archive({good});
  const auto changed = [](Entry entry, const auto& change) {
    change(entry);
    return archive({entry});
  };
  // Two entries of the directory for one entry of the file.
  std::string twice = archive({good, stored("k.npy", array)});
  const std::size_t second = twice.rfind("PK\x01\x02");
  twice.replace(second + 42, 4, little(0, 4));
  const std::string claims_much = npy_header(Tensor({1 << 20}), "h") + "1234";
  const struct {
    std::string file;
    const char* message;
  } kCases[] = {
      {"", "x.npz: no sound .npz (zip) archive"},
      {array, "no sound .npz (zip) archive: Not a zip archive"},
      {sound.substr(0, sound.size() / 2), "no sound .npz (zip) archive"},
      {sound.substr(0, sound.size() - 1), "no sound .npz (zip) archive"},
      {sound + "x", "no sound .npz (zip) archive"},
      {"x" + sound, "no sound .npz (zip) archive"},
      {twice, "x.npz: "},
      {"PK\x05\x06" + little(0, 4) + little(0xfffffffe, 4) + std::string(10, 0),
       "no sound .npz (zip)"},
      {archive({good, good}), "no sound .npz (zip) archive: File already exists"},
      {changed(good, [](Entry& e) { e.crc ^= 1; }), "entry 'q.npy': CRC error"},
      {changed(good, [](Entry& e) { e.method = 12; }), "compressed with zip method 12; expected"},
      {changed(good, [](Entry& e) { e.flags = 1; }), "is encrypted"},
      {changed(good, [](Entry& e) { e.size += 1; }), "140 bytes cannot hold the 141 it claims"},
      {changed(deflated("q.npy", array), [](Entry& e) { e.size = 1 << 30; }),
       "145 bytes cannot hold the 1073741824 it claims"},
      {changed(deflated("q.npy", array), [](Entry& e) { e.size += 1; }),
       "has 141 bytes says the archive, 140 says its .npy header"},
      {changed(deflated("q.npy", claims_much), [](Entry&) {}),
       "has 132 bytes says the archive, 4194432 says its .npy header"},
      // The header and the claim agree, what is unpacked is more or less.
      {changed(deflated("q.npy", array + "more"),
               [](Entry& e) {
                 e.size -= 4;
                 e.crc = crc32(e.content.substr(0, e.content.size() - 4));
               }),
       "entry 'q.npy': "},
      {changed(deflated("q.npy", array.substr(0, 136)), [](Entry& e) { e.size += 4; }),
       "entry 'q.npy': "},
      {changed(deflated("q.npy", array), [](Entry& e) { e.stored[0] = 7; }), "entry 'q.npy': "},
      {archive({stored("q.npy", "PK")}), "x.npz: entry 'q.npy': byte 0: no .npy file"},
      {archive({stored("q.npy", "")}), "x.npz: entry 'q.npy': byte 0: no .npy file"},
      {archive({stored("q.npy", array + "x")}), "has 141 bytes says the archive, 140 says its"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << "case " << &c - kCases << ": " << c.message);
    expect_error([&] { parsed_npz(c.file); }, c.message);
    expect_error([&] { parsed_npz(c.file); }, "x.npz: ");
  }
}

// Entries within others would let a small file unpack to one of the square of its size. Here the
// elements of `a` are all of the entry `b`, which the directory names too.
TEST(Npz, RefusesEntriesWithinOthers) {
  const std::string b = npy(sample({3}, DType::f32));
  std::string inner = archive({stored("b.npy", b)});
  inner.resize(30 + 5 + b.size());  // without the directory
  const std::vector<std::int64_t> size{static_cast<std::int64_t>(inner.size())};
  std::string a = npy(Tensor({size[0]}, DType::boolean));
  a.replace(a.find("|b1"), 3, "|u1");
  a.replace(a.size() - inner.size(), inner.size(), inner);
  std::string file = archive({stored("a.npy", a), stored("b.npy", b)});
  EXPECT_EQ(parsed_npz(file).tensors.size(), 2u);
  const std::size_t second = 30 + 5 + a.size();  // where b lies a second time
  file.erase(second, inner.size());
  const std::size_t directory = file.find("PK\x01\x02", second);
  file.replace(file.rfind("PK\x01\x02") + 42, 4, little(second - inner.size(), 4));
  file.replace(file.size() - 6, 4, little(directory, 4));
  expect_error([&] { parsed_npz(file); }, "x.npz: entry 'b.npy': the entries take more bytes than");
}

TEST(Npz, RefusesToWriteWhatTheFormatCannotHold) {
  const Tensor tensor({1});
  const TemporaryFolder folder;
  expect_error(
      [&] {
        written_npz({.tensors = {{"a", tensor}, {"a", tensor}}, .metadata = {}});
      },
      "y.npz: two tensors are called 'a'");
  expect_error(
      [&] {
        written_npz({.tensors = {{"a", tensor}}, .metadata = {{"k", "v"}}});
      },
      "y.npz: .npz has no place for metadata ('k')");
  expect_error(
      [&] {
        written_npz({.tensors = {{"a", Tensor({1}, DType::bf16)}}, .metadata = {}});
      },
      "y.npz: tensor 'a': .npy and .npz have no type for bf16");
  expect_error(
      [&] {
        written_npz({.tensors = {{bytes("a\0b"), tensor}}, .metadata = {}});
      },
      "a NUL in its name");
  expect_error(
      [&] {
        written_npz({.tensors = {{"\xff", tensor}}, .metadata = {}});
      },
      "y.npz: entry '\\xff.npy'");
  expect_error(
      [&] {
        write_npz(folder / "a.npz", {.tensors = {{"a", {}}}, .metadata = {}});
      },
      "there is no tensor to write");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace clearhead
