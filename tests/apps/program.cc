// Runs a program in a process of its own, with what it prints caught in files.
#include "tests/apps/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// The part of the new process between fork and exec.
[[noreturn]] void become(const std::string& program, const std::vector<std::string>& arguments,
                         const std::filesystem::path& where, const std::string& out,
                         const std::string& error) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const auto redirect = [](int fd, const char* path, int flags) {
    const int opened = ::open(path, flags, 0600);
    if (opened < 0 || ::dup2(opened, fd) < 0) ::_exit(126);
  };
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, error.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  if (::chdir(where.c_str()) != 0) ::_exit(126);
  ::setenv("COLUMNS", "80", 1);
  ::unsetenv("CLEARHEAD_MODELS");
  ::setenv("CLEARHEAD_AUDIT_LOG", "/dev/null", 0);
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

ProgramResult run(const std::string& program, const std::vector<std::string>& arguments,
                  const std::filesystem::path& where) {
  const TemporaryFolder folder;
  const std::string out = folder / "out", error = folder / "error";
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) become(program, arguments, where, out, error);
  int state = 0;
  ::waitpid(child, &state, 0);
  const int status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return {status, content(out), content(error)};
}

}  // namespace

ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                          const std::filesystem::path& where) {
  return run(std::string(CLEARHEAD_BIN_DIR) + "/" + name, arguments, where);
}

ProgramResult run_shell(const std::string& command) {
  return run("/bin/bash", {"-c", command}, ".");
}

void expect_failure(const ProgramResult& result, int status, const std::string& says) {
  EXPECT_EQ(result.status, status) << says;
  EXPECT_THAT(result.error, ::testing::HasSubstr(says));
  EXPECT_EQ(result.out, "");
}

void expect_80_columns(const std::string& text) {
  const auto begins = [](char byte) { return (byte & 0xC0) != 0x80; };  // a character of UTF-8
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(std::count_if(line.begin(), line.end(), begins), 80) << line;
  }
}

}  // namespace clearhead
