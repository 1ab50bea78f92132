// Makes claims that look like claims: what stands in them means nothing.
#include "tests/worklist/made_worklist.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>

#include "clearhead/base/random.h"

namespace clearhead::cli {
namespace {

using claims::Code;
using claims::Date;
using claims::Money;
using claims::Place;
using claims::Rule;

struct Named {
  const char* code;
  const char* text;
};

constexpr std::array<Named, 10> kServices = {{
    {"E0431", "Portable gaseous oxygen system, rental"},
    {"E1390", "Oxygen concentrator, single delivery port"},
    {"A4253", "Blood glucose test strips, per 50"},
    {"A0425", "Ground mileage, per statute mile"},
    {"K0001", "Standard wheelchair"},
    {"G0438", "Annual wellness visit, first"},
    {"J1885", "Injection, ketorolac, per 15 mg"},
    {"L3000", "Foot insert, removable, molded to patient model"},
    {"G0202", ""},
    {"A0428", "Ambulance service, basic life support, non-emergency transport"},
}};
constexpr std::array<Named, 6> kDiagnoses = {{{"I10", "Essential (primary) hypertension"},
                                              {"E119", "Type 2 diabetes without complications"},
                                              {"J449", "Chronic obstructive pulmonary disease"},
                                              {"M545", "Low back pain"},
                                              {"Z0000", "General adult medical examination"},
                                              {"N186", "End stage renal disease"}}};
constexpr std::array<const char*, 5> kSpecialties = {"Family medicine", "Durable medical equipment",
                                                     "Cardiology", "Ambulance", "Podiatry"};
constexpr std::array<const char*, 2> kClauses = {
    "Where a home needs oxygen, the equipment is paid by the month, for as long as a physician "
    "says "
    "that it is needed. Rent ends after 36 months.\nThe supplier then keeps it working.",
    "This part says when a journey is paid, and when it is not so. A journey by ambulance is paid "
    "where other kinds of transportation would put the patient's health at risk, to the nearest "
    "hospital that can help. § 9 says which miles count."};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed, 0) {}

  WorklistClaim claim(std::size_t number, std::size_t count) {
    WorklistClaim c;
    c.id = "C-" + std::to_string(number);
    c.member = "m-" + std::to_string(100000 + below(900000));
    c.type = number % 4 == 0 ? claims::ClaimType::institutional : claims::ClaimType::professional;
    c.date = Date{std::chrono::year{2024} / 1 / 1} + std::chrono::days(below(366));
    c.specialty = kSpecialties[below(kSpecialties.size())];
    const double share = static_cast<double>(number) / static_cast<double>(count + 1);
    c.score = 1.5 - 3.2 * std::log10(share);
    c.as_high = static_cast<std::int64_t>(number);
    c.reasons = {{claims::Kind::units, "line 1, HCPCS E0431: 7 units; 1 would be expected (99 %)"}};
    for (double& score : c.kind_scores) score = 0.6 * c.score * random_.uniform();
    c.kind_scores[below(claims::kKinds)] = c.score;
    c.rank = number % 30 == 0 ? 0 : static_cast<std::int64_t>(number);
    c.distribution = below(2);
    c.place = place(3 * number, "");
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i) {
      c.diagnoses.push_back(diagnosis(below(kDiagnoses.size())));
    }
    c.charge = Money{0};
    for (std::size_t i = 0, n = 1 + below(6); i < n; ++i) add_line(c, number + i);
    c.at_stake = Money{c.lines[0].charge->cents};
    if (number % 9 == 0 || number % 30 == 0) c.findings.push_back(finding(number));
    if (number % 3 != 0) add_clause(c);
    return c;
  }

 private:
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(n)));
  }
  static Code service(std::size_t i) { return {"HCPCS", kServices[i].code}; }
  static Code diagnosis(std::size_t i) { return {"ICD-10-CM", kDiagnoses[i].code}; }
  Place place(std::size_t line, const char* part) const { return {file_, line, 0, part}; }

  void add_line(WorklistClaim& c, std::size_t number) {
    WorklistLine line;
    const std::size_t code = below(kServices.size());
    line.number = static_cast<std::int64_t>(c.lines.size()) + 1;
    line.code = service(code);
    line.units = static_cast<double>(1 + below(code == 3 ? 80 : 3));
    line.charge = Money{static_cast<std::int64_t>(1200 + below(90000))};
    c.charge->cents += line.charge->cents;
    line.change = c.lines.empty() ? 0.7 * c.score : (0.6 - random_.uniform()) * c.score / 3;
    line.expected =
        WorklistExpectation{service((code + 1 + below(9)) % kServices.size()),
                            0.2 + 0.7 * random_.uniform(), 0.3 * c.score * random_.uniform()};
    line.similar = claims::SimilarClaims{static_cast<std::int64_t>(below(40)), {}};
    for (std::int64_t i = 0; i < std::min<std::int64_t>(5, line.similar->count); ++i) {
      line.similar->some.push_back("T-" + std::to_string(below(500000)));
    }
    for (const claims::Code& code : c.diagnoses) {
      line.looks.push_back({"diagnosis: ICD-10-CM " + code.value, 0.3 * random_.uniform(), false});
    }
    for (std::size_t i = 0; i < 4; ++i) {
      line.looks.push_back({std::to_string(1 + below(300)) + " days before: HCPCS " +
                                service(below(kServices.size())).value,
                            0.25 * random_.uniform(), true});
    }
    line.place = place(3 * number + 1, "code");
    c.lines.push_back(line);
  }

  claims::Finding finding(std::size_t number) {
    switch (number % 3) {
      case 0:
        return {Rule::units,
                false,
                "Line 1 has 310 units of A0425; the table has at most 250 a day",
                Place{std::make_shared<std::string>("mue.csv"), 812, 0, "units"},
                {place(3 * number + 1, "units")},
                1,
                Money{12345}};
      case 1:
        return {Rule::duplicate,
                false,
                "Lines 1 and 2 have the same code, day and units",
                {},
                {place(3 * number + 1, ""), place(3 * number + 2, "")},
                2,
                Money{4000}};
      default:
        return {Rule::totals,
                true,
                "The lines add up to 120.00; the claim says 210.00",
                {},
                {place(3 * number, "charge")},
                0,
                {}};
    }
  }

  void add_clause(WorklistClaim& c) {
    WorklistClauseHit hit{below(2), 0, 0, {}};
    const std::string_view text = kClauses[hit.clause];
    const auto meet = [&](std::string_view met, double heat, const char* word) {
      hit.meetings.push_back({text.find(met), met.size(), heat, word});
    };
    if (hit.clause == 0) {
      meet("oxygen", 0.95, "oxygen");
      meet("Rent", 0.6, "rental");
      meet("home", 0.3, "portable");
    } else {
      hit.begin = text.find("A journey");
      hit.size = text.find(" §") - hit.begin;
      meet("ambulance", 0.9, "ambulance");
      meet("transportation", 0.7, "transport");
    }
    c.clauses.push_back(hit);
  }

  Random random_;
  std::shared_ptr<const std::string> file_ = std::make_shared<std::string>("claims.csv");
};

WorklistDistribution distribution(const char* of, double mean) {
  WorklistDistribution d{of, 0, 14, {}};
  for (int bin = 0; bin < 28; ++bin) {
    const double x = (bin * 0.5 - mean) / 1.4;
    d.counts.push_back(std::llround(12000 * std::exp(-x * x / 2) + (bin < 20 ? 3 : 0)));
  }
  return d;
}

}  // namespace

Worklist made_worklist(std::size_t count, std::uint64_t seed) {
  Worklist list;
  list.model = "claims";
  list.model_hash = "9f2c41d08be7a65310cc";
  list.data_hash = "made " + std::to_string(count) + ", seed " + std::to_string(seed);
  list.from = Date{std::chrono::year{2024} / 1 / 1};
  list.to = Date{std::chrono::year{2024} / 12 / 31};
  list.scored = static_cast<std::int64_t>(40 * count);
  list.refused = 7;
  list.kinds = {"what was done, for this type of claim, this specialty and this member so far",
                "what was done beside what else, and for which diagnoses",
                "how many",
                "for how much",
                "a second time",
                "for whom: sex and age"};
  for (const Named& named : kServices) {
    if (*named.text) list.code_texts[{"HCPCS", named.code}] = named.text;
  }
  for (const Named& named : kDiagnoses) list.code_texts[{"ICD-10-CM", named.code}] = named.text;
  list.clauses = {{"P 4(b)(2)", {"Equipment", "Oxygen", "At home"}, kClauses[0], {}},
                  {"P 7(a)", {"Transport", "Ambulance"}, kClauses[1], {}}};
  list.distributions = {distribution("professional", 2.5), distribution("institutional", 4)};
  Maker maker(seed);
  for (std::size_t i = 1; i <= count; ++i) list.claims.push_back(maker.claim(i, count));
  return list;
}

}  // namespace clearhead::cli
