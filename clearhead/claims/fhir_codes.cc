// Tables of addresses.
#include "clearhead/claims/fhir_codes.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "clearhead/claims/values.h"

namespace clearhead::claims {
namespace {

struct Named {
  std::string_view address;  // in small letters
  std::string_view name;
};

// Whole addresses.
constexpr auto kAddresses = std::to_array<Named>({
    {"http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"},
    {"urn:oid:2.16.840.1.113883.6.90", "ICD-10-CM"},
    {"http://www.cms.gov/medicare/coding/icd10", "ICD-10-PCS"},
    {"https://www.cms.gov/medicare/coding/icd10", "ICD-10-PCS"},
    {"http://hl7.org/fhir/sid/icd-10-pcs", "ICD-10-PCS"},
    {"urn:oid:2.16.840.1.113883.6.4", "ICD-10-PCS"},
    {"http://hl7.org/fhir/sid/icd-9-cm", "ICD-9-CM"},
    {"http://hl7.org/fhir/sid/icd-9-cm/diagnosis", "ICD-9-CM"},
    {"http://hl7.org/fhir/sid/icd-9-cm/procedure", "ICD-9-CM"},
    {"http://terminology.hl7.org/codesystem/icd9cm", "ICD-9-CM"},
    {"urn:oid:2.16.840.1.113883.6.103", "ICD-9-CM"},
    {"urn:oid:2.16.840.1.113883.6.104", "ICD-9-CM"},
    {"http://www.ama-assn.org/go/cpt", "HCPCS"},
    {"urn:oid:2.16.840.1.113883.6.12", "HCPCS"},
    {"urn:oid:2.16.840.1.113883.6.14", "HCPCS"},
    {"urn:oid:2.16.840.1.113883.6.285", "HCPCS"},
    {"http://hl7.org/fhir/sid/ndc", "NDC"},
    {"urn:oid:2.16.840.1.113883.6.69", "NDC"},
    {"http://snomed.info/sct", "SNOMED"},
    {"urn:oid:2.16.840.1.113883.6.96", "SNOMED"},
    {"http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"},
    {"urn:oid:2.16.840.1.113883.6.88", "RxNorm"},
    {"http://hl7.org/fhir/sid/cvx", "CVX"},
    {"urn:oid:2.16.840.1.113883.12.292", "CVX"},
});

// Last parts of addresses, under which several organizations publish the same codes.
constexpr auto kLastParts = std::to_array<Named>({
    {"hcpcs", "HCPCS"},
    {"hcpcsreleasecodesets", "HCPCS"},
    {"hcpcs-all-codes", "HCPCS"},
    {"hcpcs_cd", "HCPCS"},
    {"revenuecodes", "NUBC"},
    {"rev_cntr", "NUBC"},
    {"clm-rev-cntr-cd", "NUBC"},
    {"hippscodes", "HIPPS"},
    {"ms-drg-classifications-and-software", "MS-DRG"},
    {"clm_drg_cd", "MS-DRG"},
});

template <typename Table>
std::string_view name_in(const Table& table, std::string_view address) {
  const auto found = std::ranges::find(table, address, &Named::address);
  return found == table.end() ? std::string_view() : found->name;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  return small;
}

/// A National Drug Code has labeler, product and package; its ten digits (4-4-2, 5-3-2, 5-4-1) are
/// written as 5-4-2 in claims, with zeros before (21 CFR 207.33; NCPDP).
std::string eleven_digits(const std::string& ndc) {
  constexpr std::array<std::size_t, 3> widths{5, 4, 2};
  std::string digits;
  std::size_t part = 0, begin = 0;
  while (begin <= ndc.size() && part < widths.size()) {
    const std::size_t end = std::min(ndc.find('-', begin), ndc.size());
    const std::size_t size = end - begin;
    if (size > widths[part]) return ndc;
    digits += std::string(widths[part] - size, '0') + ndc.substr(begin, size);
    begin = end + 1;
    ++part;
  }
  return part == widths.size() && begin > ndc.size() ? digits : ndc;
}

}  // namespace

std::string last_part(std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  const std::size_t slash = address.find_last_of("/#");
  if (slash != std::string_view::npos) address.remove_prefix(slash + 1);
  return in_small_letters(address);
}

std::string code_system_at(std::string_view address, CodeUse use) {
  std::string small = in_small_letters(address);
  while (small.ends_with('/')) small.pop_back();
  if (small == "http://hl7.org/fhir/sid/icd-10" || small == "urn:oid:2.16.840.1.113883.6.3") {
    return use == CodeUse::diagnosis ? "ICD-10-CM" : "ICD-10-PCS";
  }
  std::string_view name = name_in(kAddresses, small);
  if (name.empty()) name = name_in(kLastParts, last_part(small));
  return std::string(name.empty() ? address : name);
}

Code fhir_code(std::string_view address, std::string_view value, CodeUse use) {
  Code code{code_system_at(address, use), plain_code(value)};
  if (code.system == "NDC" && code.value.find('-') != std::string::npos) {
    code.value = eleven_digits(code.value);
  } else if (code.system == "NUBC" && code.value.size() < 4) {
    code.value.insert(0, 4 - code.value.size(), '0');
  }
  return code;
}

bool is_placeholder(std::string_view address) {
  const std::string part = last_part(address);
  return part == "data-absent-reason" || part == "v3-nullflavor" || part == "c4bbcompoundliteral";
}

}  // namespace clearhead::claims
