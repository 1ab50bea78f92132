// The header of a claim: https://hl7.org/fhir/R4/claim.html, explanationofbenefit.html, the same of
// STU3, CARIN Blue Button 2.0 and CMS Blue Button, which put much into lists of "information".
#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "clearhead/claims/fhir_claim_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::array<std::string_view, 3> kDiagnoses{"ICD-10-CM", "ICD-9-CM", "SNOMED"};
constexpr std::array<std::string_view, 4> kProcedures{"ICD-10-PCS", "ICD-9-CM", "HCPCS", "SNOMED"};
constexpr std::array<std::string_view, 1> kGroups{"MS-DRG"};

bool has(const std::vector<std::string>& words, std::initializer_list<std::string_view> wanted) {
  return std::ranges::any_of(
      wanted, [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); });
}

std::string system_of(const JsonNode& coding) {
  return last_part(coding["system"].text().value.value_or(""));
}

/// The code of a coding of the system that ends in `name`.
Field<std::string> code_of_system(const JsonNode& concept_node, std::string_view name) {
  for (const JsonNode& coding : concept_node["coding"].elements()) {
    if (system_of(coding) == name) return coding["code"].text();
  }
  return {std::nullopt, concept_node.place()};
}

/// The code of the first information of a category, such as "drg".
JsonNode information(const JsonNode& resource, std::string_view category) {
  const JsonNode list = resource.either("supportingInfo", "information");
  for (const JsonNode& entry : list.elements()) {
    if (has(words_in(entry["category"]), {category})) return entry["code"];
  }
  return list.none(category);
}

// Who

JsonNode contained(const JsonNode& resource, std::string_view id) {
  for (const JsonNode& node : resource["contained"].elements()) {
    if (node["id"].text().value == id) return node;
  }
  return resource.none("contained");
}

Field<std::string> identifier_in(const JsonNode& resource) {
  Field<std::string> first{std::nullopt, resource.place()};
  for (const JsonNode& identifier : resource["identifier"].elements()) {
    Field<std::string> value = identifier["value"].text();
    if (value && system_of(identifier) == "us-npi") return value;
    if (!first) first = std::move(value);
  }
  return first;
}

/// Who a reference means, by number: of the party itself, or else of its resource.
Field<std::string> party(const JsonNode& resource, const JsonNode& reference) {
  if (!reference) return {std::nullopt, reference.place()};
  if (Field<std::string> number = reference["identifier"]["value"].text()) return number;
  Field<std::string> text = reference["reference"].text();
  if (!text) return text;
  if (text->starts_with('#')) {
    const Field<std::string> number = identifier_in(contained(resource, text->substr(1)));
    if (number) return number;
    text.value = text->substr(1);
  } else {
    text.value = std::string(id_in_reference(*text));
  }
  return text;
}

Member member_of(const JsonNode& resource, const FhirReferences& references) {
  const JsonNode patient = resource["patient"];
  Field<std::string> reference = patient["reference"].text();
  Member member;
  if (!reference) {
    member.id = patient["identifier"]["value"].text();
    return member;
  }
  if (reference->starts_with('#')) {
    const JsonNode node = contained(resource, reference->substr(1));
    if (node) member = read_fhir_patient(node);
    member.id = party(resource, patient);
    return member;
  }
  if (const Member* known = references.patient(*reference)) member = *known;
  member.id = {std::string(id_in_reference(*reference)), reference.place};
  return member;
}

/// A taxonomy code if there is one, else another code of a specialty.
Field<std::string> specialty_in(const JsonNode& qualification) {
  Field<std::string> taxonomy = code_of_system(qualification, "provider-taxonomy");
  return taxonomy ? taxonomy : plain_code_in(qualification);
}

std::vector<FhirCareTeamMember> care_team_of(const JsonNode& resource) {
  std::vector<FhirCareTeamMember> team;
  for (const JsonNode& node : resource["careTeam"].elements()) {
    team.push_back({.sequence = node["sequence"].integer().value.value_or(0),
                    .provider = party(resource, node["provider"]),
                    .specialty = specialty_in(node["qualification"]),
                    .treats = has(words_in(node["role"]),
                                  {"primary", "performing", "rendering", "attending"})});
  }
  return team;
}

void read_provider(const JsonNode& resource, const std::vector<FhirCareTeamMember>& team,
                   Claim& claim) {
  claim.provider = party(resource, resource["provider"]);
  if (!claim.provider) claim.provider = party(resource, resource["organization"]);  // STU3
  for (const bool treats : {true, false}) {
    for (const FhirCareTeamMember& member : team) {
      if (member.treats != treats) continue;
      if (!claim.provider && member.provider) claim.provider = member.provider;
      if (!claim.specialty && member.specialty) claim.specialty = member.specialty;
    }
  }
  claim.facility = party(resource, resource["facility"]);
}

// What kind

/// Blue Button's record types tell more than HL7's, under which it has claims of outpatient
/// hospitals as professional.
Field<ClaimType> type_of(const JsonNode& type) {
  struct Word {
    std::string_view word;
    ClaimType type;
  };
  using enum ClaimType;
  constexpr auto kRecords = std::to_array<Word>({
      {"10", institutional},
      {"20", institutional},
      {"30", institutional},
      {"40", institutional},
      {"50", institutional},
      {"60", institutional},
      {"61", institutional},
      {"62", institutional},
      {"63", institutional},
      {"64", institutional},
      {"71", professional},
      {"72", professional},
      {"81", professional},
      {"82", professional},
  });
  constexpr auto kWords = std::to_array<Word>({
      {"carrier", professional},
      {"dme", professional},
      {"inpatient", institutional},
      {"outpatient", institutional},
      {"hha", institutional},
      {"hospice", institutional},
      {"snf", institutional},
      {"pde", pharmacy},
      {"professional", professional},
      {"institutional", institutional},
      {"pharmacy", pharmacy},
      {"oral", dental},
      {"vision", vision},
  });
  Field<ClaimType> best{std::nullopt, type.place()};
  std::size_t best_rank = 1 + kWords.size();
  for (const JsonNode& coding : type["coding"].elements()) {
    const Field<std::string> code = coding["code"].text();
    if (!code) continue;
    const std::string system = system_of(coding);
    if (system == "nch_clm_type_cd" || system == "clm-type-cd") {
      const auto record = std::ranges::find(kRecords, *code, &Word::word);
      if (record != kRecords.end()) return {record->type, code.place};
    }
    const auto word = std::ranges::find(kWords, last_part(*code), &Word::word);
    const auto rank = static_cast<std::size_t>(word - kWords.begin());
    if (word == kWords.end() || rank >= best_rank) continue;
    best_rank = rank;
    best = {word->type, code.place};
  }
  return best;
}

/// The type of bill: one code, or the three parts that it is made of.
Field<std::string> type_of_bill(const JsonNode& resource) {
  const JsonNode code = information(resource, "typeofbill");
  Field<std::string> bill = code_of_system(code, "typeofbill");
  if (!bill) bill = plain_code_in(code);
  if (bill) {
    if (bill->size() == 4 && bill->front() == '0') bill.value = bill->substr(1);
    return bill;
  }
  Field<std::string> facility =
      extension_of(resource["facility"], "clm_fac_type_cd")["valueCoding"]["code"].text();
  const Field<std::string> service = code_of_system(resource["type"], "clm_srvc_clsfctn_type_cd");
  const Field<std::string> frequency = plain_code_in(information(resource, "clm_freq_cd"));
  if (!facility || !service || !frequency) return {std::nullopt, code.place()};
  facility.value = *facility + *service + *frequency;
  return facility;
}

/// An answer's outcome, unless the resource itself is not active.
Field<std::string> status_of(const JsonNode& resource) {
  Field<std::string> status = resource["status"].text();
  const JsonNode outcome = resource["outcome"];  // of STU3 a CodeableConcept
  if (!outcome || (status && *status != "active")) return status;
  return outcome.is_object() ? plain_code_in(outcome) : outcome.text();
}

/// Where the claim was: as it says, or as its lines say, of which only others keep their own.
void read_service_place(const JsonNode& resource, Claim& claim) {
  claim.service_place = type_of_bill(resource);
  if (claim.service_place) {
    if (claim.service_place->size() != 3) return;
    claim.frequency = {claim.service_place->substr(2), claim.service_place.place};
    return;
  }
  for (Line& line : claim.lines) {
    if (!claim.service_place) claim.service_place = line.service_place;
    if (line.service_place.value == claim.service_place.value) line.service_place.value.reset();
  }
}

/// Without a period of its own, a claim is as long as its lines.
void read_period(const JsonNode& resource, Claim& claim) {
  const JsonNode period = resource["billablePeriod"];
  claim.from = period["start"].date();
  claim.to = period["end"].date();
  take_dates_of_lines(claim);
}

// Why

DiagnosisRole role_of(const std::vector<std::string>& words) {
  if (has(words, {"principal"})) return DiagnosisRole::principal;
  if (has(words, {"admitting"})) return DiagnosisRole::admitting;
  if (has(words, {"patientreasonforvisit"})) return DiagnosisRole::reason_for_visit;
  if (has(words, {"externalcauseofinjury", "external-cause"})) return DiagnosisRole::external_cause;
  return DiagnosisRole::other;
}

Field<Code> diagnosis_code(const JsonNode& resource, const JsonNode& node,
                           const FhirReferences& references) {
  const JsonNode reference = node["diagnosisReference"];
  if (!reference) return code_in(node["diagnosisCodeableConcept"], kDiagnoses, CodeUse::diagnosis);
  const std::string text = reference["reference"].text().value.value_or("");
  if (text.starts_with('#')) return read_fhir_condition(contained(resource, text.substr(1)));
  const Field<Code>* known = references.condition(text);
  return known != nullptr ? *known : Field<Code>{std::nullopt, reference.place()};
}

void read_diagnoses(const JsonNode& resource, const FhirReferences& references,
                    const FhirWarning& warn, Claim& claim, FhirNumbered& numbered) {
  bool has_roles = false;
  for (const JsonNode& node : resource["diagnosis"].elements()) {
    if (!claim.drg) claim.drg = code_in(node["packageCode"], kGroups, CodeUse::diagnosis);
    Diagnosis diagnosis;
    diagnosis.code = diagnosis_code(resource, node, references);
    if (!diagnosis.code) {
      if (!node["packageCode"]) {
        warn(diagnosis.code.place, "expected the code of a diagnosis, got none; it is left out");
      }
      continue;
    }
    std::vector<std::string> words;
    for (const JsonNode& type : node["type"].elements()) {
      std::ranges::move(words_in(type), std::back_inserter(words));
    }
    has_roles = has_roles || !words.empty();
    diagnosis.role = role_of(words);
    diagnosis.present_on_admission = plain_code_in(node["onAdmission"]);
    claim.diagnoses.push_back(std::move(diagnosis));
    const auto place = static_cast<std::int64_t>(claim.diagnoses.size());
    numbered.diagnoses.emplace(node["sequence"].integer().value.value_or(place), place);
  }
  if (!has_roles && !claim.diagnoses.empty()) {
    claim.diagnoses.front().role = DiagnosisRole::principal;
  }
}

void read_procedures(const JsonNode& resource, Claim& claim) {
  for (const JsonNode& node : resource["procedure"].elements()) {
    Field<Code> code = code_in(node["procedureCodeableConcept"], kProcedures, CodeUse::procedure);
    if (code) claim.procedures.push_back(std::move(code));
  }
}

/// Throws JsonFault for what is no bill.
void check_use(const JsonNode& resource) {
  const JsonNode use = resource["use"];  // of STU3 also "complete", "proposed", …
  const std::string word = use.text().value.value_or("claim");
  if (word == "preauthorization" || word == "predetermination" || word == "proposed") {
    use.fail("claim, since else nothing was billed");
  }
  const JsonNode status = resource["status"];
  if (status && *status.text() == "entered-in-error") {
    status.fail("a status by which the resource holds");
  }
}

}  // namespace

std::string_view id_in_reference(std::string_view reference) {
  reference = reference.substr(0, reference.find("/_history/"));
  const std::size_t end = reference.find_last_of("/:|");
  return end == std::string_view::npos ? reference : reference.substr(end + 1);
}

Field<std::string> read_fhir_claim_id(const JsonNode& resource) {
  Field<std::string> first;
  for (const JsonNode& identifier : resource["identifier"].elements()) {
    Field<std::string> value = identifier["value"].text();
    if (!value) continue;
    const std::string system = system_of(identifier);
    if (has(words_in(identifier["type"]), {"uc"}) || system == "clm_id" || system == "pde_id") {
      return value;
    }
    if (!first && system != "claim-group") first = std::move(value);
  }
  return first ? first : resource["id"].text();
}

Member read_fhir_patient(const JsonNode& resource) {
  Member member;
  member.id = resource["id"].text();
  member.birth_date = resource["birthDate"].date();
  member.sex = resource["gender"].text();
  if (member.sex.value == "male") member.sex.value = "M";
  if (member.sex.value == "female") member.sex.value = "F";
  if (member.sex.value == "unknown") member.sex.value = "U";
  for (const JsonNode& address : resource["address"].elements()) {
    if (!member.state) member.state = address["state"].text();
  }
  return member;
}

Field<Code> read_fhir_condition(const JsonNode& resource) {
  return code_in(resource["code"], kDiagnoses, CodeUse::diagnosis);
}

bool is_stu3(const JsonNode& resource) {
  for (const char* name : {"information", "totalCost", "totalBenefit", "organization",
                           "hospitalization", "employmentImpacted"}) {
    if (resource[name]) return true;
  }
  for (const JsonNode& item : resource["item"].elements()) {
    if (item["service"] || item["careTeamLinkId"] || item["diagnosisLinkId"]) return true;
  }
  return false;
}

Claim read_fhir_claim(const JsonNode& resource, const FhirReferences& references,
                      const FhirWarning& warn) {
  check_use(resource);
  Claim claim;
  claim.place = resource.place();
  claim.id = read_fhir_claim_id(resource);
  if (!claim.id) warn(claim.place, "expected an identifier or id of the claim, got none");
  claim.member = member_of(resource, references);
  claim.type = type_of(resource["type"]);
  claim.status = status_of(resource);
  FhirNumbered numbered{.care_team = care_team_of(resource), .diagnoses = {}};
  read_provider(resource, numbered.care_team, claim);
  read_diagnoses(resource, references, warn, claim, numbered);
  const Field<Code> drg = code_in(information(resource, "drg"), kGroups, CodeUse::diagnosis);
  if (drg) claim.drg = drg;
  read_procedures(resource, claim);
  read_fhir_lines(resource, numbered, warn, claim);
  if (claim.lines.empty() && claim.diagnoses.empty()) {
    resource["item"].fail("items or diagnoses");
  }
  read_service_place(resource, claim);
  read_period(resource, claim);
  read_fhir_totals(resource, claim);
  return claim;
}

}  // namespace clearhead::claims
