// Counts what claims hold side by side, and turns counts into surprise.
#include "clearhead/claims/pair_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "clearhead/base/hash.h"
#include "clearhead/base/random.h"

namespace clearhead::claims {
namespace {

constexpr std::array kAgeBands = {0, 2, 6, 13, 18, 30, 40, 50, 60, 70, 80};
constexpr std::size_t kAmounts = 1000;  // the sample of a code: shares to a thousandth
constexpr std::int32_t kNear = 488;     // log 1.05 in 1/10000
constexpr double kPrior = 5;            // claims that a share of all claims counts for

bool is_trait(ItemRole role) { return role != ItemRole::procedure && role != ItemRole::diagnosis; }

std::uint64_t key_of(std::uint32_t a, std::uint32_t b) {
  return (std::uint64_t{std::min(a, b)} << 32) | std::max(a, b);
}

// A unit's share of an amount, on a scale on which a step is the same factor everywhere.
std::int32_t log_amount(Money amount, double units) {
  const double cents = static_cast<double>(amount.cents) / (units > 0 ? units : 1);
  return static_cast<std::int32_t>(std::lround(10000 * std::log(std::max(cents, 0.0) + 1)));
}

}  // namespace

Item age_item(int age) {
  const auto band = std::upper_bound(kAgeBands.begin(), kAgeBands.end(), age) - 1;
  return {ItemRole::age, {"", std::to_string(*band)}};
}

std::vector<Item> items_of(const Claim& claim) {
  std::set<Item> items;
  for (const Line& line : claim.lines) {
    if (const Field<Code>& code = code_of(line)) items.insert({ItemRole::procedure, *code});
  }
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) items.insert({ItemRole::diagnosis, *diagnosis.code});
  }
  if (claim.type) items.insert({ItemRole::type, {"", to_string(*claim.type)}});
  if (claim.specialty) items.insert({ItemRole::specialty, {"", *claim.specialty}});
  if (claim.member.sex) items.insert({ItemRole::sex, {"", *claim.member.sex}});
  if (const auto age = age_on(claim.member, claim.from.value)) items.insert(age_item(*age));
  return {items.begin(), items.end()};
}

double trait_surprise(double both, double members, double share) {
  return share == 0 ? 0 : std::log(share) - std::log((both + share) / (members + 1));
}

void PairStatistics::count(Count& count, std::uint64_t member) {
  ++count.seen.claims;
  if (count.last_member != member) ++count.seen.members;
  count.last_member = member;
}

std::uint32_t PairStatistics::number_of(const Item& item) {
  const auto number = static_cast<std::uint32_t>(items_.size());
  const auto [found, is_new] = numbers_.emplace(item, number);
  if (is_new) items_.emplace_back();
  return found->second;
}

void PairStatistics::add(const Claim& claim) {
  const std::uint64_t member = claim.member.id ? hash_of(*claim.member.id) : 0;
  count(all_, member);
  const std::vector<Item> items = items_of(claim);  // traits come last
  std::vector<std::uint32_t> numbers;
  for (const Item& item : items) {
    const std::uint32_t number = number_of(item);
    count(items_[number], member);
    for (std::size_t i = 0; i < numbers.size() && counts(items[i].role, item.role); ++i) {
      count(pairs_[key_of(numbers[i], number)], member);
    }
    numbers.push_back(number);
  }
  if (which_ == Pairs::with_persons) return;
  for (const Line& line : claim.lines) add_line(line);
}

// Items come in the order of their roles.
bool PairStatistics::counts(ItemRole first, ItemRole second) const {
  if (is_trait(first)) return false;
  return which_ == Pairs::all || second == ItemRole::sex || second == ItemRole::age;
}

void PairStatistics::add_line(const Line& line) {
  const Field<Code>& code = code_of(line);
  if (!code) return;
  LineStatistics& lines = lines_[*code];
  const std::int64_t earlier = lines.lines++;
  if (line.units) ++lines.units[*line.units];
  const auto amount = amount_of(line);
  if (!amount) return;
  // Vitter's algorithm R (1985): after n lines, each is in the sample with the same probability.
  std::vector<std::int32_t>& sample = lines.amounts;
  if (sample.size() == kAmounts) {
    Random random(hash_of(code->value), static_cast<std::uint64_t>(earlier));
    const std::int64_t i = random.below(earlier + 1);
    if (i >= std::ssize(sample)) return;
    sample.erase(sample.begin() + i);
  }
  const std::int32_t value = log_amount(*amount, line.units.value.value_or(1));
  sample.insert(std::upper_bound(sample.begin(), sample.end(), value), value);
}

const PairStatistics::Count* PairStatistics::find(const Item& item) const {
  const auto found = numbers_.find(item);
  return found == numbers_.end() ? nullptr : &items_[found->second];
}

Seen PairStatistics::seen(const Item& item) const {
  const Count* count = find(item);
  return count ? count->seen : Seen{};
}

Seen PairStatistics::seen(const Item& a, const Item& b) const {
  const auto first = numbers_.find(a), second = numbers_.find(b);
  if (first == numbers_.end() || second == numbers_.end()) return {};
  const auto found = pairs_.find(key_of(first->second, second->second));
  return found == pairs_.end() ? Seen{} : found->second.seen;
}

double PairStatistics::information(const Item& a, const Item& b) const {
  const double expected = static_cast<double>(seen(a).claims) *
                          static_cast<double>(seen(b).claims) /
                          static_cast<double>(std::max<std::int64_t>(1, all_.seen.claims));
  return std::log((static_cast<double>(seen(a, b).claims) + 0.5) / (expected + 0.5));
}

double PairStatistics::rarity(const Item& item, const std::optional<Item>& type) const {
  const Seen both = type ? seen(item, *type) : seen(item);
  const Seen all = type ? seen(*type) : all_.seen;
  const double choices = static_cast<double>(items_.size() + 1);
  return -std::log((static_cast<double>(both.claims) + 0.5) /
                   (static_cast<double>(all.claims) + 0.5 * choices));
}

double PairStatistics::surprise(const Item& a, const Item& b,
                                const std::optional<Item>& type) const {
  const double share = std::exp(-rarity(a, type));
  return -std::log((static_cast<double>(seen(a, b).claims) + kPrior * share) /
                   (static_cast<double>(seen(b).claims) + kPrior));
}

std::pair<double, double> PairStatistics::members_and_share(const Item& code,
                                                            const Item& trait) const {
  std::int64_t with_code = 0, all = 0;  // over all values of the trait
  const auto begin = numbers_.lower_bound({trait.role, {}});
  for (auto i = begin; i != numbers_.end() && i->first.role == trait.role; ++i) {
    with_code += seen(code, i->first).members;
    all += items_[i->second].seen.members;
  }
  return {static_cast<double>(with_code), static_cast<double>(seen(trait).members) /
                                              static_cast<double>(std::max<std::int64_t>(1, all))};
}

double PairStatistics::members_expected(const Item& code, const Item& trait) const {
  const auto [members, share] = members_and_share(code, trait);
  return members * share;
}

double PairStatistics::trait_surprise(const Item& code, const Item& trait) const {
  const auto [members, share] = members_and_share(code, trait);
  return claims::trait_surprise(static_cast<double>(seen(code, trait).members), members, share);
}

double PairStatistics::amount_surprise(const Code& code, Money amount, double units) const {
  const auto found = lines_.find(code);
  if (found == lines_.end() || found->second.amounts.empty()) return 0;
  const std::vector<std::int32_t>& sample = found->second.amounts;
  const std::int32_t value = log_amount(amount, units);
  const auto near = std::upper_bound(sample.begin(), sample.end(), value + kNear) -
                    std::lower_bound(sample.begin(), sample.end(), value - kNear);
  return -std::log((static_cast<double>(near) + 0.5) / (static_cast<double>(sample.size()) + 1));
}

double PairStatistics::units_surprise(const Code& code, double units) const {
  const auto found = lines_.find(code);
  if (found == lines_.end() || found->second.units.empty()) return 0;
  const auto& counts = found->second.units;
  const auto same = counts.find(units);
  const std::int64_t count = same == counts.end() ? 0 : same->second;
  std::int64_t most = 0;
  for (const auto& [other, with] : counts) most = std::max(most, with);
  return std::log((static_cast<double>(most) + 0.5) / (static_cast<double>(count) + 0.5));
}

}  // namespace clearhead::claims
