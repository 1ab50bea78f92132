// Answers (835): what a payer pays for each claim and each of its lines, and why not all of it.
#include <string>
#include <unordered_map>
#include <utility>

#include "clearhead/claims/x12_set_internal.h"

namespace clearhead::claims {
namespace {

class X12Answers : public X12Set {
 public:
  using X12Set::X12Set;

 private:
  void read(const X12Segment& segment) override;
  void complete(Claim& claim) override;

  void read_n1(const X12Segment& n1);
  void read_clp(const X12Segment& clp);
  void read_nm1(const X12Segment& nm1);
  void read_mia(const X12Segment& mia);
  void read_dtm(const X12Segment& dtm);
  void read_amt(const X12Segment& amt);
  void read_cas(const X12Segment& cas);
  void read_svc(const X12Segment& svc);
  void read_plb(const X12Segment& plb);

  Field<std::string> payee_;
  Field<std::string> rendering_;  // of the claim that is open
};

void X12Answers::read(const X12Segment& segment) {
  using Read = void (X12Answers::*)(const X12Segment&);
  static const std::unordered_map<std::string_view, Read> kReads = {
      {"N1", &X12Answers::read_n1},   {"CLP", &X12Answers::read_clp},
      {"NM1", &X12Answers::read_nm1}, {"MIA", &X12Answers::read_mia},
      {"DTM", &X12Answers::read_dtm}, {"AMT", &X12Answers::read_amt},
      {"CAS", &X12Answers::read_cas}, {"SVC", &X12Answers::read_svc},
      {"PLB", &X12Answers::read_plb},
  };
  const auto found = kReads.find(segment.id());
  if (found != kReads.end()) (this->*found->second)(segment);
}

void X12Answers::read_n1(const X12Segment& n1) {
  if (n1[1] != "PE") return;
  payee_ = x12_text(n1, 4);
  if (!payee_) payee_ = x12_text(n1, 2);
}

void X12Answers::read_clp(const X12Segment& clp) {
  Claim& claim = begin_claim(clp, 1);
  rendering_ = {};
  claim.provider = payee_;
  x12_required(claim.id, "the claim's number");
  claim.status = x12_text(clp, 2);
  claim.charge = x12_required(x12_money(clp, 3), "an amount");
  claim.paid = x12_required(x12_money(clp, 4), "an amount");
  claim.service_place = x12_text(clp, 8);
  claim.frequency = x12_text(clp, 9);
  if (!clp[11].empty()) claim.drg = {Code{kX12Drg, std::string(clp[11])}, clp.place(11)};
}

void X12Answers::read_nm1(const X12Segment& nm1) {
  if (claim() == nullptr) return;
  const Field<std::string> id = x12_text(nm1, 9);
  // The patient, or else the subscriber.
  if (id && (nm1[1] == "QC" || (nm1[1] == "IL" && !claim()->member.id))) claim()->member.id = id;
  if (nm1[1] == "82") rendering_ = id;
}

// Only inpatients have it.
void X12Answers::read_mia(const X12Segment& mia) {
  if (claim() != nullptr) claim()->type = {ClaimType::institutional, mia.place()};
}

void X12Answers::read_dtm(const X12Segment& dtm) {
  if (claim() == nullptr) return;
  const std::string_view what = dtm[1];
  if (claim()->lines.empty()) {
    if (what == "232") claim()->from = x12_date(dtm, 2);
    if (what == "233") claim()->to = x12_date(dtm, 2);
  } else {
    Line& line = claim()->lines.back();
    if (what == "472" || what == "150") line.from = x12_date(dtm, 2);
    if (what == "151") line.to = x12_date(dtm, 2);
  }
}

void X12Answers::read_amt(const X12Segment& amt) {
  if (claim() == nullptr || amt[1] != "B6") return;
  Field<Money>& allowed = claim()->lines.empty() ? claim()->allowed : claim()->lines.back().allowed;
  allowed = x12_money(amt, 2);
}

void X12Answers::read_cas(const X12Segment& cas) {
  if (claim() == nullptr) return;
  add_x12_adjustments(
      cas, claim()->lines.empty() ? claim()->adjustments : claim()->lines.back().adjustments);
}

void X12Answers::read_svc(const X12Segment& svc) {
  if (claim() == nullptr) throw X12Fault{svc.place(), "expected CLP before the lines of a claim"};
  Line& line = claim()->lines.emplace_back();
  line.place = svc.place();
  X12Procedure procedure = x12_procedure(svc, 1);
  line.modifiers = std::move(procedure.modifiers);
  line.revenue = x12_revenue(svc, 4);
  if (procedure.code->system == "NUBC") {
    line.revenue = std::move(procedure.code);
  } else {
    line.code = std::move(procedure.code);
  }
  line.charge = x12_required(x12_money(svc, 2), "an amount");
  line.paid = x12_required(x12_money(svc, 3), "an amount");
  line.units = x12_number(svc, 5);
  if (!line.units) line.units.value = 1;  // what the guides say that leaving it out means
}

void X12Answers::read_plb(const X12Segment& plb) {
  end_claim();
  const Field<std::string> provider = x12_text(plb, 1);
  for (std::size_t element = 3; element <= plb.size(); element += 2) {
    if (plb[element].empty() && plb[element + 1].empty()) continue;
    Field<Money> amount = x12_required(x12_money(plb, element + 1), "an amount");
    output().provider_adjustment(
        {provider, x12_text(plb, element, 1), x12_text(plb, element, 2), std::move(amount)});
  }
}

// An answer does not say what was billed, but its parts do.
void X12Answers::complete(Claim& claim) {
  take_dates_of_lines(claim);
  for (Line& line : claim.lines) {
    if (!line.provider) line.provider = rendering_;
    if (claim.type) continue;
    if (line.revenue) claim.type = {ClaimType::institutional, line.revenue.place};
    if (line.code && line.code->system == "CDT") claim.type = {ClaimType::dental, line.code.place};
  }
  const bool institutional = claim.type && *claim.type == ClaimType::institutional;
  if (institutional && claim.service_place && claim.frequency) {
    *claim.service_place.value += *claim.frequency;
  }
}

}  // namespace

std::unique_ptr<X12Set> x12_answers(const X12Guide& guide, X12Output& output) {
  return std::make_unique<X12Answers>(guide, output);
}

}  // namespace clearhead::claims
