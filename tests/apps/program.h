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

/// A folder of its own for one test, removed with its content.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }
  /// The path of `name` in it.
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file into it and returns its path.
  std::string write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;
  /// The names of its files, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

/// The shared conformance data, or an empty path where there are none.
std::filesystem::path shared_folder();

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_APPS_PROGRAM_H_
