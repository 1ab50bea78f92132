// Values of claims in the strict forms of X12 and FHIR. What cannot be read is none: who calls says
// what was expected, and where.
#ifndef CLEARHEAD_CLAIMS_VALUES_H_
#define CLEARHEAD_CLAIMS_VALUES_H_

#include <optional>
#include <string>
#include <string_view>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// A decimal number, such as "-12.50", ".5" or "3"; at most 15 digits before the point.
std::optional<double> read_number(std::string_view text);

/// A decimal number as money: exact to the cent, what is below it rounded, halves away from 0.
std::optional<Money> read_money(std::string_view text);

/// A day that the calendar has: "2024-07-31", which a time may follow after a T, or "20240731".
std::optional<Date> read_date(std::string_view text);

/// A code without dots and blanks: "I10.9 " is I109.
std::string plain_code(std::string_view text);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_VALUES_H_
