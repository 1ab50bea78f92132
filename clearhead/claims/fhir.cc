// Goes through the resources of a stream, and hands claims on.
#include "clearhead/claims/fhir.h"

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "clearhead/claims/fhir_claim_internal.h"
#include "clearhead/claims/json_pieces.h"

namespace clearhead::claims {
namespace {

using Json = nlohmann::json;

/// Gets the resources of a stream, and what is none.
struct Visitor {
  std::function<void(const Json& resource, const std::string& full_url, const Place& place)>
      resource;
  std::function<void(const Place& place, const std::string& reason)> fault;
};

/// A resource, or those of a Bundle within a Bundle.
void visit_resource(const Json& json, const std::string& full_url, const Place& place,
                    const Visitor& visitor);

void visit_entry(const Json& entry, const Place& place, const Visitor& visitor) {
  const auto resource = entry.find("resource");
  if (resource == entry.end()) return;  // of a list, or what a server did
  const auto url = entry.find("fullUrl");
  Place inner = place;
  inner.part += ".resource";
  visit_resource(*resource, url != entry.end() && url->is_string() ? url->get<std::string>() : "",
                 inner, visitor);
}

void visit_resource(const Json& json, const std::string& full_url, const Place& place,
                    const Visitor& visitor) {
  const auto type = json.is_object() ? json.find("resourceType") : json.end();
  if (!json.is_object() || type == json.end() || !type->is_string()) {
    visitor.fault(place, "expected a FHIR resource, whose resourceType says what it is; got none");
  } else if (*type == "Bundle") {
    const auto entries = json.find("entry");
    if (entries == json.end() || !entries->is_array()) return;
    for (std::size_t i = 0; i < entries->size(); ++i) {
      Place inner = place;
      inner.part += ".entry[" + std::to_string(i) + "]";
      if ((*entries)[i].is_object()) visit_entry((*entries)[i], inner, visitor);
    }
  } else {
    visitor.resource(json, full_url, place);
  }
}

/// Whether a piece is worth parsing: it may have one of the types, or no type at all.
bool may_have(const std::string& text, std::span<const std::string_view> types) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string::npos; };
  return std::ranges::any_of(types, has) || !has("\"resourceType\"");
}

/// Visits at least the resources of the types, which are in quotes.
void visit(ByteStream& stream, std::span<const std::string_view> types, const Visitor& visitor) {
  JsonPieces pieces(stream);
  JsonPiece piece;
  while (pieces.next(piece)) {
    if (!may_have(piece.text, types)) continue;
    const Place place{stream.name(), piece.line, piece.byte, piece.path};
    Json json;
    try {
      json = parsed(piece, place);
    } catch (const JsonFault& fault) {
      visitor.fault(fault.place, fault.reason);
      continue;
    }
    if (piece.path.starts_with("entry")) {
      visit_entry(json, place, visitor);
    } else {
      visit_resource(json, "", place, visitor);
    }
  }
}

class Reader {
 public:
  Reader(const FhirReferences& references, const ClaimSink& sink)
      : references_(references), sink_(sink) {}

  ReadSummary read(ByteStream& stream);

 private:
  void read_resource(const Json& json, const Place& place);
  void refuse(Refusal refusal);
  void warn(const Place& place, const std::string& text);

  const FhirReferences& references_;
  const ClaimSink& sink_;
  ReadSummary summary_;
  std::set<std::string> formats_;
};

ReadSummary Reader::read(ByteStream& stream) {
  constexpr std::array<std::string_view, 3> kTypes{"\"Claim\"", "\"ExplanationOfBenefit\"",
                                                   "\"Bundle\""};
  visit(stream, kTypes,
        {.resource = [this](const Json& json, const std::string&,
                            const Place& place) { read_resource(json, place); },
         .fault =
             [this](const Place& place, const std::string& reason) {
               refuse({place, "", reason});
             }});
  for (const std::string& format : formats_) {
    summary_.format += (summary_.format.empty() ? "" : ", ") + format;
  }
  if (formats_.empty()) summary_.format = "FHIR";
  return summary_;
}

void Reader::read_resource(const Json& json, const Place& place) {
  const Json& type = json["resourceType"];
  if (type != "Claim" && type != "ExplanationOfBenefit") return;
  const JsonNode resource(json, place);
  std::string id;
  try {
    id = read_fhir_claim_id(resource).value.value_or("");
    formats_.insert(is_stu3(resource) ? "FHIR STU3" : "FHIR R4");
    Claim claim =
        read_fhir_claim(resource, references_,
                        [this](const Place& where, const std::string& text) { warn(where, text); });
    ++summary_.claims;
    summary_.lines += static_cast<std::int64_t>(claim.lines.size());
    if (sink_.claim) sink_.claim(std::move(claim));
  } catch (JsonFault& fault) {
    refuse({std::move(fault.place), std::move(id), std::move(fault.reason)});
  }
}

void Reader::refuse(Refusal refusal) {
  ++summary_.refusals;
  if (sink_.refusal) sink_.refusal(std::move(refusal));
}

void Reader::warn(const Place& place, const std::string& text) {
  ++summary_.warnings;
  if (sink_.warning) sink_.warning(place, text);
}

}  // namespace

ReadSummary read_fhir(ByteStream& stream, const FhirReferences& references, const ClaimSink& sink) {
  return Reader(references, sink).read(stream);
}

void FhirReferences::collect(ByteStream& stream) {
  constexpr std::array<std::string_view, 3> kTypes{"\"Patient\"", "\"Condition\"", "\"Bundle\""};
  const auto keep = [this](const Json& json, const std::string& full_url, const Place& place) {
    const Json& type = json["resourceType"];
    if (type != "Patient" && type != "Condition") return;
    const JsonNode resource(json, place);
    try {
      const std::string id = resource["id"].text().value.value_or("");
      for (const std::string& name : {full_url, id}) {  // the same, if people keep to the rules
        const std::string key(id_in_reference(name));
        if (key.empty()) continue;
        if (type == "Patient") patients_.insert_or_assign(key, read_fhir_patient(resource));
        if (type == "Condition") conditions_.insert_or_assign(key, read_fhir_condition(resource));
      }
    } catch (const JsonFault&) {
      return;
    }
  };
  visit(stream, kTypes, {.resource = keep, .fault = [](const Place&, const std::string&) {}});
}

const Member* FhirReferences::patient(std::string_view reference) const {
  const auto found = patients_.find(std::string(id_in_reference(reference)));
  return found == patients_.end() ? nullptr : &found->second;
}

const Field<Code>* FhirReferences::condition(std::string_view reference) const {
  const auto found = conditions_.find(std::string(id_in_reference(reference)));
  return found == conditions_.end() ? nullptr : &found->second;
}

}  // namespace clearhead::claims
