// The ending of a file's name chooses how it is read and written.
#include "clearhead/tensor/io.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/tensor/samples.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Io, WritesAndReadsEveryKind) {
  const TemporaryFolder folder;
  const NamedTensors one{.tensors = {{"q", sample({2, 3}, DType::f64)}}, .metadata = {}};
  for (const char* name : {"q.npy", "q.npz", "q.safetensors", "q.csv"}) {
    SCOPED_TRACE(name);
    write_tensors(folder / name, one);
    expect_same(read_tensors(folder / name), one);
  }
  for (const char* name : {"all.npz", "all.safetensors"}) {
    SCOPED_TRACE(name);
    write_tensors(folder / name, samples(/*with_bf16=*/false));
    expect_same(read_tensors(folder / name), samples(/*with_bf16=*/false));
  }
}

TEST(Io, EndingsMayBeInCapitals) {
  const TemporaryFolder folder;
  const NamedTensors one{.tensors = {{"q", sample({2, 3}, DType::f64)}}, .metadata = {}};
  for (const char* name : {"q.NPY", "q.Npz", "q.SAFETENSORS", "q.CSV"}) {
    SCOPED_TRACE(name);
    write_tensors(folder / name, one);
    expect_same(read_tensors(folder / name), one);
  }
}

TEST(Io, SaysWhatAFileHoldsBeforeItIsRead) {
  const TemporaryFolder folder;
  const NamedTensors one{.tensors = {{"q", sample({2, 3}, DType::f64)}}, .metadata = {}};
  for (const char* name : {"q.npy", "q.npz", "q.safetensors", "q.csv"}) {
    SCOPED_TRACE(name);
    write_tensors(folder / name, one);
    const TensorFile file = open_tensors(folder / name);
    ASSERT_EQ(file.entries.size(), 1u);
    EXPECT_EQ(file.entries[0].name, "q");
    EXPECT_EQ(file.entries[0].type, "f64");
    EXPECT_EQ(file.entries[0].shape, (Shape{2, 3}));
    expect_same(file.read("q"), one.tensors[0].second);
    expect_error([&] { file.read("k"); }, std::string(name) + ": there is no tensor 'k'");
  }
}

TEST(Io, RefusesEndingsItDoesNotKnow) {
  for (const char* name : {"a.doc", "npy", "a.npy.gz", ".npy"}) {
    expect_error([&] { read_tensors(name); },
                 ".npy, .npz, .safetensors, .csv, .tsv, .txt, .gguf, .json");
    expect_error([&] { write_tensors(name, {}); }, std::string(name) + ": the ending must say");
  }
  expect_error([&] { read_tensors("a.csv.gz"); }, "; unpack it with gunzip");
  expect_error([&] { read_tensors("a.XLSX"); }, "; save the sheet as .csv");
  for (const char* name : {"a.tsv", "a.txt", "a.gguf", "a.json"}) {
    expect_error([&] { write_tensors(name, {}); }, "file it is: .npy, .npz, .safetensors, .csv");
  }
}

TEST(Io, TablesHaveSeveralEndings) {
  const TemporaryFolder folder;
  const Tensor numbers = Tensor::of<double>({2, 2}, {1, 2, 3, 4.5});
  for (const char* name : {"a.csv", "a.tsv", "a.TXT"}) {
    EXPECT_TRUE(is_table(name));
    set_content(folder / name, "1\t2\n3\t4.5\n");
    expect_same(read_tensors(folder / name).at("a"), numbers);
  }
  EXPECT_FALSE(is_table("a.npy"));
  EXPECT_FALSE(is_table("csv"));
}

TEST(Io, AFolderIsNoFile) {
  const TemporaryFolder folder;
  expect_error([&] { read_tensors(folder.path()); }, "expected a file of numbers, got a folder");
}

TEST(Io, RefusesWhatThatKindCannotHold) {
  const TemporaryFolder folder;
  const NamedTensors two = {.tensors = {{"a", Tensor({1})}, {"b", Tensor({1})}}, .metadata = {}};
  const NamedTensors with_metadata = {.tensors = {{"a", Tensor({1, 1})}},
                                      .metadata = {{"key", "value"}}};
  for (const char* name : {"a.npy", "a.csv"}) {
    expect_error([&] { write_tensors(folder / name, two); },
                 "holds one tensor and no metadata, got 2 tensors");
    expect_error([&] { write_tensors(folder / name, {}); }, "got 0 tensors");
    expect_error([&] { write_tensors(folder / name, with_metadata); }, "1 entries of metadata");
  }
  expect_error([&] { write_tensors(folder / "a.npz", with_metadata); }, "no place for metadata");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Io, NamesTheFileThatIsMissing) {
  for (const char* name : {"no.npy", "no.npz", "no.safetensors", "no.csv", "no.gguf", "no.json"}) {
    expect_error([&] { read_tensors(name); }, std::string(name) + ": cannot open: No such file");
  }
}

}  // namespace
}  // namespace clearhead
