// Files read piece by piece, plain and compressed.
#include "clearhead/text/byte_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <string>

#include "clearhead/base/error.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

TEST(ByteStream, TakesUpToAnEnd) {
  ByteStream stream("ab~c~~d", "input");
  std::string text;
  for (const std::string expected : {"ab", "c", "", "d"}) {
    ASSERT_TRUE(stream.take_until('~', text));
    EXPECT_EQ(text, expected);
  }
  EXPECT_FALSE(stream.take_until('~', text));
  EXPECT_EQ(stream.position(), 7u);
}

TEST(ByteStream, AFileIsTheSamePlainAndCompressed) {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += std::to_string(i) + "\n";
  std::ofstream(folder.path() / "plain") << bytes;
  gzFile file = gzopen((folder.path() / "packed.gz").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  for (const char* name : {"plain", "packed.gz"}) {
    ByteStream stream(folder.path() / name);
    std::string line;
    int count = 0;
    while (stream.take_until('\n', line)) ASSERT_EQ(line, std::to_string(count++));
    EXPECT_EQ(count, 100000);
    EXPECT_EQ(stream.position(), bytes.size());
  }
}

TEST(ByteStream, WhatDoesNotEndIsRefused) {
  ByteStream stream("abcdef", "input");
  std::string text;
  EXPECT_THAT(error_of([&] { stream.take_until('~', text, 4); }),
              HasSubstr("input: from byte 0 on there are more than 4 bytes without an end"));
}

TEST(ByteStream, AFileThatIsCutShortIsAnError) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "cut.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  for (int i = 0; i < 10000; ++i) gzprintf(file, "%d\n", i * i);
  gzclose(file);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  ByteStream stream(path);
  std::string text;
  EXPECT_THAT(error_of([&] {
                while (stream.take_until('\n', text)) continue;
              }),
              HasSubstr("cut.gz: cannot read: unexpected end of file"));
}

}  // namespace
}  // namespace clearhead
