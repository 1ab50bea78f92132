// Tokenizers: text to the numbers that a model reads, and back.
#ifndef CLEARHEAD_TEXT_TOKENIZER_H_
#define CLEARHEAD_TEXT_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
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

/// A part of a text, in bytes.
struct TextRange {
  std::size_t begin = 0;  ///< its first byte
  std::size_t end = 0;    ///< behind its last

  bool operator==(const TextRange&) const = default;
};

/// A text as tokens; all lists have one element a token.
struct Encoding {
  std::vector<std::int64_t> ids = {};  ///< of the tokens, in the order of the text
  /// The part of the text, as it was given, that each stands for; of a pair, of its own text. Empty
  /// at 0 for tokens that were added around the text.
  std::vector<TextRange> offsets = {};
  std::vector<std::int64_t> type_ids = {};  ///< BERT's segments: usually 1 for the second of a pair
  std::vector<bool> is_added = {};          ///< whether the post-processor added it
};

/// How text is encoded.
struct EncodeOptions {
  bool add_special_tokens = true;  ///< those that the post-processor puts around a text
};

/// Two tokens that become one.
struct Merge {
  std::int64_t left = 0;   ///< id of the first
  std::int64_t right = 0;  ///< id of the second

  bool operator==(const Merge&) const = default;
};

struct TokenizerParts;

/// Text to ids and back, as Hugging Face's `tokenizers` library does it: the names of added tokens
/// are cut out; a normalizer changes what is left, a pre-tokenizer cuts it into pieces, a model
/// finds tokens in each, and a post-processor adds special tokens. A decoder goes back. A special
/// token is written by its name, such as "<mask>", and stands for no text of its own. Immutable:
/// threads may share one, and copies share what they hold.
class Tokenizer {
 public:
  /// One of the parts that `parse_tokenizer` and the like make (tokenizer_file.h).
  explicit Tokenizer(std::shared_ptr<const TokenizerParts> parts) : parts_(std::move(parts)) {}

  /// The ids of `text`. Throws Error for a character that the vocabulary has nothing for. Text that
  /// is not UTF-8 is an Error too, which names the byte, unless tokens stand for bytes
  /// (`takes_bytes`); `replace_invalid_utf8` makes it fit.
  std::vector<std::int64_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// The same with the place of each token in the text, which is shorter than 4 GiB.
  Encoding encoding(std::string_view text, const EncodeOptions& options = {}) const;
  /// The same of two texts, as one sequence.
  Encoding encoding(std::string_view text, std::string_view second,
                    const EncodeOptions& options = {}) const;

  /// The characters of `text` that `encode` would refuse, each once, in the order of the text. A
  /// byte that is not UTF-8 counts as a character.
  std::vector<std::string> unknown_characters(std::string_view text) const;
  /// `text` with each of those characters replaced by `by`.
  std::string replace_unknown(std::string_view text, std::string_view by) const;

  /// The text that `ids` stand for, without special tokens. If ids begin or end within a character
  /// its bytes are not valid UTF-8; `replace_invalid_utf8` makes them fit to show. Throws Error if
  /// there is no such id.
  std::string decode(std::span<const std::int64_t> ids) const;

  /// A token by itself, to show: valid UTF-8; any other byte becomes, for example, <0xE2>. Throws
  /// Error if there is no such id.
  std::string token(std::int64_t id) const;
  /// The id of the token that a file spells so, special or not.
  std::optional<std::int64_t> find(std::string_view spelling) const;

  /// One more than the largest id.
  std::int64_t size() const;
  /// The id of the special token `name`. If there is none, throws Error with the list of those
  /// there are.
  std::int64_t special(std::string_view name) const;
  /// Whether `id` is that of a special token.
  bool is_special(std::int64_t id) const;
  /// Whether tokens stand for bytes, so that no text is unknown, and a blank belongs to the word
  /// behind it.
  bool takes_bytes() const;
  /// Pairs of tokens that are merged, in order of preference; none if its model does not merge.
  std::vector<Merge> merges() const;

  /// Whether it has a post-processor, which puts tokens around a text, or none.
  bool has_frame() const;
  /// `ids` with what the post-processor puts around a text.
  std::vector<std::int64_t> framed(std::vector<std::int64_t> ids) const;

  /// What it is made of.
  const TokenizerParts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const TokenizerParts> parts_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_TOKENIZER_H_
