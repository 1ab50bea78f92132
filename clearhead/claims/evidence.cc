// A claim read again and again, a little changed.
#include "clearhead/claims/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace clearhead::claims {
namespace {

constexpr std::size_t kSimilar = 5;  // numbers of claims that are named

double score_with(const ClaimsModel& model, const ClaimView& view, std::int32_t line, Token code) {
  MemberClaims member = *view.member;
  EncodedLine& changed = member.claims[view.claim].lines[static_cast<std::size_t>(line)];
  changed.code = code;
  changed.amount = static_cast<Token>(model.vocabulary->usual_amount(code));
  return scores_of(model, std::vector<ClaimView>{{&member, view.claim}}).front().score;
}

// Adds the mean over heads of the weights [1, H, T, S] from one position.
void add_weights(const Tensor& pattern, std::int64_t position, std::vector<double>& weights) {
  const std::int64_t H = pattern.size(1), S = pattern.size(3);
  weights.resize(static_cast<std::size_t>(S));
  for (std::int64_t h = 0; h < H; ++h) {
    for (std::int64_t s = 0; s < S; ++s) {
      weights[static_cast<std::size_t>(s)] +=
          pattern.at({0, h, position, s}) / static_cast<double>(H);
    }
  }
}

// `first_line` stands behind the diagnoses.
std::string text_of_position(const EncodedClaim& claim, std::size_t position,
                             std::int32_t first_line, const ClaimVocabulary& vocabulary) {
  if (position == 0) return "header";
  if (position <= claim.diagnoses.size()) {
    return fmt::format("diagnosis {}: {}", position,
                       vocabulary.text(claim.diagnoses[position - 1]));
  }
  const EncodedLine& line =
      claim.lines[position - 1 - claim.diagnoses.size() + static_cast<std::size_t>(first_line)];
  return fmt::format("line {}: {}", line.number, vocabulary.text(line.code));
}

std::string text_of_event(const Tape& tape, std::int64_t event, const ClaimVocabulary& vocabulary) {
  const auto field = [&](const char* name) {
    return static_cast<std::int64_t>(tape[name].value().at({0, event}));
  };
  if (event == 0) return "before all claims";
  const std::int64_t code = field("history.code"), diagnosis = field("history.diagnosis");
  const std::string gap = vocabulary.text(field("history.gap"));
  return fmt::format("{} {} before: {}{}", gap, gap == "1" ? "day" : "days",
                     code > 0 ? vocabulary.text(code) + " for " : "", vocabulary.text(diagnosis));
}

}  // namespace

Evidence evidence_of(const ClaimsModel& model, const ClaimView& claim) {
  const EncodedClaim& encoded = claim.member->claims[claim.claim];
  Evidence evidence;
  evidence.score = explained_scores(model, std::vector{claim}, encoded.lines.size()).front();
  evidence.surprises = surprises_of(model, std::vector{claim}).front();
  for (const Surprise& surprise : evidence.surprises) {
    if (surprise.kind != FieldKind::code) continue;
    const std::int32_t line = surprise.part.number;
    const bool is_expected = surprise.expected == surprise.token;
    evidence.lines.push_back(
        {.surprise = surprise,
         .change = evidence.score.changes[static_cast<std::size_t>(line)],
         .score_with_expected = is_expected ? evidence.score.score
                                            : score_with(model, claim, line, surprise.expected)});
  }
  return evidence;
}

Tape tape_of_line(const ClaimsModel& model, const ClaimView& claim, std::int32_t line) {
  BatchMaker maker(*model.vocabulary, model.network->config().history);
  maker.add(*claim.member, claim.claim, {ask_for_line(claim.member->claims[claim.claim], line)});
  Tape tape(Keep::everything);
  model.network->forward(tape, maker.take(), {});
  return tape;
}

std::vector<Look> looks_of(const ClaimsModel& model, const Tape& tape, const ClaimView& claim,
                           std::int32_t line) {
  const EncodedClaim& encoded = claim.member->claims[claim.claim];
  const ClaimNetworkConfig& config = model.network->config();
  const std::int32_t first_line = ask_for_line(encoded, line).first_line;
  const auto position = static_cast<std::int64_t>(1 + encoded.diagnoses.size()) + line - first_line;
  std::vector<double> within, history;
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string block = "blocks." + std::to_string(i);
    add_weights(tape[block + ".attn.hook_pattern"].value(), position, within);
    if (config.history == 0) continue;
    add_weights(tape[block + ".cross_attn.hook_pattern"].value(), position, history);
  }
  std::vector<Look> looks;
  const auto layers = static_cast<double>(config.layers);
  for (std::size_t i = 0; i < within.size(); ++i) {
    const bool is_itself = static_cast<std::int64_t>(i) == position;
    looks.push_back({is_itself ? "the hidden line itself"
                               : text_of_position(encoded, i, first_line, *model.vocabulary),
                     within[i] / layers, false});
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    looks.push_back({text_of_event(tape, static_cast<std::int64_t>(i), *model.vocabulary),
                     history[i] / layers, true});
  }
  std::stable_sort(looks.begin(), looks.end(),
                   [](const Look& a, const Look& b) { return a.weight > b.weight; });
  return looks;
}

HistoryAttention history_attention(const ClaimsModel& model, const ClaimView& claim) {
  const EncodedClaim& encoded = claim.member->claims[claim.claim];
  BatchMaker maker(*model.vocabulary, model.network->config().history);
  maker.add(*claim.member, claim.claim, {{.hidden = {{{}, FieldKind::month}}}});
  const ClaimBatch batch = maker.take();
  Tape tape(Keep::everything);
  model.network->forward(tape, batch, {});
  const std::int64_t T = batch.positions[0].size(1), S = batch.events[0].size(1);
  HistoryAttention attention{.weights = Tensor({T, S}, DType::f64), .positions = {}, .events = {}};
  double* row = attention.weights.mutable_data<double>();
  const std::int64_t layers = model.network->config().layers;
  for (std::int64_t t = 0; t < T; ++t, row += S) {
    std::vector<double> weights;
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string block = "blocks." + std::to_string(i);
      add_weights(tape[block + ".cross_attn.hook_pattern"].value(), t, weights);
    }
    for (std::int64_t s = 0; s < S; ++s) {
      row[s] = weights[static_cast<std::size_t>(s)] / static_cast<double>(layers);
    }
    attention.positions.push_back(
        text_of_position(encoded, static_cast<std::size_t>(t), 0, *model.vocabulary));
  }
  for (std::int64_t s = 0; s < S; ++s) {
    attention.events.push_back(text_of_event(tape, s, *model.vocabulary));
  }
  return attention;
}

SimilarClaims similar_claims(std::span<const MemberClaims> members, const ClaimView& claim,
                             std::int32_t line) {
  const EncodedClaim& encoded = claim.member->claims[claim.claim];
  const EncodedLine& wanted = encoded.lines[static_cast<std::size_t>(line)];
  SimilarClaims similar;
  for (const MemberClaims& member : members) {
    for (const EncodedClaim& other : member.claims) {
      if (&other == &encoded) continue;
      const bool is_alike =
          std::any_of(other.lines.begin(), other.lines.end(), [&](const EncodedLine& l) {
            return l.code == wanted.code && l.diagnosis == wanted.diagnosis;
          });
      if (!is_alike) continue;
      ++similar.count;
      if (similar.some.size() < kSimilar) similar.some.push_back(other.id);
    }
  }
  return similar;
}

}  // namespace clearhead::claims
