// A value within an object of JSON that knows its path, so that what is read knows where it stood
// and what is wrong says where.
#ifndef CLEARHEAD_CLAIMS_JSON_NODE_INTERNAL_H_
#define CLEARHEAD_CLAIMS_JSON_NODE_INTERNAL_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/json_pieces.h"

namespace clearhead::claims {

/// Thrown where an object has something else than its form says.
struct JsonFault {
  Place place;         ///< where
  std::string reason;  ///< what was expected, and what came
};

/// A value, or where one would stand. A missing value has missing members, no elements and fields
/// without a value; null is missing. All functions throw JsonFault where another type came.
class JsonNode {
 public:
  /// An object at `place`, whose part is what stands before paths. Both must outlive the nodes.
  JsonNode(const nlohmann::json& object, const Place& place)
      : json_(&object), object_(&place), path_(place.part) {}

  /// Whether there is a value.
  explicit operator bool() const { return json_ != nullptr; }
  /// Where it stands, or would.
  Place place() const;

  /// The member of an object.
  JsonNode operator[](const char* name) const;
  /// The one of two that is there: the names of R4 and STU3.
  JsonNode either(const char* name, const char* other) const;
  /// The elements of a list; an object by itself is a list of one, as some have it in STU3.
  std::vector<JsonNode> elements() const;
  /// A missing value, which would stand at `name`.
  JsonNode none(std::string_view name) const;
  /// Whether it is an object.
  bool is_object() const;
  /// The names of an object's members.
  std::vector<std::string> names() const;

  /// A string that is not empty.
  Field<std::string> text() const;
  /// A number.
  Field<double> number() const;
  /// A whole number.
  Field<std::int64_t> integer() const;
  /// A number as an amount.
  Field<Money> money() const;
  /// A date, or the day of a time. Of a year or month alone, its first day.
  Field<Date> date() const;

  /// Throws JsonFault: `expected`, and what came.
  [[noreturn]] void fail(std::string_view expected) const;

 private:
  [[noreturn]] void fail_by_type(std::string_view expected) const;

  JsonNode(const nlohmann::json* json, const Place* object, std::string path)
      : json_(json), object_(object), path_(std::move(path)) {}

  const nlohmann::json* json_;  // none: missing
  const Place* object_;
  std::string path_;
};

/// What a piece says. Throws JsonFault if it is no JSON, or could not be cut out.
nlohmann::json parsed(const JsonPiece& piece, const Place& place);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_JSON_NODE_INTERNAL_H_
