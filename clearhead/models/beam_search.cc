// Translation by beam search.
#include "clearhead/models/beam_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/softmax.h"

namespace clearhead {
namespace {

using Tokens = std::vector<std::int64_t>;

constexpr std::int64_t kRows = 256;  // hypotheses that are continued at once

// A target that has not ended.
struct Hypothesis {
  Tokens tokens = {};
  double log_prob = 0;
};

// Where the search of one source stands.
struct Search {
  std::int64_t limit = 0;                 // tokens of a target, its end included
  std::vector<Hypothesis> living = {{}};  // likeliest first
  std::vector<Translation> ended = {};    // best first
};

// One token more for a hypothesis.
struct Continuation {
  std::int64_t hypothesis = 0;  // its place among those living
  std::int64_t token = 0;
  double log_prob = 0;
};

bool is_likelier(const Continuation& a, const Continuation& b) {
  if (a.log_prob != b.log_prob) return a.log_prob > b.log_prob;
  return std::pair(a.hypothesis, a.token) < std::pair(b.hypothesis, b.token);
}

double score(double log_prob, std::int64_t length, const BeamSearchOptions& options) {
  return log_prob / std::pow((5 + static_cast<double>(length)) / 6, options.length_penalty);
}

bool has(const Tokens& tokens, std::int64_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

// The `count` largest of x but those of `never`, as tokens in order.
std::vector<Continuation> largest(std::span<const float> x, std::size_t count,
                                  const Tokens& never) {
  std::vector<Continuation> best;
  for (std::size_t v = 0; v < x.size(); ++v) {
    if (best.size() == count && x[v] <= best.back().log_prob) continue;
    const Continuation next{.token = static_cast<std::int64_t>(v), .log_prob = x[v]};
    if (has(never, next.token)) continue;
    best.insert(std::upper_bound(best.begin(), best.end(), next, is_likelier), next);
    best.resize(std::min(best.size(), count));
  }
  return best;
}

// For each row of logits [rows, 1, V] its `count` likeliest of the first `tokens`, likeliest first.
std::vector<std::vector<Continuation>> likeliest(const Var& logits, std::int64_t tokens,
                                                 std::int64_t count, const Tokens& never) {
  const SoftmaxSteps steps = softmax_steps(logits);
  const Tensor values = logits.value().to(DType::f32).contiguous();
  const Tensor row_max = steps.row_max.value(), row_sum = steps.row_sum.value();  // [rows, 1, 1]
  const std::int64_t V = values.size(2);
  std::vector<std::vector<Continuation>> best(static_cast<std::size_t>(values.size(0)));
  parallel_for(values.size(0), [&](std::int64_t r) {
    const double log_sum = row_max.at({r, 0, 0}) + std::log(row_sum.at({r, 0, 0}));
    if (!std::isfinite(log_sum)) {
      throw Error("the model gives NaN or infinite numbers; its weights are broken");
    }
    const std::span x(values.data<float>() + r * V, static_cast<std::size_t>(tokens));
    auto& row = best[static_cast<std::size_t>(r)];
    row = largest(x, static_cast<std::size_t>(count), never);
    for (Continuation& next : row) next.log_prob -= log_sum;
  });
  return best;
}

void end(Search& search, Hypothesis hypothesis, const BeamSearchOptions& options) {
  const std::int64_t length = std::ssize(hypothesis.tokens);
  if (hypothesis.tokens.back() == options.end) hypothesis.tokens.pop_back();
  Translation ended{std::move(hypothesis.tokens), score(hypothesis.log_prob, length, options)};
  const auto is_better = [](const Translation& a, const Translation& b) {
    return a.score > b.score;
  };
  search.ended.insert(std::upper_bound(search.ended.begin(), search.ended.end(), ended, is_better),
                      std::move(ended));
}

// Whether no hypothesis that lives can become one of the n best: its probability only falls, and
// its length is at most the limit.
bool is_done(const Search& search, const BeamSearchOptions& options) {
  if (search.living.empty() || std::ssize(search.ended) >= options.beam) return true;
  if (std::ssize(search.ended) < options.n_best) return false;
  const double bound = score(search.living.front().log_prob, search.limit, options);
  return bound <= search.ended[static_cast<std::size_t>(options.n_best - 1)].score;
}

// One token more for each living hypothesis, given the likeliest for each. Returns, for each that
// lives then, the place of the one it continues.
std::vector<std::int64_t> advance(Search& search,
                                  std::span<const std::vector<Continuation>> likeliest,
                                  const BeamSearchOptions& options) {
  std::vector<Continuation> all;
  for (std::size_t i = 0; i < search.living.size(); ++i) {
    for (const Continuation& next : likeliest[i]) {
      all.push_back(
          {static_cast<std::int64_t>(i), next.token, search.living[i].log_prob + next.log_prob});
    }
  }
  std::sort(all.begin(), all.end(), is_likelier);
  std::vector<Hypothesis> living;
  std::vector<std::int64_t> parents;
  for (std::int64_t rank = 0; rank < std::ssize(all) && std::ssize(living) < options.beam; ++rank) {
    const Continuation& next = all[static_cast<std::size_t>(rank)];
    const Hypothesis& before = search.living[static_cast<std::size_t>(next.hypothesis)];
    const bool ends = next.token == options.end || std::ssize(before.tokens) + 1 == search.limit;
    if (ends && rank >= options.beam) continue;
    Hypothesis longer{before.tokens, next.log_prob};
    longer.tokens.push_back(next.token);
    if (ends) {
      end(search, std::move(longer), options);
    } else {
      living.push_back(std::move(longer));
      parents.push_back(next.hypothesis);
    }
  }
  search.living = std::move(living);
  if (is_done(search, options)) {
    search.living.clear();
    parents.clear();
  }
  return parents;
}

// i64 [B] → lengths[rows]
Tensor rows_of(const Tensor& lengths, std::span<const std::int64_t> rows) {
  Tensor chosen = Tensor::empty({std::ssize(rows)}, DType::i64);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    chosen.mutable_data<std::int64_t>()[i] = lengths.data<std::int64_t>()[rows[i]];
  }
  return chosen;
}

// What was read of the source of each row. The final state of a recurrent encoder is where its
// decoder begins, and not asked for again.
Memory rows_of(const Memory& memory, std::span<const std::int64_t> sources) {
  const Var& states = memory.states;
  const std::int64_t B = states.size(0), S = states.size(1), C = states.size(2);
  const Var numbers = states.tape().input("rows", Tensor::of({std::ssize(sources)}, sources));
  const Var rows = embedding(numbers, reshape(states, {B, S * C}));
  return {reshape(rows, {std::ssize(sources), S, C}), rows_of(memory.lengths, sources), {}};
}

struct Sources {
  Tensor tokens;   // i64 [B, S]: each with its end, which also fills up shorter ones
  Tensor lengths;  // i64 [B]: with one end
};

// With its end.
std::size_t length_of(const Tokens& source, std::int64_t end) {
  return source.size() + (!source.empty() && source.back() == end ? 0 : 1);
}

Sources batch_of(std::span<const Tokens* const> sources, std::int64_t end) {
  std::size_t S = 0;
  for (const Tokens* source : sources) S = std::max(S, length_of(*source, end));
  Tokens tokens, lengths;
  for (const Tokens* source : sources) {
    tokens.insert(tokens.end(), source->begin(), source->end());
    tokens.insert(tokens.end(), S - source->size(), end);
    lengths.push_back(static_cast<std::int64_t>(length_of(*source, end)));
  }
  const std::int64_t B = std::ssize(sources);
  return {Tensor::of({B, static_cast<std::int64_t>(S)}, std::span<const std::int64_t>(tokens)),
          Tensor::of({B}, std::span<const std::int64_t>(lengths))};
}

Tokens numbers_below(std::int64_t n) {
  Tokens numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// The searches of some sources, side by side, to their end.
std::vector<Search> search(const TranslationModel& model, std::span<const Tokens* const> sources,
                           const BeamSearchOptions& options) {
  std::vector<Search> searches;
  for (const Tokens* source : sources) {
    const std::int64_t limit = 2 * std::ssize(*source) + 10;
    searches.push_back({model.context() == 0 ? limit : std::min(limit, model.context())});
  }
  Tape tape(Keep::nothing);
  const Pass pass{.precision = options.precision};
  const auto [tokens, lengths] = batch_of(sources, options.end);
  const Memory encoded = model.encode(tape.input("source", tokens), lengths, pass);
  Memory memory = encoded;
  DecodingState state;
  // A row for each living hypothesis: the source that it is a translation of, and its latest token.
  Tokens row_sources = numbers_below(std::ssize(sources));
  Tokens latest(sources.size(), options.start);
  while (true) {
    const std::int64_t rows = std::ssize(latest);
    const Var input =
        tape.input("tokens", Tensor::of({rows, 1}, std::span<const std::int64_t>(latest)));
    auto best = likeliest(model.decode(memory, input, pass, &state), model.tokens(),
                          2 * std::min(options.beam, model.vocabulary()), options.never);
    if (options.first && state.length == 1) {
      std::fill(best.begin(), best.end(), std::vector{Continuation{.token = *options.first}});
    }
    Tokens parents, next_sources;
    latest.clear();
    std::size_t row = 0;
    for (std::size_t i = 0; i < searches.size(); ++i) {
      Search& s = searches[i];
      const std::size_t count = s.living.size();
      for (const std::int64_t parent : advance(s, std::span(best).subspan(row, count), options)) {
        parents.push_back(static_cast<std::int64_t>(row) + parent);
        next_sources.push_back(static_cast<std::int64_t>(i));
      }
      for (const Hypothesis& hypothesis : s.living) latest.push_back(hypothesis.tokens.back());
      row += count;
    }
    if (latest.empty()) return searches;
    if (parents != numbers_below(rows)) state.reorder(parents);
    if (next_sources != row_sources) memory = rows_of(encoded, next_sources);
    row_sources = std::move(next_sources);
  }
}

void check_sources(const TranslationModel& model, std::span<const Tokens> sources,
                   std::int64_t end) {
  for (std::size_t i = 0; i < sources.size() && model.context() > 0; ++i) {
    if (static_cast<std::int64_t>(length_of(sources[i], end)) <= model.context()) continue;
    throw Error("translate: source " + std::to_string(i) + " has " +
                std::to_string(sources[i].size()) + " tokens, and the model reads " +
                std::to_string(model.context() - 1) + " and their end; shorten it");
  }
}

}  // namespace

void BeamSearchOptions::validate() const {
  if (beam < 1 || beam > kMostBeam || !(length_penalty >= 0) || n_best < 1 || n_best > beam) {
    throw Error("translate: expected a beam of 1 to " + std::to_string(kMostBeam) +
                ", a length penalty of at least 0 and n_best from 1 to the beam, got " +
                std::to_string(beam) + ", " + std::to_string(length_penalty) + " and " +
                std::to_string(n_best));
  }
}

std::vector<std::vector<Translation>> translate(
    const TranslationModel& model, std::span<const Tokens> sources,
    const BeamSearchOptions& options, const std::function<void(std::int64_t done)>& progress) {
  options.validate();
  if (std::ssize(std::set(options.never.begin(), options.never.end())) >= model.tokens()) {
    throw Error("translate: all tokens are among those that are never written");
  }
  check_sources(model, sources, options.end);
  Tokens order = numbers_below(std::ssize(sources));
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return sources[static_cast<std::size_t>(a)].size() <
           sources[static_cast<std::size_t>(b)].size();
  });
  const auto batch = static_cast<std::size_t>(std::max<std::int64_t>(1, kRows / options.beam));
  std::vector<std::vector<Translation>> translations(sources.size());
  for (std::size_t begin = 0; begin < order.size(); begin += batch) {
    const auto numbers = std::span(order).subspan(begin, std::min(batch, order.size() - begin));
    std::vector<const Tokens*> some;
    for (const std::int64_t i : numbers) some.push_back(&sources[static_cast<std::size_t>(i)]);
    std::vector<Search> searches = search(model, some, options);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::vector<Translation>& found = translations[static_cast<std::size_t>(numbers[i])];
      found = std::move(searches[i].ended);
      found.resize(std::min(found.size(), static_cast<std::size_t>(options.n_best)));
    }
    if (progress) progress(static_cast<std::int64_t>(begin + numbers.size()));
  }
  return translations;
}

}  // namespace clearhead
