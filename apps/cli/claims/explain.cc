// The command `clearhead claims explain`.
#include "apps/cli/claims/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/console/claims_inputs.h"
#include "apps/console/named_numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/claims/evidence.h"
#include "clearhead/claims/reasons.h"
#include "clearhead/claims/training.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

constexpr std::size_t kLooks = 8;  // that are shown

struct Options {
  console::ClaimsInputOptions inputs;
  std::string claim;
  std::optional<std::int64_t> line;
  std::string number;
  std::int64_t depth = 1;
};

// "1 in 250 normal claims are"
std::string share(double score) {
  const double claims = std::max(1.0, std::pow(10, score));
  constexpr double kCompared = claims::kCalibrationClaims;
  return claims > kCompared ? fmt::format("fewer than 1 in {:.0f} normal claims are", kCompared)
                            : fmt::format("1 in {:.0f} normal claims is", claims);
}

// "+0.25", and zero without a sign
std::string signed_text(double number) {
  const std::string text = fmt::format("{:+.2f}", number);
  return text == "+0.00" || text == "-0.00" ? "0.00" : text;
}

std::string text_of(const claims::Field<claims::Code>& code) {
  return code ? to_string(*code) : "no code";
}

// What the network reads in place of a code, if that is something else.
std::string read_as(const claims::Field<claims::Code>& code, claims::FieldKind kind,
                    const claims::ClaimVocabulary& vocabulary) {
  const std::int64_t token = vocabulary.code(kind, code);
  const std::string read = vocabulary.text(token);
  if (!code || read == text_of(code)) return {};
  if (token == vocabulary.missing(kind)) return "unknown to the model";
  return (read.ends_with('*') ? "rare, read as " : "read as ") + read;
}

// Of the claims with a number, the one that the network reads.
const claims::Claim& claim_of(const std::vector<claims::Claim>& numbered,
                              const claims::EncodedClaim& encoded,
                              const claims::ClaimVocabulary& vocabulary) {
  using claims::FieldKind;
  const auto is_line = [&](const claims::Line& line, const claims::EncodedLine& as) {
    return vocabulary.code(FieldKind::code, code_of(line)) == as.code;
  };
  const auto is_diagnosis = [&](const claims::Diagnosis& diagnosis, claims::Token as) {
    return vocabulary.code(FieldKind::diagnosis, diagnosis.code) == as;
  };
  const auto found = std::ranges::find_if(numbered, [&](const claims::Claim& claim) {
    // Of very many diagnoses the network reads the first.
    const std::span diagnoses(claim.diagnoses);
    return std::ranges::equal(claim.lines, encoded.lines, is_line) &&
           std::ranges::equal(diagnoses.first(std::min(diagnoses.size(), encoded.diagnoses.size())),
                              encoded.diagnoses, is_diagnosis);
  });
  if (found == numbered.end()) throw Error("claim " + encoded.id + ": its lines have changed");
  return *found;
}

std::string describe(const claims::Claim& as_read, const claims::ClaimView& view,
                     const claims::Evidence& evidence, const claims::ClaimsModel& model) {
  const claims::ClaimVocabulary& vocabulary = *model.vocabulary;
  const claims::EncodedClaim& claim = view.member->claims[view.claim];
  const claims::Date day{std::chrono::days(claim.day)};
  std::string text = fmt::format("Claim {}, {}, {}, {}\n", claim.id, claims::to_string(day),
                                 vocabulary.text(claim.type), vocabulary.text(claim.specialty));
  for (std::size_t i = 0; i < claim.diagnoses.size(); ++i) {
    const claims::Field<claims::Code>& code = as_read.diagnoses[i].code;
    const std::string other = read_as(code, claims::FieldKind::diagnosis, vocabulary);
    text += fmt::format("  diagnosis {}: {}{}\n", i + 1, text_of(code),
                        other.empty() ? "" : ", " + other);
  }
  text += fmt::format("\nScore {:.2f}: {} as unusual.\n", evidence.score.score,
                      share(evidence.score.score));
  for (const claims::Reason& reason :
       claims::reasons_of(view, evidence.surprises, evidence.score, model)) {
    const double score = evidence.score.kinds[static_cast<std::size_t>(reason.kind)];
    text += fmt::format("  {:<13}{:.2f}: {} as unusual\n    {}\n", to_string(reason.kind), score,
                        share(score), console::wrapped(reason.text, 76, 4));
  }
  return text;
}

std::string lines_table(const claims::Claim& as_read, const claims::ClaimView& view,
                        const claims::Evidence& evidence,
                        const claims::ClaimVocabulary& vocabulary) {
  const claims::EncodedClaim& claim = view.member->claims[view.claim];
  plot::TextTable table{.columns = {{"line"},
                                    {"code", true},
                                    {"without it"},
                                    {"surprise"},
                                    {"expected", true},
                                    {"p"},
                                    {"score then"}},
                        .rows = {}};
  std::string others;
  for (const claims::LineEvidence& line : evidence.lines) {
    const auto place = static_cast<std::size_t>(line.surprise.part.number);
    const claims::EncodedLine& encoded = claim.lines[place];
    const claims::Field<claims::Code>& code = code_of(as_read.lines[place]);
    const std::string other = read_as(code, claims::FieldKind::code, vocabulary);
    if (!other.empty()) others += fmt::format("line {}: {}\n", encoded.number, other);
    table.rows.push_back({std::to_string(encoded.number), text_of(code),
                          std::isnan(line.change) ? "" : signed_text(-line.change),
                          fmt::format("{:.1f}", line.surprise.nats),
                          vocabulary.text(line.surprise.expected),
                          fmt::format("{:.2f}", line.surprise.expected_probability),
                          fmt::format("{:.2f}", line.score_with_expected)});
  }
  return table.text() + (others.empty() ? "" : "\n" + others) +
         "\nwithout it: how the score changes if the line is left out. surprise: −ln of the\n"
         "probability of its code, given all else. expected: the most probable code, its\n"
         "probability, and the score of the claim with it.\n";
}

std::string looks_text(const std::vector<claims::Look>& looks, std::int64_t line) {
  std::string text = fmt::format("Where it looked when line {} was hidden (not why)\n", line);
  for (const bool is_history : {false, true}) {
    std::size_t shown = 0;
    for (const claims::Look& look : looks) {
      if (look.is_history != is_history || shown == kLooks) continue;
      if (shown++ == 0) text += is_history ? "  in the history\n" : "  in the claim\n";
      text += fmt::format("  {:4.0f} %  {}\n", 100 * look.weight, look.text);
    }
  }
  return text;
}

std::int32_t line_of(const Options& o, const claims::EncodedClaim& claim,
                     const claims::Evidence& evidence) {
  if (!o.line) return evidence.score.evidence_line;
  for (std::size_t i = 0; i < claim.lines.size(); ++i) {
    if (claim.lines[i].number == *o.line) return static_cast<std::int32_t>(i);
  }
  throw console::UsageError(fmt::format("--line {}: claim {} has no such line", *o.line, claim.id));
}

std::string number_text(const Tape& tape, const Options& o) {
  const std::string given = "--explain " + o.number;
  const console::Numbers numbers = console::parse_numbers("--explain", o.number);
  const Var var = console::value_named(tape, numbers.name, given);
  return to_string(explain(var, numbers.place_in(var.shape(), given), static_cast<int>(o.depth)));
}

void explain_claim(Options& o) {
  if (o.claim.empty()) {
    throw console::UsageError("claims explain needs CLAIM: the number of a claim in --data");
  }
  std::vector<claims::Claim> numbered;
  const console::ClaimsInputs in =
      console::read_claims_inputs(o.inputs, "claims explain", [&](const claims::Claim& claim) {
        if (claim.id.value == o.claim) numbered.push_back(claim);
      });
  const claims::ClaimVocabulary& vocabulary = *in.model.vocabulary;
  const claims::ClaimView view = console::find_claim(in, o.claim);
  const claims::EncodedClaim& claim = view.member->claims[view.claim];
  const claims::Claim& as_read = claim_of(numbered, claim, vocabulary);
  const claims::Evidence evidence = claims::evidence_of(in.model, view);
  std::string text = describe(as_read, view, evidence, in.model);
  const std::int32_t line = line_of(o, claim, evidence);
  if (line >= 0) {
    text += "\n" + lines_table(as_read, view, evidence, vocabulary);
    const claims::SimilarClaims similar = claims::similar_claims(in.members, view, line);
    const std::int64_t number = claim.lines[static_cast<std::size_t>(line)].number;
    text += fmt::format("\nOther claims here with the code of line {} for its diagnosis: {}\n",
                        number, similar.count);
    if (similar.count > 0) text += fmt::format("  {}\n", fmt::join(similar.some, ", "));
    const Tape tape = claims::tape_of_line(in.model, view, line);
    text += "\n" + looks_text(claims::looks_of(in.model, tape, view, line), number);
    if (!o.number.empty()) text += "\n" + number_text(tape, o);
  }
  console::write_output(text);
}

}  // namespace

std::function<void()> set_up_claims_explain(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("claim", o->claim, "The number of the claim")->type_name("CLAIM");
  console::add_claims_inputs(app, o->inputs);
  console::OptionGroup group(app, "What to explain");
  group.integer("--line",
                "The line that is hidden (the one that moves the score most if not given)", 1,
                [o](std::int64_t n) { o->line = n; });
  group.text("--explain", "NAME[INDEX]",
             "Where a number comes from when the line is hidden, such as "
             "blocks.0.cross_attn.hook_pattern[0,2,1]",
             [o](const std::string& x) { o->number = x; });
  group.integer("--depth", "How far back; -1: down to the inputs (1 if not given)", {-1, 1000},
                [o](std::int64_t n) { o->depth = n; });
  return [o] { explain_claim(*o); };
}

}  // namespace clearhead::cli
