// Elements of X12 as values with their places. What is not there has none; what is there but cannot
// be read is a fault of its claim.
#ifndef CLEARHEAD_CLAIMS_X12_VALUES_INTERNAL_H_
#define CLEARHEAD_CLAIMS_X12_VALUES_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/x12_segments_internal.h"

namespace clearhead::claims {

/// The system of X12's groups of diagnoses: its list of them (code source 229) is that of CMS.
inline constexpr const char* kX12Drg = "MS-DRG";

/// Thrown where an element cannot be read. It ends at the reader, who refuses the claim.
struct X12Fault {
  Place place;         ///< of the element
  std::string reason;  ///< what was expected, and what came
};

/// A fault of an element, or of one of its components: "expected a number, got \"x\"".
X12Fault x12_fault(const X12Segment& segment, std::size_t element, std::size_t component,
                   const std::string& expected);

/// The words of an element or component.
Field<std::string> x12_text(const X12Segment& segment, std::size_t element,
                            std::size_t component = 0);
/// An amount.
Field<Money> x12_money(const X12Segment& segment, std::size_t element);
/// A quantity.
Field<double> x12_number(const X12Segment& segment, std::size_t element);
/// A whole number, even if it is written as 1.00.
Field<std::int64_t> x12_count(const X12Segment& segment, std::size_t element,
                              std::size_t component = 0);
/// A day as CCYYMMDD, behind which a time may stand.
Field<Date> x12_date(const X12Segment& segment, std::size_t element, std::size_t component = 0);

/// One or two days.
struct X12Dates {
  Field<Date> from, to;
};

/// What DTP says: its second element is the form, D8, DT (with a time) or RD8 (from-to), its third
/// the value.
X12Dates x12_dates(const X12Segment& dtp);

/// Whose code it is, and what it does: a procedure with its modifiers (C003), "HC:99213:25".
struct X12Procedure {
  Field<Code> code;
  std::vector<Field<std::string>> modifiers;
};

/// A procedure in an element, which must have one.
X12Procedure x12_procedure(const X12Segment& segment, std::size_t element);

/// A revenue code: four digits, of which some leave out the first 0.
Field<Code> x12_revenue(const X12Segment& segment, std::size_t element);

/// Adds to a claim what an element of HI says: a diagnosis, a procedure, or its DRG.
void add_x12_code(const X12Segment& hi, std::size_t element, Claim& claim);

/// Adds the adjustments of CAS: a group, then up to six times reason, amount and quantity.
void add_x12_adjustments(const X12Segment& cas, std::vector<Adjustment>& adjustments);

/// The value, which must be there: else a fault that says so. `what` is "an amount".
template <typename T>
Field<T> x12_required(Field<T> field, const std::string& what) {
  if (!field) throw X12Fault{field.place, "expected " + what + ", got nothing"};
  return field;
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_X12_VALUES_INTERNAL_H_
