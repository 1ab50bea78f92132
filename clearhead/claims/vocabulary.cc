// Tokens of fields.
#include "clearhead/claims/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

constexpr std::int64_t kMostTokens = 1 << 16;
constexpr std::size_t kShares = 16;                  // of the amounts of one code
constexpr std::size_t kMostAmounts = 1 << 14;        // kept for each code while counting
constexpr std::array kBelow = {0.8, 0.33};           // of the least amount
constexpr std::array kAbove = {1.2, 1.8, 2.5, 4.0};  // of the greatest

const char* const kNames[kFieldKinds] = {"type",  "specialty", "place", "sex",       "age",
                                         "month", "gap",       "rank",  "diagnosis", "code",
                                         "units", "amount",    "ago",   "times",     "provider"};

// Numbers from each limit up to the next one share a token.
std::vector<std::int64_t> limits_growing_by(double ratio, std::int64_t exact, std::int64_t most) {
  std::vector<std::int64_t> limits;
  for (std::int64_t i = 0; i <= exact; ++i) limits.push_back(i);
  while (limits.back() < most) {
    limits.push_back(std::max(
        limits.back() + 1, static_cast<std::int64_t>(static_cast<double>(limits.back()) * ratio)));
  }
  return limits;
}

const std::vector<std::int64_t>& limits_of(FieldKind kind) {
  static const std::vector<std::int64_t> none;
  static const auto age = [] {
    std::vector<std::int64_t> years;
    for (std::int64_t i = 0; i < 20; ++i) years.push_back(i);
    for (std::int64_t i = 20; i <= 95; i += 5) years.push_back(i);
    return years;
  }();
  static const auto gap = limits_growing_by(1.1, 14, 10000);
  static const auto units = limits_growing_by(1.5, 10, 10000);
  static const auto ago = limits_growing_by(1.5, 6, 300);
  static const auto times = limits_growing_by(2, 4, 1000);
  static const auto rank = limits_growing_by(2, 4, 12);
  static const auto month = limits_growing_by(2, 12, 12);
  static const auto provider = limits_growing_by(2, 1, 1);
  static const auto sex_or_type = limits_growing_by(2, 4, 4);
  switch (kind) {
    case FieldKind::age:
      return age;
    case FieldKind::gap:
      return gap;
    case FieldKind::units:
      return units;
    case FieldKind::ago:
      return ago;
    case FieldKind::times:
      return times;
    case FieldKind::rank:
      return rank;
    case FieldKind::month:
      return month;
    case FieldKind::provider:
      return provider;
    case FieldKind::type:
      return sex_or_type;
    default:
      return none;
  }
}

std::string text_of(const Code& code) { return code.system + " " + code.value; }

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace

const char* to_string(FieldKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::int64_t cents_for_one(const Line& line) {
  const double units = line.units && *line.units > 1 ? *line.units : 1;
  return std::llround(static_cast<double>(line.charge->cents) / units);
}

std::vector<std::string> code_families(const Code& code) {
  std::vector<std::string> families;
  std::size_t length = 0;
  if (code.system.starts_with("ICD-")) length = 3;
  if (code.system == "HCPCS") length = 2;
  if (code.system == "NDC") length = 5;   // who makes the drug
  if (code.system == "NUBC") length = 3;  // 045x: emergency room
  if (length > 0 && code.value.size() > length) {
    families.push_back(code.system + " " + code.value.substr(0, length) + "*");
  }
  families.push_back(code.system + " *");
  return families;
}

void VocabularyCounts::add(const Claim& claim) {
  const auto count = [&](FieldKind kind, const std::string& word) {
    ++words[static_cast<std::size_t>(kind)][word];
  };
  if (claim.specialty) count(FieldKind::specialty, upper(*claim.specialty));
  if (claim.service_place) count(FieldKind::place, upper(*claim.service_place));
  if (claim.member.sex) count(FieldKind::sex, upper(*claim.member.sex));
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) count(FieldKind::diagnosis, text_of(*diagnosis.code));
  }
  for (const Line& line : claim.lines) {
    const Field<Code>& code = code_of(line);
    if (!code) continue;
    count(FieldKind::code, text_of(*code));
    if (!line.charge) continue;
    auto& known = amounts[text_of(*code)];
    if (known.size() < kMostAmounts) known.push_back(cents_for_one(line));
  }
}

ClaimVocabulary::ClaimVocabulary() { number_tokens(); }

ClaimVocabulary ClaimVocabulary::learn(const VocabularyCounts& counts, std::int64_t least) {
  ClaimVocabulary vocabulary;
  for (std::size_t kind = 0; kind < kFieldKinds; ++kind) {
    const bool is_code = kind == index(FieldKind::code) || kind == index(FieldKind::diagnosis);
    std::map<std::string, std::int64_t> kept, families;
    for (const auto& [word, count] : counts.words[kind]) {
      if (count >= least) {
        kept[word] = count;
      } else if (is_code) {
        const std::size_t blank = word.find(' ');
        for (const auto& family : code_families({word.substr(0, blank), word.substr(blank + 1)})) {
          families[family] += count;
        }
      }
    }
    for (const auto& [family, count] : families) {
      if (count >= least || family.ends_with(" *")) kept[family] = count;
    }
    for (const auto& [word, count] : kept) {
      vocabulary.words_[kind].list.push_back(word);
      vocabulary.words_[kind].counts.push_back(count);
    }
  }
  std::map<std::string, std::vector<std::int64_t>> amounts;  // by the words that were kept
  vocabulary.number_tokens();
  const Words& codes = vocabulary.words_[index(FieldKind::code)];
  for (const auto& [word, cents] : counts.amounts) {
    const std::size_t blank = word.find(' ');
    const Field<Code> code{Code{word.substr(0, blank), word.substr(blank + 1)}, {}};
    const std::int64_t token = vocabulary.code(FieldKind::code, code);
    if (token == vocabulary.missing(FieldKind::code)) continue;
    auto& all = amounts[codes.list[static_cast<std::size_t>(
        token - vocabulary.missing(FieldKind::code) - 1)]];
    all.insert(all.end(), cents.begin(), cents.end());
  }
  vocabulary.quantiles_.resize(codes.list.size());
  for (std::size_t i = 0; i < codes.list.size(); ++i) {
    auto& all = amounts[codes.list[i]];
    if (all.empty()) continue;
    std::sort(all.begin(), all.end());
    for (std::size_t share = 0; share <= kShares; ++share) {
      vocabulary.quantiles_[i].push_back(all[share * (all.size() - 1) / kShares]);
    }
  }
  return vocabulary;
}

// Where the tokens of each kind begin.
void ClaimVocabulary::number_tokens() {
  std::int64_t next = 1;
  for (std::size_t kind = 0; kind < kFieldKinds; ++kind) {
    first_[kind] = next;
    next += 2;  // hidden, missing
    if (kind == index(FieldKind::amount)) {
      next += static_cast<std::int64_t>(kShares + kBelow.size() + 1 + kAbove.size() + 1);
    } else {
      next += static_cast<std::int64_t>(limits_of(static_cast<FieldKind>(kind)).size());
    }
    Words& words = words_[kind];
    words.numbers.clear();
    words.total = std::max(1.0, std::accumulate(words.counts.begin(), words.counts.end(), 0.0));
    words.values.clear();
    for (std::size_t i = 0; i < words.list.size(); ++i) {
      const auto number = static_cast<std::int64_t>(i);
      words.numbers.emplace(words.list[i], number);
      // Of two systems the one whose code is more frequent.
      const std::string value = words.list[i].substr(words.list[i].find(' ') + 1);
      const auto [known, is_new] = words.values.emplace(value, number);
      if (!is_new && words.counts[static_cast<std::size_t>(known->second)] < words.counts[i]) {
        known->second = number;
      }
    }
    next += static_cast<std::int64_t>(words.list.size());
  }
  if (next > kMostTokens) {
    throw Error(
        fmt::format("a vocabulary of claims: expected at most {} tokens, got {}; let "
                    "codes share tokens by a higher least_count",
                    kMostTokens, next));
  }
  first_[kFieldKinds] = next;
  size_ = next;
}

std::int64_t ClaimVocabulary::code(FieldKind kind, const Field<Code>& code) const {
  if (!code) return missing(kind);
  const Words& words = words_[index(kind)];
  auto found = words.numbers.find(text_of(*code));
  if (found == words.numbers.end() && code->system.empty()) {
    if (const auto value = words.values.find(code->value); value != words.values.end()) {
      return missing(kind) + 1 + value->second;
    }
  }
  if (found == words.numbers.end()) {
    for (const std::string& family : code_families(*code)) {
      found = words.numbers.find(family);
      if (found != words.numbers.end()) break;
    }
  }
  return missing(kind) + (found == words.numbers.end() ? 0 : 1 + found->second);
}

std::int64_t ClaimVocabulary::word(FieldKind kind, const Field<std::string>& word) const {
  if (!word) return missing(kind);
  const Words& words = words_[index(kind)];
  const auto found = words.numbers.find(upper(*word));
  return missing(kind) + (found == words.numbers.end() ? 0 : 1 + found->second);
}

std::int64_t ClaimVocabulary::number(FieldKind kind, double number) const {
  const auto& limits = limits_of(kind);
  const auto above =
      std::upper_bound(limits.begin(), limits.end(), number,
                       [](double n, std::int64_t limit) { return n < static_cast<double>(limit); });
  return missing(kind) + (above - limits.begin());
}

std::int64_t ClaimVocabulary::amount(std::int64_t code, std::int64_t cents) const {
  const std::int64_t none = missing(FieldKind::amount);
  const std::int64_t number = code - missing(FieldKind::code) - 1;
  if (number < 0 || quantiles_[static_cast<std::size_t>(number)].empty()) return none;
  const auto& quantiles = quantiles_[static_cast<std::size_t>(number)];
  const auto value = static_cast<double>(cents);
  const auto least = static_cast<double>(quantiles.front());
  const auto most = static_cast<double>(quantiles.back());
  std::int64_t token = none + 1;
  if (value < least) {  // first the shares, then what lies below all, then what lies above
    token += static_cast<std::int64_t>(kShares);
    for (const double part : kBelow) token += value < part * least ? 1 : 0;
    return token;
  }
  if (value > most) {
    token += static_cast<std::int64_t>(kShares + kBelow.size() + 1);
    for (const double part : kAbove) token += value > part * most ? 1 : 0;
    return token;
  }
  // Of equal quantiles the middle one, so that a price that never changes has one token.
  const auto range = std::equal_range(quantiles.begin(), quantiles.end(), cents);
  const auto place = (range.first - quantiles.begin() + range.second - quantiles.begin()) / 2;
  return token + std::min<std::int64_t>(place, kShares) - (place > 0 ? 1 : 0);
}

std::optional<Money> ClaimVocabulary::middle_amount(std::int64_t code) const {
  const std::int64_t number = code - missing(FieldKind::code) - 1;
  if (number < 0 || quantiles_[static_cast<std::size_t>(number)].empty()) return std::nullopt;
  return Money{quantiles_[static_cast<std::size_t>(number)][kShares / 2]};
}

std::int64_t ClaimVocabulary::usual_amount(std::int64_t code) const {
  const std::optional<Money> middle = middle_amount(code);
  return middle ? amount(code, middle->cents) : missing(FieldKind::amount);
}

FieldKind ClaimVocabulary::kind_of(std::int64_t token) const {
  const auto above = std::upper_bound(first_.begin(), first_.end(), token);
  return static_cast<FieldKind>(above - first_.begin() - 1);
}

bool ClaimVocabulary::is_shared(std::int64_t token) const {
  return token == missing(kind_of(token)) || text(token).ends_with('*');
}

std::string ClaimVocabulary::text(std::int64_t token) const {
  if (token < 1 || token >= size_) return "nothing";
  const FieldKind kind = kind_of(token);
  if (token == hidden(kind)) return fmt::format("hidden {}", to_string(kind));
  if (token == missing(kind)) return fmt::format("no {}", to_string(kind));
  const auto place = static_cast<std::size_t>(token - missing(kind) - 1);
  if (!words_[index(kind)].list.empty()) {
    const std::string& word = words_[index(kind)].list[place];
    return word.starts_with(' ') ? word.substr(1) : word;  // a code without a system
  }
  if (kind == FieldKind::amount) {
    if (place < kShares) return fmt::format("{} of {} amounts", place + 1, kShares);
    return place <= kShares + kBelow.size() ? "less than ever" : "more than ever";
  }
  const auto& limits = limits_of(kind);
  const std::int64_t low = limits[place];
  if (kind == FieldKind::type) return to_string(static_cast<ClaimType>(low));
  if (place + 1 == limits.size()) return fmt::format("{} or more", low);
  const std::int64_t high = limits[place + 1] - 1;
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

std::int64_t ClaimVocabulary::count(std::int64_t token) const {
  if (token < 1 || token >= size_) return 0;
  const FieldKind kind = kind_of(token);
  const std::int64_t place = token - missing(kind) - 1;
  const auto& counts = words_[index(kind)].counts;
  if (place < 0 || place >= static_cast<std::int64_t>(counts.size())) return 0;
  return counts[static_cast<std::size_t>(place)];
}

double ClaimVocabulary::rarity(std::int64_t token) const {
  if (token < 1 || token >= size_) return 0;
  const Words& words = words_[index(kind_of(token))];
  if (words.list.empty()) return 0;
  return std::log(words.total) -
         std::log(static_cast<double>(std::max<std::int64_t>(1, count(token))));
}

std::string ClaimVocabulary::json() const {
  nlohmann::ordered_json json;
  for (std::size_t kind = 0; kind < kFieldKinds; ++kind) {
    if (words_[kind].list.empty()) continue;
    auto& words = json["words"][kNames[kind]] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < words_[kind].list.size(); ++i) {
      words.push_back({words_[kind].list[i], words_[kind].counts[i]});
    }
  }
  json["amounts"] = quantiles_;
  return json.dump();
}

ClaimVocabulary ClaimVocabulary::parse(const std::string& text, const std::string& where) {
  ClaimVocabulary vocabulary;
  try {
    const auto json = nlohmann::json::parse(text);
    for (std::size_t kind = 0; kind < kFieldKinds; ++kind) {
      if (!json.at("words").contains(kNames[kind])) continue;
      for (const auto& entry : json["words"][kNames[kind]]) {
        vocabulary.words_[kind].list.push_back(entry.at(0).get<std::string>());
        vocabulary.words_[kind].counts.push_back(entry.at(1).get<std::int64_t>());
      }
    }
    vocabulary.quantiles_ = json.at("amounts").get<std::vector<std::vector<std::int64_t>>>();
  } catch (const nlohmann::json::exception& failure) {
    throw Error(where + ": expected the vocabulary of a claims model: " + failure.what());
  }
  if (vocabulary.quantiles_.size() != vocabulary.words_[index(FieldKind::code)].list.size()) {
    throw Error(where + ": expected amounts for each code");
  }
  for (const auto& quantiles : vocabulary.quantiles_) {
    if ((!quantiles.empty() && quantiles.size() != kShares + 1) ||
        !std::is_sorted(quantiles.begin(), quantiles.end())) {
      throw Error(fmt::format("{}: expected {} ascending amounts for each code, or none", where,
                              kShares + 1));
    }
  }
  vocabulary.number_tokens();
  return vocabulary;
}

}  // namespace clearhead::claims
