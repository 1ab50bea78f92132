// X12 (EDI) as its segments: an identifier and elements, which may have components. Each
// interchange says by its first segment, ISA, which characters stand between them.
#ifndef CLEARHEAD_CLAIMS_X12_SEGMENTS_INTERNAL_H_
#define CLEARHEAD_CLAIMS_X12_SEGMENTS_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// What stands between the parts of X12; the defaults are what most write.
struct X12Delimiters {
  char element = '*';     ///< before each element
  char component = ':';   ///< between the components of an element
  char terminator = '~';  ///< behind each segment; line ends may follow

  bool operator==(const X12Delimiters&) const = default;
};

/// A segment. Elements and components are counted from 1, as X12 does; what is not there is empty.
/// Blanks around them do not count.
class X12Segment {
 public:
  std::shared_ptr<const std::string> file;  ///< of the places
  std::uint64_t byte = 0;                   ///< where it begins
  X12Delimiters delimiters;                 ///< of its interchange
  bool too_long = false;                    ///< it has only its first bytes

  /// "CLM"; the whole segment if that is no segment at all.
  std::string_view id() const { return elements_.front(); }
  /// How many elements follow the identifier.
  std::size_t size() const { return elements_.size() - 1; }
  /// An element with all its components.
  std::string_view operator[](std::size_t element) const;
  /// A component of an element, "HC" of "HC:99213:25".
  std::string_view component(std::size_t element, std::size_t component) const;
  /// Where it is: "SV1-01", "SV1-01-2", or for element 0 "SV1".
  Place place(std::size_t element = 0, std::size_t component = 0) const;

 private:
  friend class X12Segments;

  std::string text_;
  std::vector<std::string_view> elements_{""};  // in `text_`
};

/// Goes through the segments of a file, a segment in memory at a time. The file may have several
/// interchanges, each with delimiters of its own.
class X12Segments {
 public:
  /// The most bytes of a segment that are kept.
  static constexpr std::size_t kLongest = std::size_t{1} << 16;

  /// Reads from where the stream is.
  explicit X12Segments(ByteStream& stream);

  /// Reads the next segment that is not empty; false at the end of the file.
  bool next(X12Segment& segment);
  /// Whether the delimiters are those that the last ISA says. If there was none, or it is broken,
  /// they are guessed.
  bool delimiters_known() const { return delimiters_known_; }

 private:
  bool skip_between();
  void find_delimiters();
  void take_text(X12Segment& segment);

  ByteStream& stream_;
  X12Delimiters delimiters_;
  bool delimiters_known_ = false;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_X12_SEGMENTS_INTERNAL_H_
