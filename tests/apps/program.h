// Runs the built programs as a user would, and catches what they say.
#ifndef CLEARHEAD_TESTS_APPS_PROGRAM_H_
#define CLEARHEAD_TESTS_APPS_PROGRAM_H_

#include <filesystem>
#include <string>
#include <vector>

namespace clearhead {

struct ProgramResult {
  int status = 0;     ///< the exit status; 128 + the number of the signal that ended it
  std::string out;    ///< standard output
  std::string error;  ///< standard error
};

/// Runs bin/`name` with these arguments, 80 columns wide, in the folder `where`.
ProgramResult run_program(const std::string& name, const std::vector<std::string>& arguments,
                          const std::filesystem::path& where = ".");

/// The same for a command line of bash.
ProgramResult run_shell(const std::string& command);

/// Expects this exit status, an error that says this, and no output.
void expect_failure(const ProgramResult& result, int status, const std::string& says);

/// Expects lines of at most 80 characters.
void expect_80_columns(const std::string& text);

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_APPS_PROGRAM_H_
