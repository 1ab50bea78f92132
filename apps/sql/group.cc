// The rows of a group: read, checked, weighed, answered.
#include "apps/sql/group.h"

#include <fmt/format.h>
#include <sqlite3ext.h>

#include <cmath>
#include <numeric>

#include "clearhead/base/error.h"

SQLITE_EXTENSION_INIT3

namespace clearhead::sql {

double scale_of(std::span<sqlite3_value* const> given, std::size_t d) {
  if (given.empty()) return 1 / std::sqrt(static_cast<double>(d));
  const double scale = sqlite3_value_double(given[0]);
  if (has_null(given) || form_of(given[0]) != Form::number || !std::isfinite(scale)) {
    throw Error("the scale must be a finite number; leave it out for 1/√d");
  }
  return scale;
}

double score(std::span<const double> query, std::span<const double> key, double scale) {
  if (query.size() != key.size()) {
    throw Error(fmt::format("the query has size {}, but the key {}", query.size(), key.size()));
  }
  // The numbers may be added in any order, so that several are at a time.
  const double product = std::transform_reduce(query.begin(), query.end(), key.begin(), 0.0);
  if (!std::isfinite(scale * product)) {
    throw Error("query·key is not finite: the numbers are too large");
  }
  return scale * product;
}

void Group::add(std::span<sqlite3_value* const> arguments) {
  if (has_null(arguments.first(operands_))) return;
  take_query(arguments[0]);
  take_scale(arguments.subspan(operands_));
  read_vector(arguments[1], "key", key_);
  if (operands_ == 3) take_value(arguments[2]);
  rows_.push(score(query_, key_, *scale_), value_);
}

void Group::remove(std::span<sqlite3_value* const> arguments) {
  if (!has_null(arguments.first(operands_))) rows_.pop();
}

void Group::answer(sqlite3_context* context) const {
  OnlineSoftmax total = rows_.total();
  if (total.is_empty()) return;  // a function that returns nothing returns NULL
  if (operands_ == 2) {
    sqlite3_result_double(context, total.max + std::log(total.sum));
    return;
  }
  for (double& x : total.weighted) x /= total.sum;
  return_vector(context, total.weighted, *value_form_);
}

void Group::take_query(sqlite3_value* query) {
  const Form form = form_of(query);
  const bool is_number = form == Form::number;
  if (query_.empty()) {
    read_vector(query, "query", query_);
    query_form_ = form;
    if (!is_number) query_bytes_ = bytes_of(query);
  } else if (form != query_form_ || (is_number ? sqlite3_value_double(query) != query_[0]
                                               : bytes_of(query) != query_bytes_)) {
    throw Error("the query is not the same in all rows; GROUP BY it, or PARTITION BY it");
  }
}

void Group::take_scale(std::span<sqlite3_value* const> given) {
  const double scale = scale_of(given, query_.size());
  if (scale_ && *scale_ != scale) {
    throw Error(fmt::format("the scale is {} in one row and {} in another", *scale_, scale));
  }
  scale_ = scale;
}

void Group::take_value(sqlite3_value* value) {
  const std::size_t size = value_.size();
  read_vector(value, "value", value_);
  if (!value_form_) {
    value_form_ = form_of(value);
  } else if (size != value_.size()) {
    throw Error(fmt::format("one value has size {}, and another {}", size, value_.size()));
  } else if (*value_form_ != form_of(value)) {
    throw Error(fmt::format("one value is {}, and another {}; vec_f32 and vec_json make them alike",
                            to_string(*value_form_), to_string(form_of(value))));
  }
}

}  // namespace clearhead::sql
