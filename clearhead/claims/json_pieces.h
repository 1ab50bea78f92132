// Cuts a stream of JSON into objects that are parsed one by one, so that a file of gigabytes is
// never in memory: the lines of NDJSON, one object, a list of them, or a FHIR Bundle's entries.
#ifndef CLEARHEAD_CLAIMS_JSON_PIECES_H_
#define CLEARHEAD_CLAIMS_JSON_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// An object's text, or why it could not be cut out.
struct JsonPiece {
  std::string text;        ///< not yet parsed; empty if there is a fault
  std::uint64_t line = 0;  ///< of NDJSON, from 1; else 0
  std::uint64_t byte = 0;  ///< where it begins, from 0
  std::string path;        ///< "entry[3]" of a Bundle, "[3]" of a list; else empty
  std::string fault;       ///< what was expected, and what came
};

/// What one object may be.
struct JsonLimits {
  std::size_t bytes = std::size_t{1} << 24;  ///< far more than any claim has (some 100,000)
  std::size_t depth = 64;                    ///< brackets within brackets
};

/// Goes through a stream once. A Bundle is known by its list `entry`, whose objects are the pieces;
/// what else it has is left out. Only brackets and strings are looked at: whether a piece is JSON
/// shows when it is parsed.
class JsonPieces {
 public:
  /// The stream must outlive it. Whether it is NDJSON is seen from its first lines.
  explicit JsonPieces(ByteStream& stream, JsonLimits limits = {});

  /// The next object or fault; false at the end. After a fault the next line of NDJSON, or the next
  /// object, is tried. Throws Error if the stream cannot be read.
  bool next(JsonPiece& piece);

 private:
  // Each takes the next byte's part and says whether a piece, or a fault, is whole.
  bool step(char byte, JsonPiece& piece);
  bool end_of_line(JsonPiece& piece);
  bool end_of_file(JsonPiece& piece);
  bool between_objects(char byte, JsonPiece& piece);
  void open(char bracket, JsonPiece& piece);
  bool close();
  void begin(JsonPiece& piece);

  ByteStream& stream_;
  JsonLimits limits_;
  bool lines_ = false;          // NDJSON: an object ends with its line at the latest
  std::uint64_t line_ = 1;      // counted for NDJSON only
  std::uint64_t position_ = 0;  // of the next byte
  std::size_t depth_ = 0;       // brackets that are open
  std::size_t base_ = 0;        // as many as are open where pieces begin: more than 0 in a list
  std::uint64_t index_ = 0;     // of the next piece in the list
  bool in_piece_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_other_text_ = false;  // what is no JSON was refused once, up to the next object
  std::string key_;             // the last string directly within the outermost object
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_JSON_PIECES_H_
