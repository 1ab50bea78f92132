// Rows as lines of CSV or JSON.
#include "clearhead/claims/score_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/csv_writer.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {
namespace {

nlohmann::ordered_json object_of(const ScoreRow& row) {
  // What a file of scores needs: four places are a ten-thousandth of a power of ten.
  const auto rounded = [](double score) { return std::stod(fmt::format("{:.4f}", score)); };
  nlohmann::ordered_json object;
  object["claim"] = row.claim;
  object["score"] = rounded(row.score);
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    object[kKindNames[kind]] = rounded(row.kinds[kind]);
  }
  object["evidence_line"] = row.evidence_line;
  object["at_stake"] = static_cast<double>(row.at_stake.cents) / 100;
  return object;
}

std::string line_of(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// As the log has it.
std::string log_line(const ScoreRow& row) {
  nlohmann::ordered_json object = object_of(row);
  object["input"] = row.input;
  return line_of(object);
}

ScoreRow row_of(const std::string& line) {
  const auto object = nlohmann::json::parse(line);
  ScoreRow row;
  row.claim = object.at("claim").get<std::string>();
  row.input = object.at("input").get<std::int64_t>();
  row.score = object.at("score").get<double>();
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    row.kinds[kind] = object.at(kKindNames[kind]).get<double>();
  }
  row.evidence_line = object.at("evidence_line").get<std::int64_t>();
  row.at_stake.cents = std::llround(100 * object.at("at_stake").get<double>());
  return row;
}

std::string csv_line(const ScoreRow& row) {
  std::string line = fmt::format("{},{:.4f}", csv_cell(row.claim), row.score);
  for (const double kind : row.kinds) line += fmt::format(",{:.4f}", kind);
  return line + (row.evidence_line > 0 ? fmt::format(",{}\n", row.evidence_line) : ",\n");
}

}  // namespace

ScoreRow row_of(const ClaimView& view, const ClaimScore& score) {
  const EncodedClaim& claim = view.member->claims[view.claim];
  ScoreRow row{claim.id, claim.input, score.score, score.kinds, 0, {}};
  if (score.evidence_line < 0) return row;
  const EncodedLine& line = claim.lines[static_cast<std::size_t>(score.evidence_line)];
  row.evidence_line = line.number;
  row.at_stake = line.charge;
  return row;
}

ScoreLog::ScoreLog(const std::filesystem::path& path, const std::string& identity) : path_(path) {
  std::string kept = nlohmann::json{{"scores_of", identity}}.dump() + "\n";
  if (std::filesystem::exists(path_)) {
    ByteStream file(path_);
    std::string line;
    if (file.take_until('\n', line) && line + "\n" == kept) {
      try {
        while (file.take_until('\n', line)) {
          rows_.push_back(row_of(line));
          kept += log_line(rows_.back());
        }
      } catch (const nlohmann::json::exception&) {
        // The row that was being written when the process ended; it is calculated again.
      }
    }
  }
  write_file(path_, [&](std::ostream& out) { out << kept; });
}

void ScoreLog::add(const std::vector<ScoreRow>& rows) {
  std::ofstream out(path_, std::ios::app);
  for (const ScoreRow& row : rows) {
    const std::string line = log_line(row);
    out << line;
    rows_.push_back(row_of(line));  // as it will be read if this process ends
  }
  out.flush();
  if (!out) throw Error(path_.string() + ": cannot be written: " + std::strerror(errno));
}

void ScoreLog::remove() { std::filesystem::remove(path_); }

std::string to_string(const ScoreOrder& order) {
  switch (order.by) {
    case ScoreOrder::By::score:
      return "score";
    case ScoreOrder::By::stake:
      return "stake";
    case ScoreOrder::By::input:
      return "input";
    case ScoreOrder::By::kind:
      break;
  }
  return to_string(order.kind);
}

void rank(std::vector<ScoreRow>& rows, const ScoreOrder& order, const Decisions& decisions) {
  if (order.by == ScoreOrder::By::input) {
    std::ranges::sort(rows, {}, &ScoreRow::input);
    return;
  }
  const auto value = [&](const ScoreRow& row) {
    if (order.by == ScoreOrder::By::stake) return static_cast<double>(row.at_stake.cents);
    return order.by == ScoreOrder::By::kind ? row.kinds[static_cast<std::size_t>(order.kind)]
                                            : row.score;
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const ScoreRow& a, const ScoreRow& b) { return value(a) > value(b); });
  std::stable_partition(rows.begin(), rows.end(), [&](const ScoreRow& row) {
    return !decisions.dismissed(row.claim, ReviewQueue::unusual);
  });
}

void write_scores(const std::filesystem::path& path, const std::vector<ScoreRow>& rows) {
  const std::string ending = ending_of(path);
  const bool is_json = ending == ".ndjson" || ending == ".jsonl";
  write_file(path, [&](std::ostream& out) {
    if (!is_json) {
      out << "claim,score";
      for (const char* kind : kKindNames) out << ',' << kind;
      out << ",evidence_line\n";
    }
    for (const ScoreRow& row : rows) out << (is_json ? line_of(object_of(row)) : csv_line(row));
  });
}

}  // namespace clearhead::claims
