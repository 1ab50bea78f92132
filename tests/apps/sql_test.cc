// The extension for SQLite as its users have it: loaded by the program sqlite3. tests/sql/ has what
// the functions calculate and refuse.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

const std::filesystem::path kBuild = std::filesystem::path(CLEARHEAD_BIN_DIR).parent_path();

class Sql : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kBuild / "lib" / "clearhead.so")) {
      GTEST_SKIP() << "built without SQLite, or with a sanitizer, which sqlite3 does not have";
    }
    // As in the tree, where the page's commands are typed.
    std::filesystem::create_directory(folder_.path() / "build");
    std::filesystem::create_directory_symlink(kBuild, folder_.path() / "build" / "release");
  }

  // In the folder, on the database page.db.
  ProgramResult run_sqlite(const std::string& commands) const {
    folder_.write("commands", commands);
    return run_shell("cd " + folder_.path().string() +
                     " && sqlite3 -cmd '.load build/release/lib/clearhead' page.db <commands");
  }

  TemporaryFolder folder_;
};

TEST_F(Sql, AnErrorEndsTheProgramAndSaysWhatIsWrong) {
  const ProgramResult result = run_sqlite(".bail on\nSELECT attention('[1, 2]', 1, 1);\n");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.error.find("attention: the query has size 2, but the key 1"), std::string::npos)
      << result.error;
}

// The rows of a matrix as .csv, which `clearhead attend` reads, and as rows of SQL.
struct Matrix {
  std::string csv, values;
};

Matrix matrix(int rows, int columns, double seed) {
  Matrix matrix;
  for (int r = 0; r < rows; ++r) {
    std::string row;
    for (int c = 0; c < columns; ++c) {
      row += fmt::format("{}{:.4f}", c == 0 ? "" : ",", 2 * std::sin(seed * (r * columns + c + 1)));
    }
    matrix.csv += row + "\n";
    matrix.values += fmt::format("{}({}, '[{}]')", r == 0 ? "" : ", ", r, row);
  }
  return matrix;
}

TEST_F(Sql, GivesWhatAttendGives) {
  const Matrix q = matrix(2, 6, 1.1), k = matrix(40, 6, 2.3), v = matrix(40, 3, 3.7);
  const std::string z_file = folder_ / "z.npz";
  const ProgramResult attend =
      run_program("clearhead", {"attend", "--q", folder_.write("q.csv", q.csv), "--k",
                                folder_.write("k.csv", k.csv), "--v", folder_.write("v.csv", v.csv),
                                "--save", z_file});
  ASSERT_EQ(attend.status, 0) << attend.error;
  const Tensor z = read_tensors(z_file).at("hook_z").clone();

  for (const std::string form : {"vec_f32", "vec_json"}) {
    const ProgramResult result =
        run_sqlite(fmt::format("CREATE TEMP TABLE q (i, x); INSERT INTO q VALUES {};\n"
                               "CREATE TEMP TABLE k (i, x); INSERT INTO k VALUES {};\n"
                               "CREATE TEMP TABLE v (i, x); INSERT INTO v VALUES {};\n"
                               "SELECT value FROM (SELECT vec_json(attention({}(q.x), {}(k.x), "
                               "{}(v.x))) AS z FROM q, k, v "
                               "WHERE k.i = v.i GROUP BY q.i), json_each(z);",
                               q.values, k.values, v.values, form, form, form));
    EXPECT_EQ(result.error, "");
    std::istringstream lines(result.out);
    for (std::int64_t t = 0; t < 2; ++t) {
      for (std::int64_t c = 0; c < 3; ++c) {
        double number = 0;
        ASSERT_TRUE(lines >> number);
        EXPECT_NEAR(number, z.at({t, c}), 1e-6) << form;
      }
    }
  }
}

// docs/sql.md: what each block of commands prints stands in the block of text that follows it.
struct Example {
  std::string language, commands, output;
};

std::vector<Example> examples_of_the_page() {
  std::ifstream page(std::string(CLEARHEAD_SOURCE_DIR) + "/docs/sql.md");
  std::vector<Example> examples;
  std::string* block = nullptr;  // that the lines belong to
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("```")) {
      if (block != nullptr) *block += line + "\n";
    } else if (line == "```sql" || line == "```python") {
      block = &examples.emplace_back(Example{line.substr(3), "", ""}).commands;
    } else if (line == "```text") {
      block = &examples.back().output;
    } else {
      block = nullptr;
    }
  }
  return examples;
}

TEST_F(Sql, ThePageShowsWhatTheProgramPrints) {
  int seen = 0;
  for (const Example& example : examples_of_the_page()) {
    if (example.language != "sql") continue;
    const ProgramResult result = run_sqlite(".mode box\n" + example.commands);
    // Where commands are typed, no line is named.
    const std::string error = std::regex_replace(result.error, std::regex(" near line [0-9]+"), "");
    EXPECT_EQ(result.out + error, example.output) << example.commands;
    ++seen;
  }
  EXPECT_GT(seen, 5);
}

TEST_F(Sql, ThePageShowsWhatPythonPrints) {
  const std::string python = "/usr/bin/python3";  // the system's: others may load no extensions
  if (run_shell(python + " -c 'import sqlite3; sqlite3.Connection.load_extension'").status != 0) {
    GTEST_SKIP() << "no " << python << " whose sqlite3 loads extensions";
  }
  int seen = 0;
  for (const Example& example : examples_of_the_page()) {
    if (example.language != "python") continue;
    folder_.write("script.py", example.commands);
    const ProgramResult result =
        run_shell("cd " + folder_.path().string() + " && " + python + " script.py");
    EXPECT_EQ(result.out, example.output) << result.error;
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace clearhead
