// Vectors as SQLite has them, and back.
#ifndef CLEARHEAD_APPS_SQL_VECTORS_H_
#define CLEARHEAD_APPS_SQL_VECTORS_H_

#include <span>
#include <string_view>
#include <vector>

struct sqlite3_context;
struct sqlite3_value;

namespace clearhead::sql {

/// What a vector is to SQL.
enum class Form {
  number,  ///< INTEGER or REAL: a vector of one number
  json,    ///< TEXT: a JSON array of numbers
  blob,    ///< BLOB: f32, little-endian, one after the other, as sqlite-vec has them
};

bool has_null(std::span<sqlite3_value* const> values);

/// The form of a value that is not NULL.
Form form_of(sqlite3_value* value);
/// "a JSON array", for messages.
std::string_view to_string(Form form);

/// The bytes of a TEXT or BLOB, until the value is read otherwise.
std::string_view bytes_of(sqlite3_value* value);

/// Reads a value that is not NULL. All numbers are finite, and there is at least one: else throws
/// std::runtime_error, which calls the vector `name`.
void read_vector(sqlite3_value* value, std::string_view name, std::vector<double>& numbers);

/// The vector becomes what the function returns. Throws std::runtime_error if a number is not
/// finite or, in a BLOB, beyond f32.
void return_vector(sqlite3_context* context, std::span<const double> numbers, Form form);
/// The same as JSON, for numbers that were f32: the shortest digits that mean the same f32.
void return_json_of_f32(sqlite3_context* context, std::span<const double> numbers);

}  // namespace clearhead::sql

#endif  // CLEARHEAD_APPS_SQL_VECTORS_H_
