// A value in tokenizer.json, or another file of strangers, that knows its place, so that what is
// wrong with it says where.
#ifndef CLEARHEAD_TEXT_JSON_PLACE_INTERNAL_H_
#define CLEARHEAD_TEXT_JSON_PLACE_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearhead {

/// The value that `text` is. Throws Error, naming `file` and the byte, if it is no JSON or nested
/// too deeply.
nlohmann::json parse_json(std::string_view text, const std::string& file);

/// A value, or the place where one is missing; a missing value is null. Functions throw Error where
/// a value of another type came.
class JsonPlace {
 public:
  /// The whole file; `file` is its name in messages. Both must outlive what is made of this.
  JsonPlace(const nlohmann::json& root, const std::string& file) : json_(&root), file_(&file) {}

  /// Null, or not there.
  bool is_null() const;
  /// Whether it is a list.
  bool is_list() const;
  /// Whether it is a string.
  bool is_text() const;
  /// A member of an object, perhaps a missing one.
  JsonPlace operator[](std::string_view name) const;
  /// The elements of a list.
  std::vector<JsonPlace> elements() const;
  /// A list of exactly `count` elements.
  std::vector<JsonPlace> elements(std::size_t count) const;

  std::string text() const;
  /// `otherwise` if it is null.
  std::string text_or(std::string otherwise) const;
  bool flag_or(bool otherwise) const;
  double number() const;
  /// A whole number from `least` to `most`.
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  /// The place in a list of one of `words`.
  std::size_t choice(const std::vector<std::string>& words) const;

  /// The value.
  const nlohmann::json& json() const { return *json_; }
  /// The value, short, for a message.
  std::string shown() const;
  /// Throws Error: file, place and fault.
  [[noreturn]] void fail(const std::string& fault) const;
  /// Throws Error unless it is null or false: an option that is not supported.
  void refuse(const std::string& why) const;

 private:
  JsonPlace(const nlohmann::json& json, const std::string* file, std::string place)
      : json_(&json), file_(file), place_(std::move(place)) {}

  const nlohmann::json* json_;
  const std::string* file_;
  std::string place_;  // as "/model/type"
};

/// A row of a table of parts by their type.
template <typename Part>
struct PartKind {
  const char* type;
  std::unique_ptr<const Part> (*make)(const JsonPlace& place);
};

/// Fails at `place` with a list of the types that there are.
[[noreturn]] void fail_type(const JsonPlace& place, const std::vector<std::string>& types);

/// The part that `place` describes by its `type` and options; none if it is null.
template <typename Part, std::size_t count>
std::unique_ptr<const Part> make_part(const JsonPlace& place,
                                      const PartKind<Part> (&kinds)[count]) {
  if (place.is_null()) return nullptr;
  const std::string type = place["type"].text();
  std::vector<std::string> types;
  for (const PartKind<Part>& kind : kinds) {
    if (type == kind.type) return kind.make(place);
    types.emplace_back(kind.type);
  }
  fail_type(place["type"], types);
}

/// The parts of a list, one after the other; none of them may be null.
template <typename Part>
std::vector<std::unique_ptr<const Part>> make_parts(
    const JsonPlace& list, std::unique_ptr<const Part> (*make)(const JsonPlace&)) {
  std::vector<std::unique_ptr<const Part>> parts;
  for (const JsonPlace& place : list.elements()) {
    if (place.is_null()) place.fail("expected an object, got null");
    parts.push_back(make(place));
  }
  return parts;
}

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_JSON_PLACE_INTERNAL_H_
