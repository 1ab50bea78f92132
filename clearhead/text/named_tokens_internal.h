// The tokens of a vocabulary that are found by their names, as older files say it. Not for use
// outside this folder.
#ifndef CLEARHEAD_TEXT_NAMED_TOKENS_INTERNAL_H_
#define CLEARHEAD_TEXT_NAMED_TOKENS_INTERNAL_H_

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/text/added_tokens_internal.h"
#include "clearhead/text/tokenizer_settings_internal.h"

namespace clearhead {

/// A special token: its field in the settings, and how it is spelt if they do not say.
struct NamedToken {
  std::string_view name;
  const char* usual;        ///< "": nothing
  bool left_strip = false;  ///< if they do not say
};

/// The ids of a vocabulary, to which tokens are added.
class NamedTokens {
 public:
  /// Without added ones.
  explicit NamedTokens(std::vector<std::string> vocabulary);
  /// `known`, as `added_pieces` gives them, are those that the vocabulary itself has.
  NamedTokens(std::vector<std::string> vocabulary, const nlohmann::json& known);

  /// Adds those of the settings: all that are numbered, then `named`, then what else they name.
  /// One that the vocabulary lacks gets the next id. Throws Error for an id far beyond the others.
  void add(const TokenizerSettings& settings, std::vector<NamedToken> named);

  /// The id of a token. Throws Error, naming `file`, where it should be, if there is none.
  std::int64_t id(const std::string& name, const std::string& file) const;
  /// The spelling of all, by id.
  const std::vector<std::string>& tokens() const { return tokens_; }
  /// As added_tokens of tokenizer.json.
  nlohmann::json json() const;

 private:
  void add_numbered(const JsonPlace& list);
  void add(AddedToken token, std::optional<std::int64_t> wished);

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::map<std::int64_t, AddedToken> added_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_NAMED_TOKENS_INTERNAL_H_
