// Reads and writes the fields of structs as JSON.
#include "clearhead/base/fields.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"

namespace clearhead {
namespace {

using Json = nlohmann::ordered_json;

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + ("\"" + words[i] + "\"");
  }
  return text;
}

// "a number between 0 and 1", "a whole number of at least 1"
template <typename T>
std::string expectation(const char* what, Bounds<T> range) {
  const bool has_least = range.least != Bounds<T>().least;
  const bool has_most = range.most != Bounds<T>().most;
  const std::string least = Json(range.least).dump(), most = Json(range.most).dump();
  if (has_least && has_most) return std::string(what) + " between " + least + " and " + most;
  if (has_least) return std::string(what) + " of at least " + least;
  if (has_most) return std::string(what) + " of at most " + most;
  return what;
}

class Reader : public Fields {
 public:
  Reader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object()) refuse("", "an object { … }", object_);
  }

  void integer(std::string_view name, std::int64_t& value, Bounds<std::int64_t> range,
               std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return;
    const bool fits =
        found->is_number_integer() &&
        (!found->is_number_unsigned() || found->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    const std::int64_t number = fits ? found->get<std::int64_t>() : 0;
    if (!fits || number < range.least || number > range.most) {
      refuse(name, expectation("a whole number", range), *found);
    }
    value = number;
  }

  void number(std::string_view name, double& value, Bounds<double> range,
              std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return;
    const double number = found->is_number() ? found->get<double>() : 0;
    if (!found->is_number() || !std::isfinite(number) || number < range.least ||
        number > range.most) {
      refuse(name, expectation("a number", range), *found);
    }
    value = number;
  }

  void flag(std::string_view name, bool& value, std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_boolean()) refuse(name, "true or false", *found);
    value = found->get<bool>();
  }

  void text(std::string_view name, std::string& value, std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_string()) refuse(name, "a text in quotes", *found);
    value = found->get<std::string>();
  }

  void texts(std::string_view name, std::vector<std::string>& values, std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return;
    const bool fits =
        found->is_array() && std::all_of(found->begin(), found->end(),
                                         [](const Json& item) { return item.is_string(); });
    if (!fits) refuse(name, "a list of texts, [\"…\", …]", *found);
    values = found->get<std::vector<std::string>>();
  }

  // Once all fields were asked for: what else is there?
  void refuse_unknown() const {
    for (const auto& [name, value] : object_.items()) {
      if (known_.count(name) != 0) continue;
      throw Error(path_ + name + ": there is no such field" +
                  those_like(name, {known_.begin(), known_.end()}));
    }
  }

 protected:
  void word(std::string_view name, std::size_t& chosen, const std::vector<std::string>& words,
            std::string_view help) override {
    if (const auto given = begin_as(name, words, help)) chosen = *given;
  }

  std::optional<std::size_t> begin_as(std::string_view name, const std::vector<std::string>& words,
                                      std::string_view) override {
    const Json* found = find(name);
    if (found == nullptr) return std::nullopt;
    const auto place = found->is_string()
                           ? std::find(words.begin(), words.end(), found->get<std::string>())
                           : words.end();
    if (place == words.end()) refuse(name, alternatives(words), *found);
    return static_cast<std::size_t>(place - words.begin());
  }

  void nested(std::string_view name, const std::function<void(Fields&)>& describe,
              std::string_view) override {
    const Json nothing = Json::object();
    const Json* found = find(name);
    Reader reader(found == nullptr ? nothing : *found, path_ + std::string(name) + ".");
    describe(reader);
    reader.refuse_unknown();
  }

 private:
  const Json* find(std::string_view name) {
    known_.emplace(name);
    const auto found = object_.find(std::string(name));
    return found == object_.end() ? nullptr : &*found;
  }

  [[noreturn]] void refuse(std::string_view name, const std::string& expected,
                           const Json& came) const {
    constexpr std::size_t kMaxShown = 60;
    std::string shown = came.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown.size() > kMaxShown) shown = shown.substr(0, kMaxShown) + "…";
    std::string where = path_ + std::string(name);
    if (where.ends_with(".")) where.pop_back();
    throw Error((where.ends_with(": ") ? where : where + ": ") + "expected " + expected + ", got " +
                shown);
  }

  const Json& object_;
  std::string path_;  // "recipe.json: training."
  std::set<std::string> known_;
};

class Writer : public Fields {
 public:
  void integer(std::string_view name, std::int64_t& value, Bounds<std::int64_t>,
               std::string_view) override {
    json[std::string(name)] = value;
  }
  void number(std::string_view name, double& value, Bounds<double>, std::string_view) override {
    json[std::string(name)] = value;
  }
  void flag(std::string_view name, bool& value, std::string_view) override {
    json[std::string(name)] = value;
  }
  void text(std::string_view name, std::string& value, std::string_view) override {
    json[std::string(name)] = value;
  }
  void texts(std::string_view name, std::vector<std::string>& values, std::string_view) override {
    json[std::string(name)] = values;
  }

  Json json = Json::object();

 protected:
  void word(std::string_view name, std::size_t& chosen, const std::vector<std::string>& words,
            std::string_view) override {
    json[std::string(name)] = words.at(chosen);
  }
  std::optional<std::size_t> begin_as(std::string_view, const std::vector<std::string>&,
                                      std::string_view) override {
    return std::nullopt;
  }
  void nested(std::string_view name, const std::function<void(Fields&)>& describe,
              std::string_view) override {
    Writer writer;
    describe(writer);
    json[std::string(name)] = std::move(writer.json);
  }
};

class SchemaWriter : public Fields {
 public:
  void integer(std::string_view name, std::int64_t& value, Bounds<std::int64_t> range,
               std::string_view help) override {
    with_range(add(name, "integer", help, value), range);
  }
  void number(std::string_view name, double& value, Bounds<double> range,
              std::string_view help) override {
    with_range(add(name, "number", help, value), range);
  }
  void flag(std::string_view name, bool& value, std::string_view help) override {
    add(name, "boolean", help, value);
  }
  void text(std::string_view name, std::string& value, std::string_view help) override {
    add(name, "string", help, value);
  }
  void texts(std::string_view name, std::vector<std::string>& values,
             std::string_view help) override {
    add(name, "array", help, values)["items"] = {{"type", "string"}};
  }

  Json properties = Json::object();

 protected:
  void word(std::string_view name, std::size_t& chosen, const std::vector<std::string>& words,
            std::string_view help) override {
    Json& field = properties[std::string(name)];
    field = {{"description", help}, {"enum", words}, {"default", words.at(chosen)}};
  }
  std::optional<std::size_t> begin_as(std::string_view name, const std::vector<std::string>& words,
                                      std::string_view help) override {
    properties[std::string(name)] = {{"description", help}, {"enum", words}};
    return std::nullopt;
  }
  void nested(std::string_view name, const std::function<void(Fields&)>& describe,
              std::string_view help) override {
    SchemaWriter writer;
    describe(writer);
    Json& field = properties[std::string(name)];
    field = {{"description", help},
             {"type", "object"},
             {"properties", std::move(writer.properties)},
             {"additionalProperties", false}};
  }

 private:
  template <typename T>
  Json& add(std::string_view name, const char* type, std::string_view help, const T& value) {
    Json& field = properties[std::string(name)];
    field = {{"description", help}, {"type", type}, {"default", value}};
    return field;
  }
  template <typename T>
  void with_range(Json& field, Bounds<T> range) {
    if (range.least != Bounds<T>().least) field["minimum"] = range.least;
    if (range.most != Bounds<T>().most) field["maximum"] = range.most;
  }
};

void add_differences(const Json& first, const Json& second, const std::string& path,
                     std::vector<FieldDifference>& differences) {
  for (const auto& [name, value] : first.items()) {
    const auto other = second.find(name);
    if (other == second.end() || *other == value) continue;
    if (value.is_object()) {
      add_differences(value, *other, path + name + ".", differences);
    } else {
      differences.push_back({path + name, value.dump(), other->dump()});
    }
  }
}

}  // namespace

void read_object(const std::string& json, const std::string& where, const Description& describe) {
  Json object;
  try {
    object = Json::parse(json);
  } catch (const Json::parse_error& error) {
    const std::size_t at = std::min(error.byte == 0 ? 0 : error.byte - 1, json.size());
    const std::string before = json.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column = at - (before.rfind('\n') + 1) + 1;
    throw Error(where + ": no JSON at line " + std::to_string(line) + ", column " +
                std::to_string(column) + "; look for a missing comma, quote or bracket there");
  } catch (const Json::out_of_range&) {  // no parse error to the library
    throw Error(where + ": a number is beyond ±1.8e308, the greatest there is");
  }
  Reader reader(object, where + ": ");
  describe(reader);
  reader.refuse_unknown();
}

std::string write_object(const Description& describe) {
  Writer writer;
  describe(writer);
  return writer.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<FieldDifference> different_objects(const Description& first,
                                               const Description& second) {
  Writer a, b;
  first(a);
  second(b);
  std::vector<FieldDifference> differences;
  add_differences(a.json, b.json, "", differences);
  return differences;
}

std::string schema_of_object(const std::string& title, const Description& describe) {
  SchemaWriter writer;
  describe(writer);
  const Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", title},
                       {"type", "object"},
                       {"properties", std::move(writer.properties)},
                       {"additionalProperties", false}};
  return schema.dump(2) + "\n";
}

}  // namespace clearhead
