// What the network reads of a claim: each of its fields as a token. Codes are tokens as a whole; a
// rare one is replaced by the beginning that it shares with others. Numbers, such as an age or a
// gap in days, are tokens for ranges, which are narrow where numbers are small.
#ifndef CLEARHEAD_CLAIMS_VOCABULARY_H_
#define CLEARHEAD_CLAIMS_VOCABULARY_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// The kinds of fields. Each kind has tokens of its own.
enum class FieldKind {
  // of the header
  type,       ///< ClaimType
  specialty,  ///< of the provider
  place,      ///< of service, or type of bill
  sex,        ///< of the member
  age,        ///< in years, at the date of service
  month,      ///< of the date of service
  gap,        ///< days since an earlier claim
  // of a diagnosis
  rank,       ///< principal, second, …
  diagnosis,  ///< its code
  // of a line
  code,    ///< of what was done
  units,   ///< how many
  amount,  ///< charged for one unit, among what was charged for the same code
  // of an event of the history
  ago,      ///< how many claims ago
  times,    ///< how often it had happened by then
  provider  ///< whether the same as in the claim that is read
};
inline constexpr std::size_t kFieldKinds = 15;  ///< how many there are

/// "type", "specialty", …
const char* to_string(FieldKind kind);

/// Counts what the vocabulary will be learnt from.
struct VocabularyCounts {
  std::array<std::map<std::string, std::int64_t>, kFieldKinds> words;  ///< of kinds with words
  std::map<std::string, std::vector<std::int64_t>> amounts;            ///< cents, by code

  /// Adds a claim.
  void add(const Claim& claim);
};

/// Fields to tokens. Token 0 stands where there is no field; each kind then has one that hides its
/// field, one for a field that the input leaves out, and one for each value.
class ClaimVocabulary {
 public:
  /// Without words: only numbers are known.
  ClaimVocabulary();
  /// Words that occur at least `least` times get a token. Codes that are rarer share one with those
  /// of the same beginning, if together they occur so often.
  static ClaimVocabulary learn(const VocabularyCounts& counts, std::int64_t least);

  /// How many tokens there are.
  std::int64_t size() const { return size_; }
  /// The token that hides a field.
  std::int64_t hidden(FieldKind kind) const { return first_[index(kind)]; }
  /// The token of a field that is left out: the first of those that `values` counts.
  std::int64_t missing(FieldKind kind) const { return first_[index(kind)] + 1; }
  /// How many tokens a field of this kind may have, the one for a missing value among them.
  std::int64_t values(FieldKind kind) const { return first_[index(kind) + 1] - missing(kind); }

  /// The token of a code.
  std::int64_t code(FieldKind kind, const Field<Code>& code) const;
  /// The token of a word, such as a specialty.
  std::int64_t word(FieldKind kind, const Field<std::string>& word) const;
  /// The token of a number; below 0: missing.
  std::int64_t number(FieldKind kind, double number) const;
  /// The token of an amount, in cents for one unit, of a line whose code has the token `code`.
  std::int64_t amount(std::int64_t code, std::int64_t cents) const;

  /// The middle amount for one unit of the code with this token; none: no amount was learnt.
  std::optional<Money> middle_amount(std::int64_t code) const;
  /// The token of that amount.
  std::int64_t usual_amount(std::int64_t code) const;

  /// Whether a token of a code stands for several: a family of rare ones, or what is left out.
  bool is_shared(std::int64_t token) const;
  /// What a token means, for people: "SNOMED 185345009", "365 to 401 days".
  std::string text(std::int64_t token) const;
  /// How often the word of a token occurred in what was learnt from; 0 of other tokens.
  std::int64_t count(std::int64_t token) const;
  /// −log of the share that the word of a token had among the words of its kind; a word that did
  /// not occur counts as once. 0 of tokens of numbers.
  double rarity(std::int64_t token) const;

  /// Its words as JSON.
  std::string json() const;
  /// From such JSON. Throws Error, which begins with `where`, if it is something else.
  static ClaimVocabulary parse(const std::string& json, const std::string& where);

 private:
  static std::size_t index(FieldKind kind) { return static_cast<std::size_t>(kind); }
  void number_tokens();
  FieldKind kind_of(std::int64_t token) const;

  struct Words {
    std::vector<std::string> list;
    std::vector<std::int64_t> counts;
    double total = 0;                                       // of the counts
    std::unordered_map<std::string, std::int64_t> numbers;  // places in the list
    std::unordered_map<std::string, std::int64_t> values;   // of codes without their systems
  };
  std::array<Words, kFieldKinds> words_;
  // For each code, amounts that part what was charged into equal shares, in cents, ascending.
  std::vector<std::vector<std::int64_t>> quantiles_;
  std::array<std::int64_t, kFieldKinds + 1> first_ = {};
  std::int64_t size_ = 0;
};

/// What a line charges for one unit, in cents. It must have a charge.
std::int64_t cents_for_one(const Line& line);

/// The beginnings that a rare code may share with others, longest first: "ICD-10-CM E11*",
/// "ICD-10-CM *".
std::vector<std::string> code_families(const Code& code);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_VOCABULARY_H_
