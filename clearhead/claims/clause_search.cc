// The two searches, and how they become one.
#include "clearhead/claims/clause_search.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kReadAgain = 50;    // clauses that late interaction reads, the best of BM25
constexpr std::size_t kPassagesEach = 2;  // of each of them, the best of BM25
constexpr std::size_t kPassagesAtOnce = 32;

// The numbers of the highest scores above 0, the highest first; of equal ones the first.
std::vector<std::size_t> highest(const std::vector<double>& scores, std::size_t most) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(order.size(), most));
  return order;
}

std::vector<Clause> as_clauses(const std::vector<Passage>& passages) {
  std::vector<Clause> clauses;
  for (const Passage& passage : passages) {
    clauses.push_back({.id = {}, .path = {}, .text = passage.text, .place = {}});
  }
  return clauses;
}

// [T, C] of one text.
Tensor vectors_of(const ClauseEncoder& encoder, const std::vector<std::int64_t>& ids,
                  std::int64_t most) {
  Tape tape(Keep::nothing);
  return encoder.forward(tape, batch_of({ids}, most), {}).value().slice(0, 0, 1);
}

}  // namespace

ClauseSearch::ClauseSearch(std::vector<Clause> clauses, std::optional<ClauseModel> model)
    : clauses_(std::move(clauses)), model_(std::move(model)), index_(clauses_) {
  passages_ = cut_into_passages(clauses_, model_ ? model_->tokenizer.get() : nullptr);
  first_.resize(clauses_.size() + 1);
  for (const Passage& passage : passages_) ++first_[passage.clause + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  passage_index_.emplace(as_clauses(passages_));
  if (model_) weights_.emplace(passages_, model_->tokenizer->size());
}

std::vector<FoundClause> ClauseSearch::find(const ClauseQuery& query, std::size_t most,
                                            ClauseRanking ranking) const {
  if (ranking == ClauseRanking::fused && !model_) {
    throw Error("fused ranks of clauses need a model of late interaction");
  }
  std::vector<double> scores = index_.scores(query.words);
  const std::vector<double> passage_scores = passage_index_->scores(query.words);
  // The passages of a clause, those that share most with the query first.
  const auto passages_of = [&](std::size_t clause) {
    std::vector<std::size_t> passages(first_[clause + 1] - first_[clause]);
    std::iota(passages.begin(), passages.end(), first_[clause]);
    std::stable_sort(passages.begin(), passages.end(), [&](std::size_t a, std::size_t b) {
      return passage_scores[a] > passage_scores[b];
    });
    return passages;
  };
  if (ranking == ClauseRanking::fused && !query.text.empty()) {
    std::vector<std::size_t> read;
    for (const std::size_t clause : highest(scores, kReadAgain)) {
      const std::vector<std::size_t> passages = passages_of(clause);
      read.insert(
          read.end(), passages.begin(),
          passages.begin() + static_cast<std::ptrdiff_t>(std::min(passages.size(), kPassagesEach)));
    }
    const std::vector<double> again = read_again(query, read);
    std::vector<double> best(clauses_.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      double& score = best[passages_[read[i]].clause];
      score = std::max(score, again[i]);
    }
    scores = fused_by_rank({scores, best});
  }
  std::vector<FoundClause> found;
  for (const std::size_t clause : highest(scores, most)) {
    const Passage& best = passages_[passages_of(clause).front()];
    found.push_back({.clause = clause,
                     .score = scores[clause],
                     .words = index_.shares(query.words, clause),
                     .quote = best.text,
                     .begin = best.begin});
  }
  return found;
}

std::vector<MetWord> met_words(const FoundClause& found) {
  std::vector<MetWord> met;
  for (const TextWord& word : text_words(found.quote)) {
    const auto shared = std::ranges::find(found.words, word.word, &WordShare::word);
    if (shared != found.words.end()) met.push_back({word.begin, word.size, *shared});
  }
  return met;
}

std::vector<double> ClauseSearch::read_again(const ClauseQuery& query,
                                             const std::vector<std::size_t>& passages) const {
  const std::vector<std::int64_t> ids = text_ids(*model_->tokenizer, query.text);
  const std::vector<double> shares = weights_->of(ids);
  const auto T = static_cast<std::int64_t>(shares.size());
  const Tensor weights = Tensor::of<double>({1, T}, shares);
  const Tensor vectors = vectors_of(*model_->encoder, ids, kQueryTokens);
  std::vector<double> scores;
  for (std::size_t begin = 0; begin < passages.size(); begin += kPassagesAtOnce) {
    std::vector<std::vector<std::int64_t>> texts;
    for (std::size_t i = begin; i < std::min(passages.size(), begin + kPassagesAtOnce); ++i) {
      texts.push_back(passages_[passages[i]].ids);
    }
    const TokenBatch batch = batch_of(texts, kPassageTokens);
    Tape tape(Keep::nothing);
    const Var read = model_->encoder->forward(tape, batch, {});
    const Tensor some = late_interaction(tape.input("query", vectors), weights, read, batch.lengths)
                            .value()
                            .to(DType::f64);
    scores.insert(scores.end(), some.data<double>(), some.data<double>() + some.count());
  }
  return scores;
}

TokenMatch ClauseSearch::match(const ClauseQuery& query, const FoundClause& found) const {
  if (!model_) throw Error("a match of tokens needs a model of late interaction");
  const Tokenizer& tokenizer = *model_->tokenizer;
  std::vector<std::int64_t> ids = text_ids(tokenizer, query.text);
  std::vector<std::int64_t> passage = text_ids(tokenizer, found.quote);
  ids.resize(std::min<std::size_t>(ids.size(), kQueryTokens));
  passage.resize(std::min<std::size_t>(passage.size(), kPassageTokens));
  TokenMatch match{.query = {}, .passage = {}, .weights = weights_->of(ids), .cosines = {}};
  for (const std::int64_t id : ids) match.query.push_back(tokenizer.token(id));
  for (const std::int64_t id : passage) match.passage.push_back(tokenizer.token(id));
  const Tensor q = vectors_of(*model_->encoder, ids, kQueryTokens).to(DType::f64);
  const Tensor p = vectors_of(*model_->encoder, passage, kPassageTokens).to(DType::f64);
  const std::int64_t T = q.size(1), S = p.size(1), C = q.size(2);
  match.cosines = Tensor({T, S}, DType::f64);
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t s = 0; s < S; ++s) {
      match.cosines.mutable_data<double>()[t * S + s] = std::inner_product(
          q.data<double>() + t * C, q.data<double>() + (t + 1) * C, p.data<double>() + s * C, 0.0);
    }
  }
  return match;
}

}  // namespace clearhead::claims
