// The envelope: ISA … IEA around groups GS … GE around transaction sets ST … SE. Each says at its
// end how much it has, and who it is; what does not agree is warned of.
#include "clearhead/claims/x12.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/claims/x12_segments_internal.h"
#include "clearhead/claims/x12_set_internal.h"
#include "clearhead/claims/x12_values_internal.h"

namespace clearhead::claims {
namespace {

// One of the three envelopes.
struct Envelope {
  const char* begin;  // the segment that begins it
  const char* end;    // that which ends it
  const char* parts;  // what that counts
  bool open;
  std::string number;  // its control number
  std::int64_t count;  // of its parts until now
};

class X12Reader {
 public:
  X12Reader(ByteStream& stream, const ClaimSink& sink) : segments_(stream), output_(sink) {}

  ReadSummary read();

 private:
  void take(X12Segment& segment);
  void begin_interchange(const X12Segment& isa);
  void begin_group(const X12Segment& gs);
  void begin_set(const X12Segment& st);
  void begin(Envelope& envelope, const X12Segment& segment, std::size_t number);
  void end(Envelope& envelope, const X12Segment& segment);
  void end_set();
  void expect_closed(Envelope& envelope, const X12Segment& segment);
  void warn_of_guess(const X12Segment& segment);

  X12Segments segments_;
  X12Output output_;
  Envelope interchange_{"ISA", "IEA", "groups", false, "", 0};
  Envelope group_{"GS", "GE", "transaction sets", false, "", 0};
  Envelope set_{"ST", "SE", "segments", false, "", 0};
  std::string implementation_;      // of the group
  std::unique_ptr<X12Set> claims_;  // of the transaction set, if it has any
  std::string said_;                // sets without claims that were warned of
};

// Whether this can be a segment's identifier: N4, CLM.
bool is_identifier(std::string_view id) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return (id.size() == 2 || id.size() == 3) && capital(id[0]) &&
         std::all_of(id.begin(), id.end(), [&](char c) { return capital(c) || digit(c); });
}

ReadSummary X12Reader::read() {
  X12Segment segment;
  while (segments_.next(segment)) take(segment);
  if (claims_) claims_->end(/*cut_off=*/true);
  for (const Envelope* envelope : {&set_, &group_, &interchange_}) {
    if (!envelope->open) continue;
    output_.warning({segment.file, 0, segment.byte, std::string(segment.id())},
                    fmt::format("expected {} before the end of the file", envelope->end));
  }
  return output_.summary();
}

void X12Reader::take(X12Segment& segment) {
  if (set_.open) ++set_.count;
  const std::string_view id = segment.id();
  if (id == "ISA") {
    begin_interchange(segment);
  } else if (id == "GS") {
    begin_group(segment);
  } else if (id == "ST") {
    begin_set(segment);
  } else if (id == "SE") {
    end_set();
    end(set_, segment);
  } else if (id == "GE") {
    expect_closed(set_, segment);
    end(group_, segment);
  } else if (id == "IEA") {
    expect_closed(group_, segment);
    end(interchange_, segment);
  } else if (!is_identifier(id)) {
    output_.warning({segment.file, 0, segment.byte, ""},
                    "expected a segment's identifier, such as CLM, got other text; the segment is "
                    "left out");
  } else if (claims_) {
    claims_->take(segment);
  }
}

// Begins

void X12Reader::begin_interchange(const X12Segment& isa) {
  expect_closed(interchange_, isa);
  if (!segments_.delimiters_known()) warn_of_guess(isa);
  begin(interchange_, isa, 13);
}

void X12Reader::begin_group(const X12Segment& gs) {
  expect_closed(group_, gs);
  if (!interchange_.open && !segments_.delimiters_known()) warn_of_guess(gs);
  ++interchange_.count;
  begin(group_, gs, 6);
  implementation_ = gs[8];
}

void X12Reader::begin_set(const X12Segment& st) {
  expect_closed(set_, st);
  if (!interchange_.open && !group_.open && !segments_.delimiters_known()) warn_of_guess(st);
  ++group_.count;
  begin(set_, st, 2);
  set_.count = 1;
  const X12Guide guide{std::string(st[1]), std::string(st[3].empty() ? implementation_ : st[3])};
  output_.format(without_controls(guide.format()));
  if (guide.set == "837") {
    claims_ = x12_bills(guide, output_);
  } else if (guide.set == "835") {
    claims_ = x12_answers(guide, output_);
  } else if (said_.find(guide.set + ";") == std::string::npos) {
    said_ += guide.set + ";";
    output_.warning(st.place(1), "a transaction set " + without_controls(guide.set) +
                                     " holds no claims; 837 and 835 do");
  }
}

void X12Reader::begin(Envelope& envelope, const X12Segment& segment, std::size_t number) {
  envelope.open = true;
  envelope.number = segment[number];
  envelope.count = 0;
}

void X12Reader::warn_of_guess(const X12Segment& segment) {
  const X12Delimiters& used = segment.delimiters;
  const auto name = [](char c) { return c == '\n' ? std::string("line ends") : std::string(1, c); };
  output_.warning(segment.place(),
                  fmt::format("expected ISA with 16 elements, which says what separates them; read "
                              "with the usual {} {} {}",
                              used.element, used.component, name(used.terminator)));
}

// Ends

void X12Reader::end_set() {
  if (claims_) claims_->end(/*cut_off=*/false);
  claims_.reset();
}

void X12Reader::end(Envelope& envelope, const X12Segment& segment) {
  if (!envelope.open) {
    output_.warning(segment.place(), fmt::format("expected {} before it", envelope.begin));
    return;
  }
  envelope.open = false;
  const std::string count = std::to_string(envelope.count);
  const std::string_view said = segment[1];
  const std::string_view digits = said.substr(std::min(said.find_first_not_of('0'), said.size()));
  if (digits != (count == "0" ? "" : count)) {
    output_.warning(
        segment.place(1),
        x12_fault(segment, 1, 0, fmt::format("the number of {}, {}", envelope.parts, count))
            .reason);
  }
  if (segment[2] != envelope.number) {
    output_.warning(segment.place(2),
                    x12_fault(segment, 2, 0, "the control number " + envelope.number).reason);
  }
}

// Ends what should have ended before `segment`, and what is open within that.
void X12Reader::expect_closed(Envelope& envelope, const X12Segment& segment) {
  if (&envelope == &interchange_) expect_closed(group_, segment);
  if (&envelope == &group_) expect_closed(set_, segment);
  if (!envelope.open) return;
  if (&envelope == &set_) end_set();
  envelope.open = false;
  output_.warning(segment.place(), fmt::format("expected {} before", envelope.end));
}

}  // namespace

ReadSummary read_x12(ByteStream& stream, const ClaimSink& sink) {
  return X12Reader(stream, sink).read();
}

}  // namespace clearhead::claims
