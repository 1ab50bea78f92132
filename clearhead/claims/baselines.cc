// The parts of baselines' scores, and their tails.
#include "clearhead/claims/baselines.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clearhead::claims {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A claim's items by what they are.
struct SortedItems {
  std::vector<Item> codes;  // procedures, then diagnoses
  std::size_t procedures = 0;
  std::vector<Item> persons;  // sex and age
  std::optional<Item> type;

  explicit SortedItems(const Claim& claim) {
    for (Item& item : items_of(claim)) {
      if (item.role == ItemRole::procedure) ++procedures;
      if (item.role <= ItemRole::diagnosis)
        codes.push_back(std::move(item));
      else if (item.role == ItemRole::type)
        type = std::move(item);
      else if (item.role != ItemRole::specialty)
        persons.push_back(std::move(item));
    }
  }
};

// The largest over codes of the least over its partners; 0 without any.
template <typename F>
double worst_of_best(const std::vector<Item>& codes, std::size_t first_partner,
                     std::size_t code_count, F&& surprise) {
  double worst = -kInfinity;
  for (std::size_t i = 0; i < code_count; ++i) {
    double best = kInfinity;
    for (std::size_t k = first_partner; k < codes.size(); ++k) {
      if (k != i) best = std::min(best, surprise(codes[i], codes[k]));
    }
    if (best < kInfinity) worst = std::max(worst, best);
  }
  return worst > -kInfinity ? worst : 0;
}

}  // namespace

const std::vector<Baselines::Baseline>& Baselines::baselines() {
  static const std::vector<Baseline> all = {
      {"history", {kHistory}},
      {"pairs", {kPairs, kDiagnoses}},
      {"demographics", {kDemographics}},
      {"rules and amounts", {kAmount, kUnits, kDuplicate}},
      {"all combined", {kPairs, kDiagnoses, kHistory, kDemographics, kAmount, kUnits, kDuplicate}}};
  return all;
}

std::vector<std::string> Baselines::names() {
  std::vector<std::string> names;
  for (const Baseline& baseline : baselines()) names.emplace_back(baseline.name);
  return names;
}

void Baselines::learn(const Claim& claim) {
  pairs_.add(claim);
  guesses_.learn(claim);
}

Baselines::Parts Baselines::parts_of(const Claim& claim) {
  const SortedItems items(claim);
  Parts parts{};
  parts[kPairs] =
      worst_of_best(items.codes, 0, items.codes.size(),
                    [&](const Item& a, const Item& b) { return -pairs_.information(a, b); });
  parts[kDiagnoses] = worst_of_best(
      items.codes, items.procedures, items.procedures,
      [&](const Item& a, const Item& b) { return pairs_.surprise(a, b, items.type); });
  for (std::size_t i = 0; i < items.procedures; ++i) {
    constexpr double kPrior = 3;
    const auto [had, all] = guesses_.history(claim, items.codes[i].code);
    const double share = std::exp(-pairs_.rarity(items.codes[i], items.type));
    parts[kHistory] =
        std::max(parts[kHistory], -std::log((static_cast<double>(had) + kPrior * share) /
                                            (static_cast<double>(all) + kPrior)));
  }
  parts[kDemographics] = -kInfinity;
  for (const Item& code : items.codes) {
    for (const Item& person : items.persons) {
      parts[kDemographics] = std::max(parts[kDemographics], pairs_.trait_surprise(code, person));
    }
  }
  for (const Line& line : claim.lines) {
    const Field<Code>& code = code_of(line);
    if (!code) continue;
    const double units = line.units.value.value_or(1);
    parts[kUnits] = std::max(parts[kUnits], pairs_.units_surprise(*code, units));
    if (const auto amount = amount_of(line)) {
      parts[kAmount] = std::max(parts[kAmount], pairs_.amount_surprise(*code, *amount, units));
    }
  }
  for (const Finding& finding : rules_.check(claim)) {
    if (finding.rule > Rule::near_duplicate) continue;
    const double again = finding.rule == Rule::near_duplicate ? 1 : 2;
    parts[kDuplicate] = std::max(parts[kDuplicate], again + (finding.other_claim.empty() ? 2 : 0));
  }
  guesses_.remember(claim);
  return parts;
}

void Baselines::calibrate(const Claim& claim) {
  const Parts parts = parts_of(claim);
  for (std::size_t i = 0; i < kParts; ++i) normal_[i].push_back(parts[i]);
  is_sorted_ = false;
}

double Baselines::tail(Part part, double value) {
  if (!is_sorted_) {
    for (std::vector<double>& values : normal_) std::sort(values.begin(), values.end());
    is_sorted_ = true;
  }
  const std::vector<double>& values = normal_[part];
  const auto as_much = values.end() - std::lower_bound(values.begin(), values.end(), value);
  return -std::log((static_cast<double>(as_much) + 0.5) / (static_cast<double>(values.size()) + 1));
}

std::vector<double> Baselines::score(const Claim& claim) {
  const Parts parts = parts_of(claim);
  std::vector<double> scores;
  for (const Baseline& baseline : baselines()) {
    double sum = 0;
    for (const Part part : baseline.parts) sum += tail(part, parts[part]);
    scores.push_back(sum);
  }
  return scores;
}

}  // namespace clearhead::claims
