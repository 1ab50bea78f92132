// The fields of plain structs as JSON: a struct is described once, by a function
//
//     void describe(Fields& fields, DecoderConfig& config) {
//       fields.integer("layers", config.layers, {1, 1000}, "blocks, one after the other");
//       …
//     }
//
// From that description it is read (with errors that name the field), written, and documented as a
// JSON schema.
#ifndef CLEARHEAD_BASE_FIELDS_H_
#define CLEARHEAD_BASE_FIELDS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearhead {

/// The range of a number, both ends included; without bounds as it is made.
template <typename T>
struct Bounds {
  T least = std::numeric_limits<T>::lowest();  ///< the smallest that is allowed
  T most = std::numeric_limits<T>::max();      ///< the largest
};

/// Visits the fields of a struct. A value that a file leaves out keeps its default.
class Fields {
 public:
  virtual ~Fields() = default;
  /// A whole number within `range`, which messages and the schema name.
  virtual void integer(std::string_view name, std::int64_t& value, Bounds<std::int64_t> range,
                       std::string_view help) = 0;
  /// A number within `range`, finite.
  virtual void number(std::string_view name, double& value, Bounds<double> range,
                      std::string_view help) = 0;
  /// True or false.
  virtual void flag(std::string_view name, bool& value, std::string_view help) = 0;
  /// A string.
  virtual void text(std::string_view name, std::string& value, std::string_view help) = 0;
  /// A list of strings.
  virtual void texts(std::string_view name, std::vector<std::string>& values,
                     std::string_view help) = 0;

  /// One of a few words, each of which means a value.
  template <typename T>
  void choice(std::string_view name, T& value,
              const std::vector<std::pair<std::string, T>>& choices, std::string_view help) {
    std::vector<std::string> words;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      words.push_back(choices[i].first);
      if (choices[i].second == value) chosen = i;
    }
    word(name, chosen, words, help);
    value = choices[chosen].second;
  }

  /// A struct that may begin as one of a few with names. It comes before the other fields, so that
  /// they change what the name gave. It is only read: what is written has all fields.
  template <typename T>
  void like(std::string_view name, T& value, const std::vector<std::pair<std::string, T>>& known,
            std::string_view help) {
    std::vector<std::string> words;
    for (const auto& [word, meaning] : known) words.push_back(word);
    if (const auto chosen = begin_as(name, words, help)) value = known[*chosen].second;
  }

  /// A struct within the struct.
  template <typename T>
  void group(std::string_view name, T& value, std::string_view help) {
    nested(
        name, [&value](Fields& fields) { describe(fields, value); }, help);
  }

 protected:
  /// One of `words`; `chosen` is its place among them.
  virtual void word(std::string_view name, std::size_t& chosen,
                    const std::vector<std::string>& words, std::string_view help) = 0;
  /// Which of the words is given, if one is.
  virtual std::optional<std::size_t> begin_as(std::string_view name,
                                              const std::vector<std::string>& words,
                                              std::string_view help) = 0;
  /// An object within the object, whose fields `describe` goes over.
  virtual void nested(std::string_view name, const std::function<void(Fields&)>& describe,
                      std::string_view help) = 0;
};

/// Fills a struct from a JSON object. Throws Error that begins with `where` and names the field,
/// what was expected and what came; for an unknown name, close ones; for text that is not JSON,
/// line and column.
template <typename T>
void read_fields(const std::string& json, const std::string& where, T& value);

/// All fields as a JSON object, in their order, indented.
template <typename T>
std::string write_fields(const T& value);

/// A field in which two structs differ; the values are JSON.
struct FieldDifference {
  std::string name;           ///< with those of the structs around it: "training.seed"
  std::string first, second;  ///< what each has, as JSON
};

/// The fields in which two structs differ. A field that only one of them has is left out, because
/// the field that decides about it, such as the family, differs too.
template <typename T>
std::vector<FieldDifference> different_fields(const T& first, const T& second);

/// The JSON schema (draft 2020-12) of such an object, with each field's help, range and default.
template <typename T>
std::string schema_of_fields(const std::string& title, const T& defaults);

/// The same of what a function describes.
using Description = std::function<void(Fields&)>;
/// `read_fields` of what a function describes.
void read_object(const std::string& json, const std::string& where, const Description& describe);
/// `write_fields` likewise.
std::string write_object(const Description& describe);
/// `different_fields` likewise.
std::vector<FieldDifference> different_objects(const Description& first, const Description& second);
/// `schema_of_fields` likewise.
std::string schema_of_object(const std::string& title, const Description& describe);

template <typename T>
void read_fields(const std::string& json, const std::string& where, T& value) {
  read_object(json, where, [&value](Fields& fields) { describe(fields, value); });
}

template <typename T>
std::string write_fields(const T& value) {
  T copy = value;
  return write_object([&copy](Fields& fields) { describe(fields, copy); });
}

template <typename T>
std::vector<FieldDifference> different_fields(const T& first, const T& second) {
  T a = first, b = second;
  return different_objects([&a](Fields& fields) { describe(fields, a); },
                           [&b](Fields& fields) { describe(fields, b); });
}

template <typename T>
std::string schema_of_fields(const std::string& title, const T& defaults) {
  T copy = defaults;
  return schema_of_object(title, [&copy](Fields& fields) { describe(fields, copy); });
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_FIELDS_H_
