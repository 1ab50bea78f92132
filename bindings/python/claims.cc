// Claims: files of any kind as a table, and the scores of such a table.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/arrow.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "clearhead/base/error.h"
#include "clearhead/claims/audit_log.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/json_claims.h"
#include "clearhead/claims/json_form.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/score_table.h"
#include "clearhead/claims/scores.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;
using claims::Claim;
using claims::ClaimView;

// A claims model, its folder and the hash of it.
struct LoadedClaimsModel {
  std::filesystem::path folder;
  std::string hash;
  claims::ClaimsModel model;
};

LoadedClaimsModel open_model(const std::filesystem::path& folder) {
  const LongCall call;
  LoadedClaimsModel loaded{.folder = folder, .hash = claims::sha256_of(folder), .model = {}};
  loaded.model = claims::open_claims_model(folder);
  claims::require_calibration(loaded.model, folder);
  return loaded;
}

// ---- Reading ----

// Claims as rows, and what was not read.
struct ReadClaims {
  std::shared_ptr<Table> table;
  std::vector<std::string> refusals;
};

template <typename T>
std::optional<T> optional_of(const claims::Field<T>& field) {
  return field.value;
}

ReadClaims read(const std::filesystem::path& path, const std::filesystem::path& mapping) {
  const LongCall call;
  claims::AuditLog audit(claims::default_audit_log());
  Column::Texts ids, members, json;
  ReadClaims result;
  const claims::ReadSummary summary = claims::read_claims(
      path, {.mapping = mapping},
      {.claim =
           [&](Claim&& claim) {
             ids.push_back(optional_of(claim.id));
             members.push_back(optional_of(claim.member.id));
             json.push_back(claims::json_of(claim));
           },
       .refusal =
           [&](claims::Refusal&& refusal) { result.refusals.push_back(to_string(refusal)); }});
  audit.add({.command = "python claims.read",
             .data = path,
             .data_hash = claims::sha256_of(path),
             .counts = {{"claims", summary.claims}, {"refusals", summary.refusals}}});
  result.table = std::make_shared<Table>();
  result.table->columns = {
      {"claim", std::move(ids)}, {"member", std::move(members)}, {"json", std::move(json)}};
  return result;
}

// ---- Scoring ----

// The claim of one row, or why it cannot be read.
struct Row {
  std::optional<std::string> claim, error;
};

// Reads the rows into `encoder`; the claims that could be read have the numbers 0, 1, … .
class RowReader {
 public:
  explicit RowReader(claims::ClaimEncoder& encoder) : encoder_(encoder) {}

  void take(std::optional<std::string_view> text) {
    Row& row = rows.emplace_back();
    if (!text) {
      row.error = "the row has no claim";
      return;
    }
    std::int64_t found = 0;
    ByteStream stream(std::string(*text), "row " + std::to_string(rows.size() - 1));
    const claims::ClaimSink sink{.claim =
                                     [&](Claim&& claim) {
                                       if (++found > 1) return;
                                       row.claim = optional_of(claim.id);
                                       encoder_.add(claim);
                                     },
                                 .refusal =
                                     [&](claims::Refusal&& refusal) {
                                       if (!refusal.claim.empty()) row.claim = refusal.claim;
                                       row.error = to_string(refusal);
                                     }};
    try {
      claims::read_json_claims(stream, sink);
    } catch (const Error& error) {
      row.error = error.what();
    }
    if (found > 0) {
      row_of_claim.push_back(rows.size() - 1);
    } else if (!row.error) {
      row.error = "the row has no claim";
    }
  }

  std::vector<Row> rows;
  std::vector<std::size_t> row_of_claim;  // by the number of the claim

 private:
  claims::ClaimEncoder& encoder_;
};

// The scores of all claims, by the number that each was read as.
std::vector<claims::ScoreRow> score_all(const claims::ClaimsModel& model,
                                        const std::vector<claims::MemberClaims>& members,
                                        std::size_t count) {
  std::vector<ClaimView> views;
  for (const claims::MemberClaims& member : members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) views.push_back({&member, i});
  }
  std::vector<claims::ScoreRow> scored(count);
  const auto scores = claims::explained_scores(model, views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    claims::ScoreRow row = claims::row_of(views[i], scores[i]);
    const auto place = static_cast<std::size_t>(row.input);
    scored[place] = std::move(row);
  }
  return scored;
}

// A row of the result for each row that was given, in its order.
std::shared_ptr<Table> table_of(const RowReader& read,
                                const std::vector<claims::ScoreRow>& scored) {
  const std::size_t count = read.rows.size();
  std::vector<const claims::ScoreRow*> by_row(count, nullptr);
  for (std::size_t i = 0; i < scored.size(); ++i) by_row[read.row_of_claim[i]] = &scored[i];
  auto table = std::make_shared<Table>();
  const auto texts = [&](const char* name, auto of) {
    Column::Texts values;
    for (const Row& row : read.rows) values.push_back(of(row));
    table->columns.push_back({name, std::move(values)});
  };
  const auto numbers = [&](const char* name, auto of) {
    std::vector<std::optional<decltype(of(scored.front()))>> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (by_row[i] != nullptr) values[i] = of(*by_row[i]);
    }
    table->columns.push_back({name, std::move(values)});
  };
  texts("claim", [](const Row& row) { return row.claim; });
  numbers("score", [](const claims::ScoreRow& row) { return row.score; });
  for (std::size_t kind = 0; kind < claims::kKinds; ++kind) {
    numbers(claims::kKindNames[kind],
            [kind](const claims::ScoreRow& row) { return row.kinds[kind]; });
  }
  numbers("evidence_line", [](const claims::ScoreRow& row) { return row.evidence_line; });
  numbers("at_stake", [](const claims::ScoreRow& row) {
    return static_cast<double>(row.at_stake.cents) / 100;
  });
  texts("error", [](const Row& row) { return row.error; });
  return table;
}

std::shared_ptr<Table> score(nb::object table, const LoadedClaimsModel& loaded,
                             const std::string& column) {
  claims::ClaimEncoder encoder(*loaded.model.vocabulary);
  RowReader read(encoder);
  read_texts(table, column, [&](std::optional<std::string_view> text) { read.take(text); });
  const LongCall call;
  claims::AuditLog audit(claims::default_audit_log());
  const std::vector<claims::MemberClaims> members = encoder.take();
  const auto scored = score_all(loaded.model, members, read.row_of_claim.size());
  const auto count = static_cast<std::int64_t>(scored.size());
  audit.add({.command = "python claims.score",
             .data_hash = claims::hash_of_claims(members),
             .model = loaded.folder,
             .model_hash = loaded.hash,
             .counts = {{"claims", count}, {"refusals", std::ssize(read.rows) - count}}});
  return table_of(read, scored);
}

}  // namespace

void add_claims(nb::module_& m) {
  add_arrow(m);
  nb::class_<LoadedClaimsModel>(m, "ClaimsModel",
                                "A model of claims; ``clearhead.claims.load`` opens one.")
      .def_prop_ro(
          "folder", [](const LoadedClaimsModel& model) { return model.folder; },
          "Where it was opened.")
      .def("__repr__", [](const LoadedClaimsModel& model) {
        return "<clearhead.claims.ClaimsModel of " + model.folder.string() + ">";
      });
  nb::class_<ReadClaims>(m, "ReadClaims",
                         R"(Claims that were read: ``table``, a row a claim, and ``refusals``.)")
      .def_ro("table", &ReadClaims::table,
              "Columns ``claim``, ``member`` and ``json``, the whole claim as one object of JSON.")
      .def_ro("refusals", &ReadClaims::refusals,
              "Of each claim that was not read: where it stands, and why.")
      .def("__repr__", [](const ReadClaims& read) {
        return "<clearhead.claims.ReadClaims: " + std::to_string(read.table->rows()) + " claims, " +
               std::to_string(read.refusals.size()) + " refused>";
      });
  m.def("open_claims_model", open_model, "folder"_a, "See ``clearhead.claims.load``.");
  m.def("read_claims", read, "path"_a, "mapping"_a = std::filesystem::path(),
        "See ``clearhead.claims.read``.");
  m.def("score_claims", score, "table"_a, "model"_a, "column"_a, "See ``clearhead.claims.score``.");
}

}  // namespace clearhead::python
