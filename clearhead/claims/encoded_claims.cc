// Fields to tokens, claim by claim.
#include "clearhead/claims/encoded_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <limits>
#include <utility>

#include "clearhead/base/hash.h"

namespace clearhead::claims {
namespace {

// No bill has more: an 837I has 25, and 16 of other roles. Each is read beside all others.
constexpr std::size_t kMostDiagnoses = 48;

Token narrow(std::int64_t token) { return static_cast<Token>(token); }

EncodedLine encode_line(const Line& line, const EncodedClaim& claim,
                        const ClaimVocabulary& vocabulary) {
  EncodedLine encoded;
  encoded.code = narrow(vocabulary.code(FieldKind::code, code_of(line)));
  encoded.units = narrow(vocabulary.number(FieldKind::units, line.units ? *line.units : -1));
  encoded.amount = narrow(vocabulary.missing(FieldKind::amount));
  if (line.charge) {
    encoded.amount = narrow(vocabulary.amount(encoded.code, cents_for_one(line)));
    encoded.charge = *line.charge;
  }
  std::size_t pointer = line.pointers.empty() ? 0 : static_cast<std::size_t>(line.pointers[0] - 1);
  if (pointer >= claim.diagnoses.size()) pointer = 0;
  encoded.diagnosis = claim.diagnoses.empty() ? narrow(vocabulary.missing(FieldKind::diagnosis))
                                              : claim.diagnoses[pointer];
  return encoded;
}

}  // namespace

void ClaimEncoder::add(const Claim& claim) {
  const std::string id = claim.member.id ? *claim.member.id : "";
  auto place = id.empty() ? places_.end() : places_.find(id);
  if (place == places_.end()) {
    if (!id.empty()) place = places_.emplace(id, members_.size()).first;
    members_.push_back({.id = id,
                        .split = split_of(claim),
                        .sex = narrow(vocabulary_.word(FieldKind::sex, claim.member.sex)),
                        .claims = {}});
  }
  MemberClaims& member = id.empty() ? members_.back() : members_[place->second];

  const Date day = claim.from ? *claim.from : Date{};
  EncodedClaim encoded;
  encoded.id = claim.id ? *claim.id : "";
  encoded.input = claims_++;
  encoded.day = static_cast<std::int32_t>(day.time_since_epoch().count());
  if (claim.provider) {
    encoded.provider = static_cast<std::uint32_t>(hash_of(*claim.provider));
  }
  encoded.type = narrow(
      vocabulary_.number(FieldKind::type, claim.type ? static_cast<double>(*claim.type) : -1));
  encoded.specialty = narrow(vocabulary_.word(FieldKind::specialty, claim.specialty));
  encoded.place = narrow(vocabulary_.word(FieldKind::place, claim.service_place));
  encoded.age = narrow(
      vocabulary_.number(FieldKind::age, age_on(claim.member, claim.from.value).value_or(-1)));
  const auto month = static_cast<unsigned>(std::chrono::year_month_day(day).month());
  encoded.month = narrow(vocabulary_.number(FieldKind::month, claim.from ? month : -1.0));
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (encoded.diagnoses.size() == kMostDiagnoses) break;
    encoded.diagnoses.push_back(narrow(vocabulary_.code(FieldKind::diagnosis, diagnosis.code)));
  }
  for (const Line& line : claim.lines) {
    encoded.lines.push_back(encode_line(line, encoded, vocabulary_));
    encoded.lines.back().number =
        static_cast<std::int32_t>(line.number ? *line.number : encoded.lines.size());
  }
  member.claims.push_back(std::move(encoded));
}

std::vector<MemberClaims> ClaimEncoder::take() {
  for (MemberClaims& member : members_) {
    std::stable_sort(member.claims.begin(), member.claims.end(),
                     [](const EncodedClaim& a, const EncodedClaim& b) { return a.day < b.day; });
    std::unordered_map<Token, std::uint16_t> times;
    for (EncodedClaim& claim : member.claims) {
      for (EncodedLine& line : claim.lines) line.times = times[line.code];
      for (const EncodedLine& line : claim.lines) {
        std::uint16_t& so_far = times[line.code];
        if (so_far < std::numeric_limits<std::uint16_t>::max()) ++so_far;
      }
    }
  }
  places_.clear();
  claims_ = 0;
  return std::exchange(members_, {});
}

std::string hash_of_claims(const std::vector<MemberClaims>& members) {
  std::uint64_t hash = 0;
  const auto add = [&hash](std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) hash = (hash ^ number) * 0x100000001b3;
  };
  for (const MemberClaims& member : members) {
    add({hash_of(member.id), hash_of(member.split), member.sex, member.claims.size()});
    for (const EncodedClaim& claim : member.claims) {
      add({hash_of(claim.id), static_cast<std::uint64_t>(claim.day), claim.provider, claim.type,
           claim.specialty, claim.place, claim.age, claim.month, claim.diagnoses.size()});
      for (const Token diagnosis : claim.diagnoses) add({diagnosis});
      for (const EncodedLine& line : claim.lines) {
        add({line.code, line.units, line.amount, line.diagnosis,
             static_cast<std::uint64_t>(line.number)});
      }
    }
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace clearhead::claims
