// Questions to the network: a claim with some fields hidden, and which of them it shall tell.
#ifndef CLEARHEAD_CLAIMS_QUESTIONS_H_
#define CLEARHEAD_CLAIMS_QUESTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/network.h"

namespace clearhead::claims {

/// What a field belongs to: the header, a diagnosis or a line.
struct Part {
  enum Kind : std::uint8_t { header, diagnosis, line } kind = header;  ///< which
  std::int32_t number = 0;                                             ///< from 0

  bool operator==(const Part&) const = default;
};

/// A hidden field.
struct HiddenField {
  Part part;             ///< whose
  FieldKind kind;        ///< which
  bool is_asked = true;  ///< or hidden only
};

/// A field that a version asks for.
struct AskedField {
  std::size_t version = 0;  ///< the number of the version in its row
  HiddenField field;        ///< of its claim
};

/// The most lines that are read beside each other: no claim that is learnt from has more, and time
/// and memory grow with the square. A longer claim is read in parts of so many.
inline constexpr std::int32_t kMostLines = 32;

/// One version of a claim.
struct Version {
  std::vector<HiddenField> hidden;  ///< the other fields are shown
  std::int32_t first_line = 0;      ///< of the kMostLines lines that are shown
  std::int32_t without_line = -1;   ///< a line that is left out, as if it had not been there

  /// Behind the last line of the claim that is shown.
  std::int32_t end_of_lines(const EncodedClaim& claim) const;
};

/// Hides a line wholly, asks for its code, and hides all lines of the same code with it, so that it
/// cannot be copied from them. Shows the part of the claim that the line is in.
Version ask_for_line(const EncodedClaim& claim, std::int32_t line);
/// The same of a diagnosis.
Version ask_for_diagnosis(const EncodedClaim& claim, std::int32_t diagnosis);

/// Makes batches of claims and their versions.
class BatchMaker {
 public:
  /// At most `history` events of earlier claims are read. The vocabulary must outlive it.
  BatchMaker(const ClaimVocabulary& vocabulary, std::int64_t history)
      : vocabulary_(vocabulary), history_(history) {}

  /// Adds a row: versions of the claim with this number of a member. Of the header the gap is told
  /// from the claim before. Returns the fields that are asked for, in the order of the questions.
  std::vector<AskedField> add(const MemberClaims& member, std::size_t claim,
                              const std::vector<Version>& versions);
  /// How many events of the member's history are read beside the claim.
  std::size_t event_count(const MemberClaims& member, std::size_t claim) const;
  /// How many rows there are.
  std::size_t rows() const { return rows_.size(); }
  /// How many questions.
  std::size_t questions() const;
  /// What was added since the last call. There must be a row and a question. Questions are in the
  /// order in which rows, versions and fields were added. Positions and events of a row, and the
  /// questions, are filled up to multiples of `multiple`: questions that nobody asked come last.
  ClaimBatch take(std::size_t multiple = 1);

 private:
  static constexpr std::size_t kEventFields = 6, kPositionFields = 7;

  struct Position {
    std::array<Token, kPositionFields> fields = {};
    std::int32_t version = 0;
  };
  struct Question {
    std::size_t position;  // within the row
    AskedField asked;
    std::int64_t answer;
  };
  struct Row {
    std::vector<std::array<Token, kEventFields>> events;
    std::vector<Position> positions;
    std::vector<Question> questions;
  };

  void add_events(const MemberClaims& member, std::size_t claim, Row& row) const;
  void add_version(const MemberClaims& member, std::size_t claim, const Version& version,
                   std::int32_t number, Row& row) const;

  const ClaimVocabulary& vocabulary_;
  std::int64_t history_;
  std::vector<Row> rows_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_QUESTIONS_H_
