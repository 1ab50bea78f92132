// One call of an aggregate: the rows of a group, or of a window's frame, as one query sees them.
#ifndef CLEARHEAD_APPS_SQL_GROUP_H_
#define CLEARHEAD_APPS_SQL_GROUP_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/sql/vectors.h"
#include "bindings/c/clearhead.h"

namespace clearhead::sql {

/// The factor on query·key: 1/√d for vectors of d numbers where `given` is empty, else the number
/// given. Throws std::runtime_error if that is no finite number.
double scale_of(std::span<sqlite3_value* const> given, std::size_t d);

/// scale · query·key. Throws std::runtime_error if the sizes differ or the score is not finite.
double score(std::span<const double> query, std::span<const double> key, double scale);

/// The arguments of a row are its operands (query, key and perhaps value) and, unless it is left
/// out, the scale. A row with NULL among its operands is passed over. Query and scale are the same
/// in all rows; all values have one size and form. Arguments that break this throw
/// std::runtime_error.
class Group {
 public:
  /// 2 operands, or 3 with the value.
  explicit Group(int operands) : operands_(static_cast<std::size_t>(operands)) {}

  void add(std::span<sqlite3_value* const> arguments);
  /// Takes the oldest row away, which was added with the same arguments.
  void remove(std::span<sqlite3_value* const> arguments);

  /// Σ softmax(scores)·value in the form of the values; without values, log Σ exp(score). NULL if
  /// there are no rows.
  void answer(sqlite3_context* context) const;

 private:
  void take_query(sqlite3_value* query);
  void take_scale(std::span<sqlite3_value* const> given);
  void take_value(sqlite3_value* value);

  std::size_t operands_;

  // Of all rows. The query is read once: it is known again by the bytes that it came in.
  std::vector<double> query_ = {};
  Form query_form_ = {};
  std::string query_bytes_ = {};
  std::optional<double> scale_ = {};
  std::optional<Form> value_form_ = {};

  // Of the row that is being added.
  std::vector<double> key_ = {};
  std::vector<double> value_ = {};

  struct Free {
    void operator()(clearhead_online_softmax* softmax) const {
      clearhead_online_softmax_free(softmax);
    }
  };
  std::unique_ptr<clearhead_online_softmax, Free> rows_ = {};  // from the first row on
};

}  // namespace clearhead::sql

#endif  // CLEARHEAD_APPS_SQL_GROUP_H_
