// A transaction set of X12, from ST to SE, as claims: what bills (837) and answers (835) share. A
// claim is in memory at a time; what cannot be read of it refuses that claim and no other.
#ifndef CLEARHEAD_CLAIMS_X12_SET_INTERNAL_H_
#define CLEARHEAD_CLAIMS_X12_SET_INTERNAL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/x12_segments_internal.h"
#include "clearhead/claims/x12_values_internal.h"

namespace clearhead::claims {

/// By which guide a transaction set was written.
struct X12Guide {
  std::string set;             ///< "837", "835", …
  std::string implementation;  ///< "005010X222A1"; empty if it is not said

  /// What an 837 bills: X098 and X222 professional, X096 and X223 institutional, X097 and X224
  /// dental.
  std::optional<ClaimType> type() const;
  /// "X12 837P 5010".
  std::string format() const;
};

/// What is read goes through here, and is counted.
class X12Output {
 public:
  /// To `sink`, which outlives it.
  explicit X12Output(const ClaimSink& sink) : sink_(sink) {}

  void claim(Claim&& claim);                                  ///< gives a claim
  void refusal(Refusal&& refusal);                            ///< gives a refusal
  void provider_adjustment(ProviderAdjustment&& adjustment);  ///< gives what PLB says
  void warning(const Place& place, const std::string& text);  ///< warns
  void format(const std::string& format);                     ///< adds a format, once
  const ReadSummary& summary() const { return summary_; }     ///< what was given until now

 private:
  const ClaimSink& sink_;
  ReadSummary summary_;
};

/// Reads a transaction set.
class X12Set {
 public:
  X12Set(X12Guide guide, X12Output& output) : guide_(std::move(guide)), output_(output) {}
  virtual ~X12Set() = default;

  /// Takes a segment between ST and SE.
  void take(X12Segment& segment);
  /// Ends the set. If it was cut off, its last claim is refused, which may have lost something.
  void end(bool cut_off);

 protected:
  /// Reads a segment. May throw X12Fault.
  virtual void read(const X12Segment& segment) = 0;
  /// Says of a whole claim what follows from its parts.
  virtual void complete(Claim& claim) = 0;

  /// Gives the claim that is open, and opens another, whose number is in an element.
  Claim& begin_claim(const X12Segment& segment, std::size_t number);
  /// Gives the claim that is open, if one is.
  void end_claim();
  /// The claim that is open, or none.
  Claim* claim() { return claim_ ? &*claim_ : nullptr; }

  const X12Guide& guide() const { return guide_; }
  X12Output& output() { return output_; }

 private:
  void mend_separator(X12Segment& segment);

  X12Guide guide_;
  X12Output& output_;
  std::optional<Claim> claim_;
  std::optional<Refusal> refusal_;  // of that claim
  int segments_ = 0;                // of that claim
  char component_ = 0;              // the separator of components that is used, against ISA
};

/// Reads an 837: bills of professionals, institutions and dentists.
std::unique_ptr<X12Set> x12_bills(const X12Guide& guide, X12Output& output);
/// Reads an 835: what was paid, and why not all.
std::unique_ptr<X12Set> x12_answers(const X12Guide& guide, X12Output& output);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_X12_SET_INTERNAL_H_
