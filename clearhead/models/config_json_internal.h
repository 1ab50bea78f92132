// A config.json of strangers: each field that is asked for is known from then on, and what nobody
// asked for is refused if it may have an effect.
#ifndef CLEARHEAD_MODELS_CONFIG_JSON_INTERNAL_H_
#define CLEARHEAD_MODELS_CONFIG_JSON_INTERNAL_H_

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearhead {

inline constexpr std::int64_t kMostNumbers = std::int64_t{1} << 20;  ///< more than fits into memory
inline constexpr std::int64_t kLongest = std::int64_t{1} << 24;  ///< of texts: more than any reads
inline constexpr std::int64_t kMostLayers = 1000;                ///< and heads

/// A JSON object. Functions throw Error, naming file and field, where a value of another type or
/// range came. A field that is null counts as left out.
class ConfigJson {
 public:
  /// The object in `text`; `file` is its name in messages. Throws Error if it is none.
  ConfigJson(std::string_view text, std::string file);
  ConfigJson(ConfigJson&&) noexcept;
  ~ConfigJson();

  /// Whether there is such a field that is not null.
  bool has(const char* name) const;
  /// Whether there is such a field, and it is null: what it says is off.
  bool is_null(const char* name);
  /// A size from 1 to `most`; an Error if it is left out.
  std::int64_t size(const char* name, std::int64_t most = kMostNumbers);
  /// A whole number from 0 to `most`; `otherwise` if it is left out.
  std::int64_t integer(const char* name, std::int64_t otherwise, std::int64_t most = kMostNumbers);
  /// A number; `otherwise` if it is left out.
  double number(const char* name, double otherwise);
  /// A number above 0 and at most `most`; `otherwise` if it is left out.
  double positive(const char* name, double otherwise, double most = 1e12);
  /// True or false; `otherwise` if it is left out.
  bool flag(const char* name, bool otherwise);
  /// A string; `otherwise` if it is left out.
  std::string text(const char* name, std::string otherwise);
  /// A list of strings, or of numbers; empty if it is left out. One alone is a list too.
  std::vector<std::string> texts(const char* name);
  std::vector<std::int64_t> integers(const char* name);  ///< likewise
  /// The lists of numbers in a list; empty if it is left out.
  std::vector<std::vector<std::int64_t>> integer_lists(const char* name);
  /// The values of an object with the keys "0", "1", …, in that order; empty if it is left out.
  std::vector<std::string> numbered_texts(const char* name);
  /// An object within it; none if it is left out.
  std::optional<ConfigJson> object(const char* name);
  /// The objects of a list within it; none if it is left out.
  std::vector<ConfigJson> objects(const char* name);

  /// What a word means.
  template <typename T>
  T choice(const char* name, const std::string& otherwise,
           std::initializer_list<std::pair<const char*, T>> choices) {
    const std::string word = text(name, otherwise);
    std::string known;
    for (const auto& [spelling, meaning] : choices) {
      if (word == spelling) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(spelling);
    }
    fail(name, "\"" + word + "\" is not supported; supported are " + known);
  }

  /// Throws Error unless the field is left out or is `value`: the only one that is supported.
  void require(const char* name, bool value);
  /// These fields have no effect on what a model calculates.
  void ignore(std::initializer_list<const char*> names);
  /// Throws Error for a field that nobody asked for, unless it is off (null, false, 0, empty), or
  /// one that has to do with training or with the library that wrote it.
  void refuse_others() const;

  /// Throws Error: file, field and fault.
  [[noreturn]] void fail(std::string_view name, const std::string& fault) const;

 private:
  ConfigJson(std::unique_ptr<nlohmann::json> json, std::string file, std::string place);
  const nlohmann::json* find(const char* name);

  std::unique_ptr<nlohmann::json> json_;
  std::string file_;
  std::string place_;  // "rope_scaling."
  std::set<std::string> known_;
};

/// Reads a file.
ConfigJson read_config_json(const std::filesystem::path& path);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_CONFIG_JSON_INTERNAL_H_
