// The rows of a group: read, checked, weighed, answered.
#include "apps/sql/group.h"

#include <fmt/format.h>
#include <sqlite3ext.h>

#include <cmath>
#include <limits>
#include <stdexcept>

SQLITE_EXTENSION_INIT3

namespace clearhead::sql {
namespace {

// SQLite does not say whether rows will leave again. So each group keeps its first ones, until they
// are too many for a frame that moves.
constexpr std::int64_t kMostKept = std::int64_t{64} << 20;

void require_ok(clearhead_status status) {
  if (status != CLEARHEAD_OK) throw std::runtime_error(clearhead_error());
}

}  // namespace

double scale_of(std::span<sqlite3_value* const> given, std::size_t d) {
  if (given.empty()) return 1 / std::sqrt(static_cast<double>(d));
  const double scale = sqlite3_value_double(given[0]);
  if (has_null(given) || form_of(given[0]) != Form::number || !std::isfinite(scale)) {
    throw std::runtime_error("the scale must be a finite number; leave it out for 1/√d");
  }
  return scale;
}

double score(std::span<const double> query, std::span<const double> key, double scale) {
  if (query.size() != key.size()) {
    throw std::runtime_error(
        fmt::format("the query has size {}, but the key {}", query.size(), key.size()));
  }
  double score = 0;
  require_ok(clearhead_attention_score(query.data(), key.data(), std::ssize(query), scale, &score));
  return score;
}

void Group::add(std::span<sqlite3_value* const> arguments) {
  if (has_null(arguments.first(operands_))) return;
  take_query(arguments[0]);
  take_scale(arguments.subspan(operands_));
  read_vector(arguments[1], "key", key_);
  if (operands_ == 3) take_value(arguments[2]);
  const double scored = score(query_, key_, *scale_);
  if (rows_ == nullptr) {
    clearhead_online_softmax* rows = nullptr;
    require_ok(clearhead_online_softmax_new(std::ssize(value_), kMostKept, &rows));
    rows_.reset(rows);
  }
  require_ok(clearhead_online_softmax_add(rows_.get(), scored, value_.data()));
}

void Group::remove(std::span<sqlite3_value* const> arguments) {
  if (has_null(arguments.first(operands_))) return;
  if (clearhead_online_softmax_remove(rows_.get()) != CLEARHEAD_OK) {
    throw std::runtime_error(fmt::format(
        "a frame that moves may begin with {} MiB of rows; make it smaller", kMostKept >> 20));
  }
}

void Group::answer(sqlite3_context* context) const {
  if (rows_ == nullptr) return;  // a function that returns nothing returns NULL
  std::vector<double> z(value_.size());
  double lse = 0;
  require_ok(clearhead_online_softmax_result(rows_.get(), z.data(), &lse));
  if (lse == -std::numeric_limits<double>::infinity()) return;  // all have left
  if (operands_ == 2) {
    sqlite3_result_double(context, lse);
  } else {
    return_vector(context, z, *value_form_);
  }
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
    throw std::runtime_error(
        "the query is not the same in all rows; GROUP BY it, or PARTITION BY it");
  }
}

void Group::take_scale(std::span<sqlite3_value* const> given) {
  const double scale = scale_of(given, query_.size());
  if (scale_ && *scale_ != scale) {
    throw std::runtime_error(
        fmt::format("the scale is {} in one row and {} in another", *scale_, scale));
  }
  scale_ = scale;
}

void Group::take_value(sqlite3_value* value) {
  const std::size_t size = value_.size();
  read_vector(value, "value", value_);
  if (!value_form_) {
    value_form_ = form_of(value);
  } else if (size != value_.size()) {
    throw std::runtime_error(
        fmt::format("one value has size {}, and another {}", size, value_.size()));
  } else if (*value_form_ != form_of(value)) {
    throw std::runtime_error(
        fmt::format("one value is {}, and another {}; vec_f32 and vec_json make them alike",
                    to_string(*value_form_), to_string(form_of(value))));
  }
}

}  // namespace clearhead::sql
