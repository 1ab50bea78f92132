// Rows of the table: norms, recurrences, positions, attention.
#include <utility>

#include "clearhead/ops/additive_scores.h"
#include "clearhead/ops/alibi.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/batch_norm.h"
#include "clearhead/ops/embedding.h"
#include "clearhead/ops/gru.h"
#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/lstm.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/relative_bias.h"
#include "clearhead/ops/rms_norm.h"
#include "clearhead/ops/rnn.h"
#include "clearhead/ops/rotary.h"
#include "clearhead/ops/sinusoid.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/tanh.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/ops/operations_rows.h"

namespace clearhead {

Rows norm_rows() {
  const std::vector<Shape> rows = {{2, 9}, {5}, {1, 1}, {3, 1}, {0, 4}, {2, 3, 9}, {40, 17}};
  const auto with_channels = [](const std::vector<Shape>& shapes, int times) {
    std::vector<Operands> all;
    for (const Shape& shape : shapes) {
      all.push_back({shape});
      for (int i = 0; i < times; ++i) all.back().push_back({shape.back()});
    }
    return all;
  };
  const std::vector<Shape> batches = {{5, 3}, {1, 2}, {2, 3, 4}};
  return {
      row("layer_norm.h", "layer_norm",
          [](Tape&, const Vars& x) { return layer_norm(x[0], x[1]).y; }, with_channels(rows, 1),
          {{20, 30, 100}, {100}}, {"01", "01"}, {},
          {{{{2, 3}, {4}}, {"layer_norm: ", "weight [C]", "[2, 3]", "[4]"}}}),
      row("layer_norm.h", "layer_norm, with a bias",
          [](Tape&, const Vars& x) { return layer_norm(x[0], x[1], x[2]).y; },
          with_channels(rows, 2), {{20, 30, 100}, {100}, {100}}, {"012", "012", ""}, {},
          {{{{2, 3}, {3}, {4}}, {"layer_norm: ", "bias [C]", "[2, 3]", "[4]"}}}),
      row("rms_norm.h", "rms_norm", [](Tape&, const Vars& x) { return rms_norm(x[0], x[1]).y; },
          with_channels(rows, 1), {{600, 100}, {100}}, {"01", "01"}, {},
          {{{{2, 3}, {4}}, {"rms_norm: ", "weight [C]", "[2, 3]", "[4]"}},
           {{{2, 0}, {0}}, {"rms_norm: ", "at least one channel"}}}),
      row("batch_norm.h", "batch_norm",
          [](Tape&, const Vars& x) { return batch_norm(x[0], x[1], x[2]).y; },
          with_channels(batches, 2), {{600, 100}, {100}, {100}}, {"012", "012", ""}, {},
          {{{{2, 3}, {2}, {3}}, {"batch_norm: ", "weight [C]"}},
           {{{2, 3}, {3}, {2}}, {"batch_norm: ", "bias [C]"}},
           {{{0, 3}, {3}, {3}}, {"batch_norm: ", "no row"}}}),
      row("batch_norm.h", "batch_norm, with given statistics",
          [](Tape& tape, const Vars& x) {
            const Tensor some = random_tensor(x[1].shape(), 5, x[1].dtype());
            const Var mean = tape.input("m", some, false);
            return batch_norm(x[0], x[1], x[2], mean, multiply(mean, mean));
          },
          with_channels(batches, 2), {{600, 100}, {100}, {100}}, {"012", "012", ""}, {},
          {{{{2, 3}, {3}, {2}},
            {"batch_norm: ", "variance [C]"},
            [](Tape&, const Vars& x) { return batch_norm(x[0], x[1], x[1], x[1], x[2]); }}}),
  };
}

namespace {

// In RNN, LSTM and GRU gates [B, T, n·H], R [n·H, H], states [B, H].

}  // namespace

Rows recurrence_rows() {
  const auto shapes = [](std::int64_t n, std::int64_t B, std::int64_t T, std::int64_t H,
                         int states) {
    Operands all = {{B, T, n * H}, {n * H, H}};
    for (int i = 0; i < states; ++i) all.push_back({B, H});
    return all;
  };
  const auto with = [](Operands all, const Shape& more) {
    all.push_back(more);
    return all;
  };
  return {
      row("rnn.h", "rnn", [](Tape&, const Vars& x) { return rnn(x[0], x[1], x[2]); },
          {shapes(1, 2, 4, 3, 1)}, shapes(1, 40, 6, 120, 1), {"", "012", "012"}, {},
          {{{{2, 5, 12}, {12, 3}, {2, 3}}, {"rnn: ", "[12, 3]"}}}),
      row("lstm.h", "lstm",
          [](Tape&, const Vars& x) {
            return lstm({x[0], x[1], x[2], x[3], x[4]}).h;
          },
          {with(shapes(4, 2, 4, 3, 2), {9})}, with(shapes(4, 40, 6, 120, 2), {360}),
          {"", "01234", "01234", "01234", "01234"}, {},
          {{{{2, 5, 12}, {12, 3}, {2, 4}, {2, 3}, {9}}, {"lstm: ", "[2, 3]", "[2, 4]"}},
           {{{2, 5, 12}, {12, 3}, {2, 3}, {2, 3}, {4}}, {"lstm: ", "peepholes [9]"}}}),
      row("lstm.h", "lstm, what it remembers",
          [](Tape&, const Vars& x) {
            return lstm({x[0], x[1]}).c;
          },
          {shapes(4, 2, 4, 3, 0)}, shapes(4, 40, 6, 60, 0), {"", "01"}),
      row("gru.h", "gru",
          [](Tape&, const Vars& x) {
            return gru({.gates = x[0], .R = x[1], .bias = x[3], .initial_h = x[2]});
          },
          {with(shapes(3, 2, 4, 3, 1), {3})}, with(shapes(3, 40, 6, 120, 1), {120}),
          {"", "0123", "0123", ""}, {}, {{{{2, 5, 12}, {12, 3}, {2, 3}, {3}}, {"gru: ", "3·H"}}}),
  };
}

Rows position_rows() {
  Rows rows;
  for (const bool interleaved : {false, true}) {
    rows.push_back(row("rotary.h", interleaved ? "rotary, interleaved" : "rotary",
                       [=](Tape&, const Vars& x) {
                         const auto T = x[0].shape().size() == 4 ? x[0].shape()[2] : 0;
                         return rotary(x[0], rotary_angles(2, T, 4, 10, x[0].dtype()),
                                       {.interleaved = interleaved});
                       },
                       {{{2, 3, 4, 5}}, {{1, 2, 0, 4}}}, {{4, 6, 50, 20}}, {""}));
    rows.push_back(row(
        "relative_bias.h", "relative_bias",
        [=](Tape&, const Vars& x) {
          return relative_bias(x[0], 3, 4, 9, {.bidirectional = interleaved, .max_distance = 6});
        },
        {{{8, 2}}}, {{8, 100}}, {""}, {},
        {{{{1, 3}},
          {"relative_bias: ", interleaved ? "at least 4 buckets" : "at least 2 buckets"}}}));
  }
  const Operands none;
  const auto given = [&](std::string_view header, std::string_view name, Function call,
                         std::vector<WrongCall> wrong) {
    rows.push_back(
        {header, name, std::move(call), {none}, none, {}, {}, std::move(wrong), Types::any});
  };
  given("alibi.h", "alibi", [](Tape& t, const Vars&) { return alibi(t, 8, 2, 3, 4, DType::f32); },
        {{none,
          {"alibi: ", "at least 1 head"},
          [](Tape& t, const Vars&) { return alibi(t, 0, 2, 3, 4, DType::f32); }},
         {none, {"alibi: ", "i64"}, [](Tape& t, const Vars&) {
            return alibi(t, 8, 2, 3, 4, DType::i64);
          }}});
  given("sinusoid.h", "sinusoid",
        [](Tape& t, const Vars&) { return sinusoid(t, 2, 3, 5, DType::f32); },
        {{none, {"sinusoid: ", "i64"}, [](Tape& t, const Vars&) {
            return sinusoid(t, 0, 1, 2, DType::i64);
          }}});
  return rows;
}

namespace {

// Tokens of a vocabulary; some occur several times.
Tensor some_tokens(std::int64_t count, std::int64_t vocabulary) {
  Tensor tokens({count}, DType::i64);
  for (std::int64_t i = 0; i < count; ++i) {
    tokens.mutable_data<std::int64_t>()[i] = i * i % vocabulary;
  }
  return tokens;
}

// A bias that hides every third pair.
Tensor hiding_bias(const Shape& shape, DType dtype) {
  Tensor bias = random_tensor(shape, 77);
  for (std::int64_t i = 0; i < bias.count(); i += 3) bias.mutable_data<double>()[i] = -kInfinity;
  return bias.to(dtype);
}
Var hiding_scores(Tape& tape, const Var& pattern) {
  return tape.input("scores", hiding_bias(pattern.shape(), pattern.dtype()), false);
}

}  // namespace

Rows attention_rows() {
  const auto attend = [](AttentionWay way) -> Function {
    return [=](Tape&, const Vars& x) {
      return attention(x[0], x[1], x[2], {.is_causal = true, .way = way}).y;
    };
  };
  const std::vector<Operands> heads = {{{1, 2, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 5}}};
  const Operands large_heads = {{2, 2, 150, 20}, {2, 1, 150, 20}, {2, 1, 150, 20}};
  const std::vector<WrongCall> wrong_heads = {
      {{{1, 1, 3, 4}, {1, 1, 3, 5}, {1, 1, 3, 4}}, {"attention: ", "k [1, 1, 3, 5]"}},
      {{{1, 3, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}}, {"attention: ", "multiple"}},
      {{{1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 2, 4}}, {"attention: ", "same length"}},
      {{{1, 1, 3, 4}, {2, 1, 3, 4}, {2, 1, 3, 4}}, {"attention: ", "same batch"}},
      {{{3, 4}, {3, 4}, {3, 4}}, {"attention: ", "4-D"}}};
  Rows rows = {
      row(
          "embedding.h", "embedding",
          [](Tape& tape, const Vars& x) {
            return embedding(tape.input("t", some_tokens(7, 4)), x[0]);
          },
          {{{4, 3}}, {{4, 100}}}, {{4, 30'000}}, {""}, "a[t]",
          {{{{3, 2}},
            {"embedding: ", "token 3 at [2]", "none of the 3"},
            [](Tape& tape, const Vars& x) {
              return embedding(tape.input("t", Tensor::of<std::int64_t>({3}, {0, 1, 3})), x[0]);
            }},
           {{{3, 2}},
            {"embedding: ", "expected tokens of i64"},
            [](Tape&, const Vars& x) { return embedding(x[0], x[0]); }}},
          Types::any),
      row("additive_scores.h", "additive_scores",
          [](Tape&, const Vars& x) { return additive_scores(x[0], x[1], x[2]); },
          {{{2, 3, 5}, {2, 4, 5}, {5}}, {{1, 0, 2}, {1, 4, 2}, {2}}},
          {{5, 20, 30}, {5, 20, 30}, {30}}, {"012", "012", "012"}, "c·tanh(a + b)",
          {{{{2, 3, 5}, {2, 3, 4}, {5}}, {"additive_scores: ", "[2, 3, 5], [2, 3, 4] and [5]"}},
           {{{2, 3, 5}, {2, 3, 5}, {2, 3, 5}}, {"additive_scores: ", "v [A]"}}}),
      row("weighted_sum.h", "weighted_sum, with weights where scores are −inf",
          [](Tape& tape, const Vars& x) {
            return weighted_sum(x[0], hiding_scores(tape, x[0]), x[1]);
          },
          {{{2, 3}, {3, 4}},
           {{1, 1}, {1, 1}},
           {{2, 2, 3}, {2, 3, 9}},
           {{2, 2, 3, 4}, {2, 1, 4, 2}},
           {{2, 3}, {2, 3, 4}},
           {{0, 3}, {3, 2}},
           {{2, 0}, {0, 2}},
           {{2, 3}, {3, 0}}},
          {{2, 3, 150, 100}, {2, 1, 100, 20}}, {"01", "0"}, "a·b",
          {{{{2, 3}, {4, 5}}, {"weighted_sum: ", "[2, 3]", "[4, 5]"}},
           {{{2, 2, 3}, {5, 3, 2}}, {"weighted_sum: ", "[5, 3, 2]", "broadcast"}},
           {{{2, 3}, {1, 3}, {3, 2}},
            {"weighted_sum: ", "scores [1, 3]", "shape of the pattern"},
            [](Tape&, const Vars& x) { return weighted_sum(x[0], x[1], x[2]); }}}),
      row("weighted_sum.h", "weighted_sum, some of it hidden",
          [](Tape& tape, const Vars& x) {
            const Var scores = mask(x[0], hiding_scores(tape, x[0]));
            return weighted_sum(softmax(scores), scores, x[1]);
          },
          {{{2, 3}, {3, 4}}, {{2, 2, 3, 4}, {2, 1, 4, 2}}, {{0, 3}, {3, 2}}, {{2, 3}, {3, 0}}},
          {{2, 3, 150, 100}, {2, 1, 100, 20}}, {"", "0"}),
      row("attention.h", "attention by hand", attend(AttentionWay::by_hand), heads, large_heads,
          {"1", "0", "01"}, {}, wrong_heads, Types::any),
      row("attention.h", "attention, fused", attend(AttentionWay::fused), heads, large_heads,
          {"012", "012", "012"}, {}, wrong_heads, Types::any),
  };
  for (const Operands& masked : kMasked) {
    // What is hidden must not take part in the weighted sum that is differentiated, for it is −inf.
    rows.push_back(row("mask.h", "softmax of what a mask hides",
                       [=](Tape& tape, const Vars& x) {
                         const Tensor hiding = hiding_bias(masked[1], x[0].dtype());
                         return softmax(mask(x[0], tape.input("bias", hiding, false)));
                       },
                       {{masked[0]}}, {masked[0]}, {""}));
  }
  return rows;
}

}  // namespace clearhead
