// Bills (837): below the billing provider stand its subscribers, below these their dependents, and
// below either the claims, whose lines come last. What a loop means depends on where it stands: the
// name IL is the member below HL, and a member of another payer's within a claim.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "clearhead/claims/values.h"
#include "clearhead/claims/x12_set_internal.h"

namespace clearhead::claims {
namespace {

class X12Bills : public X12Set {
 public:
  using X12Set::X12Set;

 private:
  // Which loop is open.
  enum class Loop { header, billing, subscriber, patient, claim, payers, line };

  void read(const X12Segment& segment) override;
  void complete(Claim& claim) override;

  void read_hl(const X12Segment& hl);
  void read_nm1(const X12Segment& nm1);
  void read_ref(const X12Segment& ref);
  void read_n4(const X12Segment& n4);
  void read_dmg(const X12Segment& dmg);
  void read_prv(const X12Segment& prv);
  void read_clm(const X12Segment& clm);
  void read_hi(const X12Segment& hi);
  void read_dtp(const X12Segment& dtp);
  void read_sbr(const X12Segment& sbr);
  void read_cas(const X12Segment& cas);
  void read_amt(const X12Segment& amt);
  void read_hcp(const X12Segment& hcp);
  void read_lx(const X12Segment& lx);
  void read_sv1(const X12Segment& sv1);
  void read_sv2(const X12Segment& sv2);
  void read_sv3(const X12Segment& sv3);
  void read_lin(const X12Segment& lin);
  void read_svd(const X12Segment& svd);

  bool in_claim() const { return loop_ == Loop::claim || loop_ == Loop::payers; }
  Member* person();
  Member member() const;
  Line& begin_line(const X12Segment& segment);
  Line& service(const X12Segment& segment, ClaimType type);
  void read_pointers(const X12Segment& segment, std::size_t element, Line& line);

  Loop loop_ = Loop::header;
  std::string entity_;  // whom the last NM1 of the loop names
  std::string billing_hl_, subscriber_hl_;
  Field<std::string> billing_provider_, billing_specialty_;
  Member subscriber_;
  std::optional<Member> patient_;  // a dependent of the subscriber
  Field<std::string> rendering_;   // of the claim that is open
  bool line_has_service_ = false;  // the last line has its SV1, SV2 or SV3
  bool warned_of_parents_ = false, warned_of_type_ = false;
};

void X12Bills::read(const X12Segment& segment) {
  using Read = void (X12Bills::*)(const X12Segment&);
  static const std::unordered_map<std::string_view, Read> kReads = {
      {"HL", &X12Bills::read_hl},   {"NM1", &X12Bills::read_nm1}, {"REF", &X12Bills::read_ref},
      {"N4", &X12Bills::read_n4},   {"DMG", &X12Bills::read_dmg}, {"PRV", &X12Bills::read_prv},
      {"CLM", &X12Bills::read_clm}, {"HI", &X12Bills::read_hi},   {"DTP", &X12Bills::read_dtp},
      {"SBR", &X12Bills::read_sbr}, {"CAS", &X12Bills::read_cas}, {"AMT", &X12Bills::read_amt},
      {"HCP", &X12Bills::read_hcp}, {"LX", &X12Bills::read_lx},   {"SV1", &X12Bills::read_sv1},
      {"SV2", &X12Bills::read_sv2}, {"SV3", &X12Bills::read_sv3}, {"LIN", &X12Bills::read_lin},
      {"SVD", &X12Bills::read_svd},
  };
  const auto found = kReads.find(segment.id());
  if (found != kReads.end()) (this->*found->second)(segment);
}

// Whose loops these are, and their claims

void X12Bills::read_hl(const X12Segment& hl) {
  end_claim();
  entity_.clear();
  const std::string_view level = hl[3];
  const std::string* parent = nullptr;
  if (level == "20") {
    loop_ = Loop::billing;
    billing_hl_ = hl[1];
    billing_provider_ = billing_specialty_ = {};
  } else if (level == "22") {
    loop_ = Loop::subscriber;
    subscriber_hl_ = hl[1];
    parent = &billing_hl_;
  } else if (level == "23") {
    loop_ = Loop::patient;
    parent = &subscriber_hl_;
  } else {
    loop_ = Loop::header;  // whose claims are nobody's that is known
    subscriber_ = {};
    patient_.reset();
    throw x12_fault(hl, 3, 0, "the level 20 (billing provider), 22 (subscriber) or 23 (patient)");
  }
  if (loop_ != Loop::patient) subscriber_ = {};
  patient_.reset();
  if (loop_ == Loop::patient) patient_.emplace();
  // Loops stand behind their parents, in every file that follows the standard: else it is not known
  // which is meant without keeping all.
  if (parent != nullptr && hl[2] != *parent && !warned_of_parents_) {
    warned_of_parents_ = true;
    const std::string expected = "the open loop above it, " + *parent;
    output().warning(hl.place(2),
                     x12_fault(hl, 2, 0, expected).reason + "; read as below the open one");
  }
}

// Who is described by what follows, if it is the member.
Member* X12Bills::person() {
  if (loop_ == Loop::subscriber && entity_ == "IL") return &subscriber_;
  if (loop_ == Loop::patient && entity_ == "QC") return &*patient_;
  return nullptr;
}

void X12Bills::read_nm1(const X12Segment& nm1) {
  entity_ = nm1[1];
  const Field<std::string> id = x12_text(nm1, 9);
  if (Member* member = person()) {
    member->id = id;
  } else if (loop_ == Loop::billing && entity_ == "85") {
    billing_provider_ = id;
  } else if (loop_ == Loop::claim && entity_ == "82") {
    rendering_ = id;
  } else if (loop_ == Loop::line && entity_ == "82" && id && claim() != nullptr) {
    claim()->lines.back().provider = id;
  } else if (loop_ == Loop::claim && claim() != nullptr &&
             (entity_ == "77" || entity_ == "FA" || entity_ == "LI" || entity_ == "TL")) {
    claim()->facility = id ? id : x12_text(nm1, 3);
  }
}

// A provider without a number of its own is known by that of its taxes.
void X12Bills::read_ref(const X12Segment& ref) {
  const bool taxes = ref[1] == "EI" || ref[1] == "SY" || ref[1] == "TJ";
  if (loop_ == Loop::billing && entity_ == "85" && taxes && !billing_provider_) {
    billing_provider_ = x12_text(ref, 2);
  }
}

void X12Bills::read_n4(const X12Segment& n4) {
  if (Member* member = person()) member->state = x12_text(n4, 2);
}

void X12Bills::read_dmg(const X12Segment& dmg) {
  Member* member = person();
  if (member == nullptr) return;
  member->sex = x12_text(dmg, 3);
  member->birth_date = x12_date(dmg, 2);
}

void X12Bills::read_prv(const X12Segment& prv) {
  if (loop_ == Loop::billing && prv[1] == "BI") {
    billing_specialty_ = x12_text(prv, 3);
  } else if (loop_ == Loop::claim && claim() != nullptr && (prv[1] == "PE" || prv[1] == "AT")) {
    claim()->specialty = x12_text(prv, 3);
  }
}

// Dependents without a number have that of their subscriber; the day of birth and the sex tell them
// apart.
Member X12Bills::member() const {
  if (!patient_ || patient_->id || !subscriber_.id) return patient_.value_or(subscriber_);
  Member member = *patient_;
  member.id = subscriber_.id;
  if (member.birth_date) *member.id.value += "/" + to_string(*member.birth_date);
  if (member.sex) *member.id.value += "/" + *member.sex;
  return member;
}

void X12Bills::read_clm(const X12Segment& clm) {
  Claim& claim = begin_claim(clm, 1);
  loop_ = Loop::claim;
  entity_.clear();
  rendering_ = {};
  claim.member = member();
  claim.provider = billing_provider_;
  claim.specialty = billing_specialty_;
  x12_required(claim.id, "the claim's number");
  claim.charge = x12_required(x12_money(clm, 2), "an amount");
  claim.frequency = x12_text(clm, 5, 3);
  claim.service_place = x12_text(clm, 5, 1);
  // A type of bill has the frequency as its last digit.
  if (clm.component(5, 2) == "A" && claim.service_place && claim.frequency) {
    *claim.service_place.value += *claim.frequency;
  }
}

void X12Bills::complete(Claim& claim) {
  if (claim.lines.empty()) output().warning(claim.place, "the claim has no lines");
  if (!claim.type) claim.type = {guide().type(), claim.place};
  take_dates_of_lines(claim);
  const auto count = static_cast<std::int64_t>(claim.diagnoses.size());
  for (Line& line : claim.lines) {
    if (!line.provider) line.provider = rendering_;
    for (const std::int64_t pointer : line.pointers) {
      if (pointer >= 1 && pointer <= count) continue;
      output().warning(line.pointers_place,
                       fmt::format("diagnosis {} of a claim with {}", pointer, count));
    }
  }
}

// What stands in a claim

void X12Bills::read_hi(const X12Segment& hi) {
  if (claim() == nullptr || !in_claim()) return;
  for (std::size_t element = 1; element <= hi.size(); ++element) {
    if (!hi[element].empty()) add_x12_code(hi, element, *claim());
  }
}

void X12Bills::read_dtp(const X12Segment& dtp) {
  const std::string_view what = dtp[1];
  if (claim() == nullptr) return;
  if (loop_ == Loop::line && what == "472") {
    const X12Dates dates = x12_dates(dtp);
    claim()->lines.back().from = dates.from;
    claim()->lines.back().to = dates.to;
  } else if (loop_ == Loop::claim && (what == "434" || what == "472")) {
    const X12Dates dates = x12_dates(dtp);
    claim()->from = dates.from;
    claim()->to = dates.to;
  }
}

void X12Bills::read_sbr(const X12Segment& /*sbr*/) {
  if (claim() != nullptr) loop_ = Loop::payers;
}

void X12Bills::read_cas(const X12Segment& cas) {
  if (claim() == nullptr) return;
  add_x12_adjustments(
      cas, loop_ == Loop::line ? claim()->lines.back().adjustments : claim()->adjustments);
}

// What other payers have paid before; several add up.
void add_paid(const X12Segment& segment, std::size_t element, Field<Money>& paid) {
  const Field<Money> more = x12_money(segment, element);
  if (!more) return;
  paid = paid ? Field<Money>{*paid + *more, paid.place} : more;
}

void X12Bills::read_amt(const X12Segment& amt) {
  if (claim() == nullptr || loop_ != Loop::payers) return;
  if (amt[1] == "D") add_paid(amt, 2, claim()->paid);
  if (amt[1] == "B6") claim()->allowed = x12_money(amt, 2);
}

void X12Bills::read_svd(const X12Segment& svd) {
  if (claim() != nullptr && loop_ == Loop::line) add_paid(svd, 2, claim()->lines.back().paid);
}

// A repricer's word on what the payer allows.
void X12Bills::read_hcp(const X12Segment& hcp) {
  if (claim() == nullptr) return;
  Field<Money>& allowed = loop_ == Loop::line ? claim()->lines.back().allowed : claim()->allowed;
  allowed = x12_money(hcp, 2);
}

// Lines

Line& X12Bills::begin_line(const X12Segment& segment) {
  loop_ = Loop::line;
  entity_.clear();
  line_has_service_ = false;
  Line& line = claim()->lines.emplace_back();
  line.place = segment.place();
  return line;
}

void X12Bills::read_lx(const X12Segment& lx) {
  if (claim() != nullptr) begin_line(lx).number = x12_count(lx, 1);
}

// The line of SV1, SV2 or SV3, which begins one itself if LX was left out.
Line& X12Bills::service(const X12Segment& segment, ClaimType type) {
  if (claim() == nullptr) {
    throw X12Fault{segment.place(), "expected CLM before the lines of a claim"};
  }
  if (loop_ != Loop::line || line_has_service_) begin_line(segment);
  line_has_service_ = true;
  if (guide().type().value_or(type) != type && !warned_of_type_) {
    warned_of_type_ = true;
    output().warning(segment.place(), "expected lines of " + guide().format() + ", got " +
                                          std::string(segment.id()) + "; read as " +
                                          to_string(type));
  }
  if (!claim()->type) claim()->type = {type, segment.place()};
  return claim()->lines.back();
}

void X12Bills::read_pointers(const X12Segment& segment, std::size_t element, Line& line) {
  line.pointers_place = segment.place(element);
  for (std::size_t component = 1; component <= 12; ++component) {
    const Field<std::int64_t> pointer = x12_count(segment, element, component);
    if (pointer) line.pointers.push_back(*pointer);
  }
}

void take_procedure(const X12Segment& segment, std::size_t element, Line& line) {
  X12Procedure procedure = x12_procedure(segment, element);
  line.code = std::move(procedure.code);
  line.modifiers = std::move(procedure.modifiers);
}

void X12Bills::read_sv1(const X12Segment& sv1) {
  Line& line = service(sv1, ClaimType::professional);
  take_procedure(sv1, 1, line);
  line.charge = x12_required(x12_money(sv1, 2), "an amount");
  line.unit = x12_text(sv1, 3);
  line.units = x12_number(sv1, 4);
  line.service_place = x12_text(sv1, 5);
  read_pointers(sv1, 7, line);
}

void X12Bills::read_sv2(const X12Segment& sv2) {
  Line& line = service(sv2, ClaimType::institutional);
  line.revenue = x12_revenue(sv2, 1);
  if (!line.revenue || !sv2[2].empty()) take_procedure(sv2, 2, line);
  line.charge = x12_required(x12_money(sv2, 3), "an amount");
  line.unit = x12_text(sv2, 4);
  line.units = x12_number(sv2, 5);
}

void X12Bills::read_sv3(const X12Segment& sv3) {
  Line& line = service(sv3, ClaimType::dental);
  take_procedure(sv3, 1, line);
  line.charge = x12_required(x12_money(sv3, 2), "an amount");
  line.service_place = x12_text(sv3, 3);
  line.units = x12_number(sv3, 6);
  read_pointers(sv3, 11, line);
}

void X12Bills::read_lin(const X12Segment& lin) {
  if (claim() == nullptr || loop_ != Loop::line || lin[2] != "N4" || lin[3].empty()) return;
  claim()->lines.back().drug = {Code{"NDC", plain_code(lin[3])}, lin.place(3)};
}

}  // namespace

std::unique_ptr<X12Set> x12_bills(const X12Guide& guide, X12Output& output) {
  return std::make_unique<X12Bills>(guide, output);
}

}  // namespace clearhead::claims
