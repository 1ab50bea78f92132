// Arrays named by options: files, or tensors within the file that --from names.
#ifndef CLEARHEAD_APPS_CONSOLE_ARRAYS_H_
#define CLEARHEAD_APPS_CONSOLE_ARRAYS_H_

#include <map>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor_file.h"

namespace clearhead::console {

/// An array, and how the user knows it.
struct Array {
  std::string title;                    ///< "k (keys.csv)"
  std::string source;                   ///< what the option was given: "keys.csv"
  Tensor tensor;                        ///< undefined if the option was not given
  std::vector<std::string> row_labels;  ///< of a table that has them
  bool is_table = false;                ///< text has no type of its own

  /// "k (keys.csv) is [3, 4]"
  std::string described() const;
};

/// The names, types and shapes of what a file holds, a line each.
std::string contents(const std::string& path);

class ArrayReader {
 public:
  /// `from` is the file of --from, or empty.
  explicit ArrayReader(std::string from);

  /// The array that option --`name` was given as `value`; without tensor if that is empty. Throws
  /// Error naming option and file.
  Array read(const std::string& name, const std::string& value);

  /// What had to be guessed about the files read so far.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::string from_;
  TensorFile file_;
  std::vector<std::string> notes_;
};

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_ARRAYS_H_
