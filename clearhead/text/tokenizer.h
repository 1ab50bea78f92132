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
inline constexpr std::string_view kUnknownToken = "<unk>";  ///< anything not in the vocabulary

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

  /// The ids of `text`, which may be any bytes. The name of a special token becomes that token;
  /// where several names begin, the longest. The rest is put in lower case if `lowercases()`.
  /// Throws Error for a character that is not in the vocabulary.
  std::vector<std::int64_t> encode(std::string_view text) const;

  /// The characters of `text` that `encode` would refuse, each once, in the order of the text. A
  /// byte that is not UTF-8 counts as a character.
  std::vector<std::string> unknown_characters(std::string_view text) const;

  /// `text` with each of those characters replaced by `by`.
  std::string replace_unknown(std::string_view text, std::string_view by) const;

  /// The bytes that `ids` stand for, without special tokens. If ids begin or end within a character
  /// these are not valid UTF-8; `replace_invalid_utf8` makes them fit to show. Throws Error if
  /// there is no such id.
  std::string decode(std::span<const std::int64_t> ids) const;

  /// A token by itself, to show: valid UTF-8; any other byte becomes, for example, <0xE2>. Throws
  /// Error if there is no such id.
  std::string token(std::int64_t id) const;

  /// The number of tokens; ids are 0 … size() − 1.
  std::int64_t size() const { return static_cast<std::int64_t>(vocabulary_.tokens.size()); }
  /// The id of the special token `name`. If there is none, throws Error with the list of those
  /// there are.
  std::int64_t special(std::string_view name) const;
  /// Whether `id` is that of a special token.
  bool is_special(std::int64_t id) const;
  /// Whether text is put in lower case first.
  bool lowercases() const { return lowercase_; }
  /// All tokens.
  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  /// Throws Error if a token is empty, a special is named twice, or another token has its name.
  Tokenizer(Vocabulary vocabulary, bool lowercase);
  Tokenizer(const Tokenizer&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;

  /// The id of the special token `name`, if it is one.
  std::optional<std::int64_t> find_special(std::string_view name) const;

 private:
  /// Appends the ids of `text`, in which special tokens are not looked for.
  virtual void append_ids(std::string_view text, std::vector<std::int64_t>& ids) const = 0;
  /// Whether `append_ids` takes this code point (kNoCodePoint stands for a byte that is not UTF-8).
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
  std::string_view text;      ///< as it stands
  std::int64_t special = -1;  ///< its id; −1: ordinary text
};

/// `text` cut at the names of special tokens: the name that begins first; of several, the longest.
std::vector<TextPart> split_at_specials(
    std::string_view text, const std::map<std::string, std::int64_t, std::less<>>& specials);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_H_
