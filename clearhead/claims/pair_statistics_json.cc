// Pair statistics as JSON: {"seen": [claims, members], "items": [[role, system, value, claims,
// members], …], "pairs": [[item, item, claims, members], …], "lines": [[system, code, lines,
// [amounts], [[units, lines], …]], …]}.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {
namespace {

using Json = nlohmann::json;

constexpr const char* kRoles[] = {"procedure", "diagnosis", "type", "specialty", "sex", "age"};

ItemRole role_of(const std::string& name) {
  const auto found = std::find(std::begin(kRoles), std::end(kRoles), name);
  if (found == std::end(kRoles)) throw Error(fmt::format("there is no role \"{}\"", name));
  return static_cast<ItemRole>(found - std::begin(kRoles));
}

Seen seen_from(const Json& claims, const Json& members) {
  return {claims.get<std::int64_t>(), members.get<std::int64_t>()};
}

}  // namespace

std::string PairStatistics::to_json() const {
  std::vector<const Item*> by_number(items_.size());
  for (const auto& [item, number] : numbers_) by_number[number] = &item;
  Json items = Json::array(), pairs = Json::array(), lines = Json::array();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& [role, code] = *by_number[i];
    items.push_back({kRoles[static_cast<std::size_t>(role)], code.system, code.value,
                     items_[i].seen.claims, items_[i].seen.members});
  }
  std::vector<std::uint64_t> keys;
  for (const auto& [key, count] : pairs_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  for (const std::uint64_t key : keys) {
    const Seen& seen = pairs_.at(key).seen;
    pairs.push_back({key >> 32, key & 0xffffffff, seen.claims, seen.members});
  }
  for (const auto& [code, statistics] : lines_) {
    Json units = Json::array();
    for (const auto& [count, with] : statistics.units) units.push_back({count, with});
    lines.push_back({code.system, code.value, statistics.lines, statistics.amounts, units});
  }
  return Json{{"seen", {all_.seen.claims, all_.seen.members}},
              {"items", items},
              {"pairs", pairs},
              {"lines", lines}}
      .dump();
}

PairStatistics PairStatistics::from_json(std::string_view text) {
  PairStatistics statistics;
  try {
    const Json json = Json::parse(text);
    statistics.all_.seen = seen_from(json.at("seen").at(0), json.at("seen").at(1));
    for (const Json& item : json.at("items")) {
      const std::uint32_t number =
          statistics.number_of({role_of(item.at(0)), {item.at(1), item.at(2)}});
      statistics.items_[number].seen = seen_from(item.at(3), item.at(4));
    }
    for (const Json& pair : json.at("pairs")) {
      const auto a = pair.at(0).get<std::uint64_t>(), b = pair.at(1).get<std::uint64_t>();
      if (a >= b || b >= statistics.items_.size()) {
        throw Error("expected pair statistics, got a pair of items that are not there");
      }
      const std::uint64_t key = (a << 32) | b;
      statistics.pairs_[key].seen = seen_from(pair.at(2), pair.at(3));
    }
    for (const Json& line : json.at("lines")) {
      LineStatistics& lines = statistics.lines_[{line.at(0), line.at(1)}];
      lines.lines = line.at(2);
      lines.amounts = line.at(3).get<std::vector<std::int32_t>>();
      std::sort(lines.amounts.begin(), lines.amounts.end());
      for (const Json& units : line.at(4)) lines.units[units.at(0)] = units.at(1);
    }
  } catch (const Json::exception& e) {
    throw Error(fmt::format("expected pair statistics, as `clearhead claims train` writes them: {}",
                            e.what()));
  }
  return statistics;
}

}  // namespace clearhead::claims
