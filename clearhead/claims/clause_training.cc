// Pairs of queries and passages, and the run that learns from them.
#include "clearhead/claims/clause_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/hash.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/scale.h"
#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead::claims {
namespace {

constexpr const char* kRecipe = "recipe.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kModel = "model";

constexpr double kSentenceLeft = 0.1;  // of sentences that stay in their passage, as Lee et al. do
constexpr std::size_t kLeastSentence = 6, kMostSentence = 24;  // tokens
constexpr std::uint64_t kValidationStream = std::uint64_t{1} << 63;
constexpr std::int64_t kValidationBatches = 4;

std::string hash_of_clauses(const std::vector<Clause>& clauses) {
  std::uint64_t hash = 0;
  for (const Clause& clause : clauses) {
    hash = hash * 31 + hash_of(clause.id + '\n' + path_text(clause) + '\n' + clause.text);
  }
  return fmt::format("{:016x}", hash);
}

std::shared_ptr<const Tokenizer> learn_tokenizer(const std::vector<Clause>& clauses,
                                                 std::int64_t size) {
  std::vector<std::string> texts;
  for (const Clause& clause : clauses) texts.push_back(" " + path_text(clause) + " " + clause.text);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return std::make_shared<Tokenizer>(
      learn_byte_pairs(views, {.size = size, .specials = {}, .lowercase = true}));
}

}  // namespace

void describe(Fields& fields, ClauseRecipe& recipe) {
  fields.group("network", recipe.network, "its sizes and choices");
  fields.integer("tokens", recipe.tokens, {256, 1 << 16}, "byte pairs learnt from the policy");
  fields.number("temperature", recipe.temperature, {1e-4, 10}, "of the softmax over passages");
  fields.number("headings", recipe.headings, {0, 1},
                "share of queries that are headings; the others are sentences");
  fields.texts("held_out", recipe.held_out, "clauses whose ids begin so are left out");
  fields.group("training", recipe.training, "how it learns; batch: queries");
}

ClauseRecipe read_clause_recipe(const std::filesystem::path& path) {
  ClauseRecipe recipe;
  read_fields(read_text(path), path.string(), recipe);
  return recipe;
}

ClauseTrainer::ClauseTrainer(const ClauseRecipe& recipe, const std::vector<Clause>& clauses,
                             const std::filesystem::path& folder)
    : recipe_(recipe), run_(folder, {kRecipe, kTokenizer}) {
  std::vector<Clause> learnt;
  std::copy_if(
      clauses.begin(), clauses.end(), std::back_inserter(learnt), [&](const Clause& clause) {
        return std::none_of(recipe.held_out.begin(), recipe.held_out.end(),
                            [&](const std::string& begin) { return clause.id.starts_with(begin); });
      });
  if (run_.has_begun()) {
    tokenizer_ = read_tokenizer(folder / kTokenizer);
  } else {
    tokenizer_ = learn_tokenizer(learnt, recipe.tokens);
    write_file(folder / kRecipe, [&](std::ostream& out) { out << write_fields(recipe_); });
    write_tokenizer(folder / kTokenizer, *tokenizer_);
  }
  passages_ = cut_into_passages(learnt, tokenizer_.get());
  weights_ = std::make_unique<TokenWeights>(passages_, tokenizer_->size());
  for (std::size_t first = 0, last = 0; first < passages_.size(); first = last) {
    const std::size_t clause = passages_[first].clause;
    while (last < passages_.size() && passages_[last].clause == clause) ++last;
    const auto& path = learnt[clause].path;
    const Source source{path.empty() ? "" : path.back(), first, last};
    (hash_of(learnt[clause].id) % 12 == 0 ? validation_ : train_).push_back(source);
  }
  const std::size_t batch = static_cast<std::size_t>(recipe.training.batch);
  if (train_.size() < 2 * batch || validation_.empty()) {
    throw Error(fmt::format("clauses to learn from: expected at least {} for batches of {}, got {}",
                            2 * batch, batch, train_.size()));
  }
  run_.identify({.recipe = write_fields(recipe_),
                 .inputs = {{"clauses", hash_of_clauses(learnt)}},
                 .differences = [this](const std::string& began) {
                   ClauseRecipe other;
                   read_fields(began, "the checkpoint's recipe", other);
                   return different_fields(other, recipe_);
                 }});
  TransformerConfig config = recipe_.network;
  config.vocabulary = tokenizer_->size();
  config.context = std::max(kPassageTokens, kQueryTokens);
  encoder_ =
      std::make_unique<ClauseEncoder>(config, static_cast<std::uint64_t>(recipe_.training.seed));
  begin(folder);
}

void ClauseTrainer::begin(const std::filesystem::path& folder) {
  run_.begin(
      {.training = recipe_.training,
       .parameters = &encoder_->parameters(),
       .loss =
           [this](Tape& tape, std::int64_t number, const Pass& pass) {
             return loss(tape, train_, static_cast<std::uint64_t>(number), pass);
           },
       .validate =
           [this] {
             double sum = 0;
             for (std::int64_t i = 0; i < kValidationBatches; ++i) {
               Tape tape(Keep::nothing);
               sum += loss(tape, validation_, kValidationStream + static_cast<std::uint64_t>(i),
                           {.precision = recipe_.training.precision})
                          .loss.value()
                          .item();
             }
             return sum / static_cast<double>(kValidationBatches);
           },
       .save = [this, folder] { save_clause_model(folder / kModel, *tokenizer_, *encoder_); }});
}

// Half of the headings meet the beginning of their clause, which they are most about.
ClauseTrainer::Pair ClauseTrainer::draw(const Source& source, Random& random) const {
  const auto passages = static_cast<std::int64_t>(source.last - source.first);
  const bool is_heading = !source.heading.empty() && random.uniform() < recipe_.headings;
  const bool begins = is_heading && random.uniform() < 0.5;
  const auto& ids =
      passages_[source.first + (begins ? 0 : static_cast<std::size_t>(random.below(passages)))].ids;
  if (is_heading) return {text_ids(*tokenizer_, source.heading), ids};
  // A run of tokens is the query, and is mostly taken out of its passage.
  const std::size_t length = std::min(
      kLeastSentence + static_cast<std::size_t>(random.below(kMostSentence - kLeastSentence)),
      std::max<std::size_t>(1, ids.size() / 2));
  const auto at =
      static_cast<std::ptrdiff_t>(random.below(static_cast<std::int64_t>(ids.size() - length + 1)));
  const auto end = at + static_cast<std::ptrdiff_t>(length);
  Pair pair{{ids.begin() + at, ids.begin() + end}, ids};
  if (ids.size() > length && random.uniform() >= kSentenceLeft) {
    pair.passage.erase(pair.passage.begin() + at, pair.passage.begin() + end);
  }
  return pair;
}

BatchLoss ClauseTrainer::loss(Tape& tape, const std::vector<Source>& from, std::uint64_t stream,
                              const Pass& pass) const {
  Random random(static_cast<std::uint64_t>(recipe_.training.seed), stream);
  const auto B = std::min(static_cast<std::size_t>(recipe_.training.batch), from.size());
  // Clauses with one heading are no wrong answers to each other, so each heading comes once.
  std::vector<std::vector<std::int64_t>> queries, passages;
  std::set<std::string> headings;
  for (std::size_t tries = 0; queries.size() < B && tries < 100 * B; ++tries) {
    const Source& source =
        from[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(from.size())))];
    if (!headings.insert(source.heading).second) continue;
    Pair pair = draw(source, random);
    queries.push_back(std::move(pair.query));
    passages.push_back(std::move(pair.passage));
  }
  const TokenBatch query = batch_of(queries, kQueryTokens);
  const TokenBatch passage = batch_of(passages, kPassageTokens);
  const std::int64_t N = query.tokens.size(0), T = query.tokens.size(1);
  Tensor weights({N, T}, DType::f32), answers({N}, DType::i64);
  for (std::int64_t i = 0; i < N; ++i) {
    const std::vector<double> shares = weights_->of(queries[static_cast<std::size_t>(i)]);
    std::copy(shares.begin(), shares.end(), weights.mutable_data<float>() + i * T);
    answers.mutable_data<std::int64_t>()[i] = i;
  }
  Var q, p;
  {
    const auto scope = tape.scope("query");
    q = encoder_->forward(tape, query, pass);
  }
  {
    const auto scope = tape.scope("passage");
    p = encoder_->forward(tape, passage, pass);
  }
  const Var scores = late_interaction(q, weights, p, passage.lengths);
  return {
      cross_entropy(scale(scores, 1 / recipe_.temperature), tape.input("answers", answers)).loss,
      N};
}

}  // namespace clearhead::claims
