// The functions of clearhead in SQL: an extension for SQLite, which docs/sql.md shows how to use.
//
//   attention(query, key, value [, scale])        aggregate and window function
//   attention_lse(query, key [, scale])           aggregate and window function
//   attention_weight(query, key, lse [, scale])
//   vec_f32(vector)
//   vec_json(vector)
//
// A vector is a BLOB of f32, a JSON array of numbers, or a number (vectors.h).
#ifndef CLEARHEAD_APPS_SQL_EXTENSION_H_
#define CLEARHEAD_APPS_SQL_EXTENSION_H_

struct sqlite3;
struct sqlite3_api_routines;

extern "C" {

/// Adds the functions to a connection. SQLite calls it by this name when it loads the file
/// clearhead.so; a program that links the code gives it to sqlite3_auto_extension. Returns SQLite's
/// code of what went wrong, or SQLITE_OK.
[[gnu::visibility("default")]] int sqlite3_clearhead_init(sqlite3* connection, char** message,
                                                          const sqlite3_api_routines* sqlite);
}

#endif  // CLEARHEAD_APPS_SQL_EXTENSION_H_
