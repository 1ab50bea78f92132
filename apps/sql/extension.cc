// The table of functions, and what SQLite calls.
#include "apps/sql/extension.h"

#include <fmt/format.h>
#include <sqlite3ext.h>

#include <cmath>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

#include "apps/sql/group.h"
#include "apps/sql/vectors.h"

SQLITE_EXTENSION_INIT1

namespace clearhead::sql {
namespace {

using Arguments = std::span<sqlite3_value* const>;

// The functions of one row. None of the operands is NULL.

void attention_weight(sqlite3_context* context, Arguments arguments) {
  std::vector<double> query, key;
  read_vector(arguments[0], "query", query);
  read_vector(arguments[1], "key", key);
  const double lse = sqlite3_value_double(arguments[2]);
  if (form_of(arguments[2]) != Form::number || !std::isfinite(lse)) {
    throw std::runtime_error("the third argument must be the number that attention_lse gives");
  }
  const double scale = scale_of(arguments.subspan(3), query.size());
  sqlite3_result_double(context, std::exp(score(query, key, scale) - lse));
}

void vec_f32(sqlite3_context* context, Arguments arguments) {
  std::vector<double> numbers;
  read_vector(arguments[0], "vector", numbers);
  return_vector(context, numbers, Form::blob);
}

void vec_json(sqlite3_context* context, Arguments arguments) {
  std::vector<double> numbers;
  read_vector(arguments[0], "vector", numbers);
  if (form_of(arguments[0]) == Form::blob) {
    return_json_of_f32(context, numbers);
  } else {
    return_vector(context, numbers, Form::json);
  }
}

struct Function {
  const char* name;
  int operands;      // arguments; if one is NULL, so is the result, or an aggregate skips the row
  bool takes_scale;  // as an argument after them, which may be left out
  /// Null: it is an aggregate and window function, which a Group calculates.
  void (*of_row)(sqlite3_context*, Arguments) = nullptr;
};

constexpr Function kFunctions[] = {
    {"attention", 3, true},
    {"attention_lse", 2, true},
    {"attention_weight", 3, true, attention_weight},
    {"vec_f32", 1, false, vec_f32},
    {"vec_json", 1, false, vec_json},
};

// What SQLite calls

const Function& function_of(sqlite3_context* context) {
  return *static_cast<const Function*>(sqlite3_user_data(context));
}

// Calls f; what it throws becomes an error of SQL.
template <typename F>
void guarded(sqlite3_context* context, F&& f) {
  try {
    f();
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  } catch (const std::exception& error) {
    const std::string message = fmt::format("{}: {}", function_of(context).name, error.what());
    sqlite3_result_error(context, message.c_str(), -1);
  }
}

void call(sqlite3_context* context, int count, sqlite3_value** values) {
  guarded(context, [&] {
    const Arguments arguments(values, static_cast<std::size_t>(count));
    const Function& function = function_of(context);
    if (!has_null(arguments.first(function.operands))) function.of_row(context, arguments);
  });
}

void step(sqlite3_context* context, int count, sqlite3_value** values) {
  guarded(context, [&] {
    auto** group = static_cast<Group**>(sqlite3_aggregate_context(context, sizeof(Group*)));
    if (group == nullptr) throw std::bad_alloc();
    if (*group == nullptr) *group = new Group(function_of(context).operands);
    (*group)->add({values, static_cast<std::size_t>(count)});
  });
}

// The group of the rows so far; null if there was none.
Group* group_of(sqlite3_context* context) {
  auto** group = static_cast<Group**>(sqlite3_aggregate_context(context, 0));
  return group == nullptr ? nullptr : *group;
}

void inverse(sqlite3_context* context, int count, sqlite3_value** values) {
  guarded(context, [&] { group_of(context)->remove({values, static_cast<std::size_t>(count)}); });
}

void value(sqlite3_context* context) {
  guarded(context, [&] {
    if (const Group* group = group_of(context)) group->answer(context);
  });
}

// Also called after an error, to clean up.
void finish(sqlite3_context* context) {
  value(context);
  delete group_of(context);
}

int add_function(sqlite3* connection, const Function& function, int arguments) {
  // Innocuous: views and triggers may call it.
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  void* user_data = const_cast<Function*>(&function);
  return function.of_row != nullptr
             ? sqlite3_create_function_v2(connection, function.name, arguments, kFlags, user_data,
                                          call, nullptr, nullptr, nullptr)
             : sqlite3_create_window_function(connection, function.name, arguments, kFlags,
                                              user_data, step, finish, value, inverse, nullptr);
}

}  // namespace
}  // namespace clearhead::sql

extern "C" int sqlite3_clearhead_init(sqlite3* connection, char** /*message*/,
                                      const sqlite3_api_routines* sqlite) {
  SQLITE_EXTENSION_INIT2(sqlite);
  for (const clearhead::sql::Function& function : clearhead::sql::kFunctions) {
    for (int count = function.operands; count <= function.operands + function.takes_scale;
         ++count) {
      const int code = clearhead::sql::add_function(connection, function, count);
      if (code != SQLITE_OK) return code;
    }
  }
  return SQLITE_OK;
}
