// Tokenizers: text to the numbers that a model reads, and back.
#ifndef CLEARHEAD_TEXT_TOKENIZER_H_
#define CLEARHEAD_TEXT_TOKENIZER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearhead {

/// Names of the special tokens that models here use.
inline constexpr std::string_view kPadToken = "<pad>";      ///< fills up a shorter sequence
inline constexpr std::string_view kStartToken = "<s>";      ///< begins a sequence
inline constexpr std::string_view kEndToken = "</s>";       ///< ends it
inline constexpr std::string_view kMaskToken = "<mask>";    ///< hides a word that is to be guessed
inline constexpr std::string_view kUnknownToken = "<unk>";  ///< what the vocabulary does not have

/// The tokens of a tokenizer; the id of a token is its place.
struct Vocabulary {
  std::vector<std::string> tokens = {};  ///< the bytes that each stands for; of a special, its name
  std::vector<std::int64_t> specials = {};  ///< ids of the special tokens
};

/// Text to ids and back. A special token is written by its name, such as "<mask>", and stands for
/// no text of its own. Immutable, so that threads may share one.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// The ids of `text`, which may be any bytes. The name of a special token within it becomes that
  /// token (the longest, where several begin); the rest is put in lower case if the tokenizer says
  /// so. Throws Error for what the vocabulary does not have.
  std::vector<std::int64_t> encode(std::string_view text) const;

  /// The characters of `text` that `encode` would refuse (a byte that is no UTF-8 is one), each
  /// once, in the order in which they come.
  std::vector<std::string> unknown_characters(std::string_view text) const;

  /// `text` with `by` in the place of each of them.
  std::string replace_unknown(std::string_view text, std::string_view by) const;

  /// The bytes that `ids` stand for, special tokens left out. They need not be UTF-8 where ids
  /// begin or end within a character: `replace_invalid_utf8` makes them fit to show. Throws Error
  /// if an id is none.
  std::string decode(std::span<const std::int64_t> ids) const;

  /// A token by itself, to show: valid UTF-8; a byte that is none becomes, for example, <0xE2>.
  /// Throws Error if `id` is none.
  std::string token(std::int64_t id) const;

  /// The number of tokens; ids are 0 … size() − 1.
  std::int64_t size() const { return static_cast<std::int64_t>(vocabulary_.tokens.size()); }
  /// The id of the special token `name`. Throws Error, listing those there are, if it is none.
  std::int64_t special(std::string_view name) const;
  bool is_special(std::int64_t id) const;
  bool lowercases() const { return lowercase_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  /// Throws Error unless tokens are not empty, each special is named once and no other token has
  /// the name of one.
  Tokenizer(Vocabulary vocabulary, bool lowercase);
  Tokenizer(const Tokenizer&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;

  /// The id of the special token `name`, if it is one.
  std::optional<std::int64_t> find_special(std::string_view name) const;

 private:
  /// Appends the ids of `text`, in which special tokens are not looked for.
  virtual void append_ids(std::string_view text, std::vector<std::int64_t>& ids) const = 0;
  /// Whether `append_ids` takes this code point, or kNoCodePoint for a byte that is no UTF-8.
  virtual bool knows(char32_t code_point) const = 0;

  /// Calls visit(part, known) for all parts of `text`: characters and names of special tokens.
  void visit_characters(std::string_view text,
                        const std::function<void(std::string_view, bool)>& visit) const;

  Vocabulary vocabulary_;
  std::map<std::string, std::int64_t, std::less<>> specials_;
  bool lowercase_;
};

/// A part of a text: one special token, or what stands between them.
struct TextPart {
  std::string_view text;
  std::int64_t special = -1;  ///< its id; −1: ordinary text
};

/// `text` cut at the names of special tokens: of those that begin first, the longest.
std::vector<TextPart> split_at_specials(
    std::string_view text, const std::map<std::string, std::int64_t, std::less<>>& specials);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_H_
