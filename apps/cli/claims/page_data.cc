// A worklist as JSON. Thousands of claims say much the same, so codes, and words that recur, stand
// in tables, and numbers have as many digits as the page shows.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "apps/cli/claims/page_internal.h"
#include "clearhead/base/error.h"
#include "clearhead/plot/label.h"

namespace clearhead::cli {
namespace {

using Json = nlohmann::json;

// Values that are mentioned by their number.
template <typename T>
class Pool {
 public:
  std::size_t number(const T& value) {
    const auto [at, is_new] = numbers_.try_emplace(value, numbers_.size());
    if (is_new) values_.push_back(value);
    return at->second;
  }
  const std::vector<T>& values() const { return values_; }

 private:
  std::map<T, std::size_t> numbers_;
  std::vector<T> values_;
};

double rounded(double x) { return std::stod(fmt::format("{:.4g}", x)); }

// How many units of UTF-16, in which scripts count, the first `bytes` of UTF-8 take.
std::size_t script_offset(const std::string& text, std::size_t bytes) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

// By which the findings of a rule are filtered.
claims::Kind kind_of(claims::Rule rule) {
  switch (rule) {
    case claims::Rule::duplicate:
    case claims::Rule::near_duplicate:
      return claims::Kind::duplicate;
    case claims::Rule::units:
      return claims::Kind::units;
    case claims::Rule::pair:
      return claims::Kind::combination;
    case claims::Rule::sex:
    case claims::Rule::age:
      return claims::Kind::demographics;
    case claims::Rule::totals:
      return claims::Kind::amount;
    case claims::Rule::dates:
    case claims::Rule::code_dates:
    case claims::Rule::unknown_code:
      break;
  }
  return claims::Kind::code;
}

// Writes the claims, and gathers what they have in common.
class Writer {
 public:
  explicit Writer(const Worklist& list) : list_(list) {}

  Json all() {
    Json page = {{"model", text(list_.model)},
                 {"modelHash", text(list_.model_hash)},
                 {"dataHash", text(list_.data_hash)},
                 {"rankedBy", text(list_.ranked_by)},
                 {"scored", list_.scored},
                 {"compared", list_.compared},
                 {"refused", list_.refused}};
    if (list_.from) page["from"] = claims::to_string(*list_.from);
    if (list_.to) page["to"] = claims::to_string(*list_.to);
    for (std::size_t kind = 0; kind < claims::kKinds; ++kind) {
      page["kinds"].push_back({claims::kKindNames[kind], text(list_.kinds[kind])});
    }
    page["clauses"] = Json::array();
    for (const claims::Clause& clause : list_.clauses) {
      page["clauses"].push_back({text(clause.id), text(claims::path_text(clause)), clause.text,
                                 text(claims::to_string(clause.place))});
    }
    page["distributions"] = Json::array();
    for (const WorklistDistribution& d : list_.distributions) {
      page["distributions"].push_back({text(d.of), rounded(d.from), rounded(d.to), d.counts});
    }
    page["claims"] = Json::array();
    for (const WorklistClaim& claim : list_.claims) page["claims"].push_back(one(claim));
    page["codes"] = Json::array();
    for (const claims::Code& code : codes_.values()) {
      const auto words = list_.code_texts.find(code);
      page["codes"].push_back({text(code.system), text(code.value),
                               words == list_.code_texts.end() ? "" : text(words->second)});
    }
    page["words"] = words_.values();
    return page;
  }

 private:
  static std::string text(const std::string& data) { return plot::visible_text(data); }
  std::size_t word(const std::string& data) { return words_.number(text(data)); }

  static void must_have(const WorklistClaim& claim, const char* what, std::size_t at,
                        std::size_t count) {
    if (at < count) return;
    throw Error(
        fmt::format("Claim {} of the worklist refers to {} {}, of {}", claim.id, what, at, count));
  }

  Json one(const WorklistClaim& claim) {
    Json json = {{"id", text(claim.id)},
                 {"member", text(claim.member)},
                 {"specialty", word(claim.specialty)},
                 {"stake", claim.at_stake.cents},
                 {"rank", claim.rank},
                 {"score", rounded(claim.score)},
                 {"asHigh", claim.as_high},
                 {"place", claims::to_string(claim.place)}};
    if (claim.type) json["type"] = word(claims::to_string(*claim.type));
    if (claim.date) json["date"] = claims::to_string(*claim.date);
    if (claim.charge) json["charge"] = claim.charge->cents;
    for (const double score : claim.kind_scores) json["kinds"].push_back(rounded(score));
    if (claim.distribution) {
      must_have(claim, "distribution", *claim.distribution, list_.distributions.size());
      json["like"] = *claim.distribution;
    }
    add(json, "reasons", claim.reasons, [&](const auto& reason) {
      return Json{reason.kind, text(reason.text)};
    });
    add(json, "lines", claim.lines, [&](const auto& line) { return one(line); });
    add(json, "diagnoses", claim.diagnoses, [&](const auto& code) { return codes_.number(code); });
    add(json, "findings", claim.findings, [&](const auto& finding) { return one(finding); });
    add(json, "clauses", claim.clauses, [&](const auto& hit) { return one(claim, hit); });
    add(json, "decisions", claim.decisions, [&](const auto& decision) { return one(decision); });
    return json;
  }

  // An empty list is left out.
  template <typename T, typename F>
  static void add(Json& json, const char* name, const std::vector<T>& list, const F& as_json) {
    for (const T& item : list) json[name].push_back(as_json(item));
  }

  Json one(const WorklistLine& line) {
    Json json = {{"number", line.number},
                 {"code", codes_.number(line.code)},
                 {"place", claims::to_string(line.place)}};
    if (line.units) json["units"] = *line.units;
    if (line.charge) json["charge"] = line.charge->cents;
    if (line.change) json["change"] = rounded(-*line.change);
    if (line.expected) {
      json["expected"] = {codes_.number(line.expected->code), rounded(line.expected->probability),
                          rounded(line.expected->score)};
    }
    if (line.similar) {
      json["similarCount"] = line.similar->count;
      for (const std::string& id : line.similar->some) json["similar"].push_back(text(id));
    }
    for (const claims::Look& look : line.looks) {
      json["looks"].push_back({word(look.text), rounded(look.weight), look.is_history ? 1 : 0});
    }
    return json;
  }

  Json one(const claims::Finding& finding) {
    Json json = {{"kind", kind_of(finding.rule)},
                 {"rule", word(claims::to_string(finding.rule))},
                 {"reason", text(finding.reason)},
                 {"stake", finding.at_stake.cents},
                 {"places", Json::array()}};
    if (finding.is_warning) json["warning"] = true;
    if (finding.row) json["row"] = claims::to_string(*finding.row);
    for (const claims::Place& place : finding.places) {
      json["places"].push_back(claims::to_string(place));
    }
    return json;
  }

  Json one(const WorklistClaim& claim, const WorklistClauseHit& hit) {
    must_have(claim, "clause", hit.clause, list_.clauses.size());
    const std::string& text = list_.clauses[hit.clause].text;
    const auto offset = [&](std::size_t byte) {
      must_have(claim, "byte of a clause", byte, text.size() + 1);
      return script_offset(text, byte);
    };
    const std::size_t end = hit.size == 0 ? text.size() : hit.begin + hit.size;
    Json json = Json::array({hit.clause, offset(hit.begin), offset(end), Json::array()});
    std::vector<WorklistMeeting> meetings = hit.meetings;
    std::ranges::sort(meetings, {}, &WorklistMeeting::begin);
    for (const WorklistMeeting& meeting : meetings) {
      json[3].push_back({offset(meeting.begin), offset(meeting.begin + meeting.size),
                         rounded(meeting.heat), word(meeting.word)});
    }
    return json;
  }

  static Json one(const claims::ClaimDecision& decision) {
    static constexpr const char* kVerdicts[] = {"", "accept", "dismiss"};
    return {claims::to_string(decision.queue),
            kVerdicts[static_cast<std::size_t>(decision.verdict)], text(decision.note),
            decision.date ? claims::to_string(*decision.date) : "", text(decision.by)};
  }

  const Worklist& list_;
  Pool<claims::Code> codes_;
  Pool<std::string> words_;
};

}  // namespace

std::string worklist_json(const Worklist& worklist) {
  return Writer(worklist).all().dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace clearhead::cli
