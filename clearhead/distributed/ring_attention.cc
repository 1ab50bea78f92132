// The rounds of the ring, forward and backward. In a round, each piece of queries meets each piece
// of keys as a call of attention of its own, whose offset is the distance between them; a pair of
// pieces in which no query sees a key is left out.
#include "clearhead/distributed/ring_attention.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/compute/rows.h"

namespace clearhead::distributed {
namespace {

using compute::AttentionForward;

// Keys and values of both pieces that a rank holds, or their gradients, on their way round.
struct Block {
  std::array<KeyRange, 2> pieces;
  std::array<Tensor, 2> k, v;  // [B, G, tokens of the piece, D] and [B, G, …, Dv], contiguous
};

// Both pieces of what a rank holds [B, H, ring_tokens, D], each contiguous.
std::array<Tensor, 2> cut(const Tensor& x, const std::array<KeyRange, 2>& pieces) {
  const std::int64_t first = pieces[0].end - pieces[0].begin;
  return {x.slice(2, 0, first).contiguous(), x.slice(2, first, x.size(2)).contiguous()};
}

// The other way: to[b, h] = first[b, h] and behind it second[b, h].
template <typename T>
Tensor joined(const std::array<Tensor, 2>& pieces) {
  Shape shape = pieces[0].shape();
  shape[2] += pieces[1].size(2);
  Tensor whole = Tensor::empty(shape, dtype_of<T>);
  T* to = whole.mutable_data<T>();
  for (std::int64_t head = 0; head < shape[0] * shape[1]; ++head) {
    for (const Tensor& piece : pieces) {
      const std::int64_t numbers = piece.size(2) * piece.size(3);
      to = std::copy_n(piece.data<T>() + head * numbers, numbers, to);
    }
  }
  return whole;
}

// A call, its parts and its ring, forward or backward.
template <typename T>
class Ring {
 public:
  Ring(Ranks& ranks, const RingAttention& call, const AttentionRule& rule)
      : ranks_(ranks), call_(call), rule_(rule), pieces_(pieces_of(ranks.rank())) {
    q_ = cut(call.q, pieces_);
    own_ = {pieces_, cut(call.k, pieces_), cut(call.v, pieces_)};
  }

  AttentionForward forward() {
    std::array<AttentionForward, 2> results;
    for (std::size_t i = 0; i < 2; ++i) {
      const Shape rows = {q_[i].size(0), q_[i].size(1), q_[i].size(2), 1};
      Shape shape = rows;
      shape[3] = call_.v.size(3);
      results[i] = {Tensor(shape, dtype_of<T>), Tensor::empty(rows, dtype_of<T>),
                    Tensor(rows, dtype_of<T>)};
      T* const row_max = results[i].row_max.template mutable_data<T>();
      std::fill_n(row_max, results[i].row_max.count(), -std::numeric_limits<T>::infinity());
    }
    Block block = own_;
    for (std::int64_t round = 0; round < ranks_.size(); ++round) {
      Transfer transfer(ranks_);
      Block next = pass_on(block, round, transfer);
      transfer.start();
      for_each_pair(block, [&](const compute::Attention& pair, std::size_t i, std::size_t) {
        compute::attention_join(results[i], compute::attention_forward(pair));
      });
      transfer.wait();
      block = std::move(next);
    }
    const auto both = [&](Tensor AttentionForward::*part) {
      return joined<T>({results[0].*part, results[1].*part});
    };
    return {both(&AttentionForward::z), both(&AttentionForward::row_max),
            both(&AttentionForward::row_sum)};
  }

  RingGradients backward(const AttentionForward& whole, const Tensor& any_d_z) {
    const std::array<Tensor, 2> z = cut(whole.z, pieces_), d_z = cut(any_d_z, pieces_);
    const std::array<Tensor, 2> row_max = cut(whole.row_max, pieces_);
    const std::array<Tensor, 2> row_sum = cut(whole.row_sum, pieces_);
    std::array<Tensor, 2> dq;
    for (std::size_t i = 0; i < 2; ++i) dq[i] = Tensor(q_[i].shape(), dtype_of<T>);

    Block block = own_, done;  // done: gradients of the block before, to be sent after it
    for (std::int64_t round = 0; round < ranks_.size(); ++round) {
      Transfer transfer(ranks_);
      Block next = pass_on(block, round, transfer);
      Block sum;  // what the ranks before have found for this block
      if (round > 0) {
        send(done, transfer);
        sum = receive(block.pieces, transfer);
      }
      transfer.start();
      Block part = zeros_like(block);
      for_each_pair(block, [&](const compute::Attention& pair, std::size_t i, std::size_t j) {
        compute::AttentionGradients<T> into;
        into.q = compute::HeadsInto<T>(dq[i], /*add=*/true);
        into.k = compute::HeadsInto<T>(part.k[j], /*add=*/true);
        into.v = compute::HeadsInto<T>(part.v[j], /*add=*/true);
        compute::attention_backward(pair, {z[i], row_max[i], row_sum[i]}, d_z[i], into);
      });
      transfer.wait();
      if (round > 0) add(sum, part);
      done = std::move(part);
      block = std::move(next);
    }
    if (ranks_.size() > 1) {  // home
      Transfer transfer(ranks_);
      send(done, transfer);
      Block own = receive(pieces_, transfer);
      transfer.start();
      transfer.wait();
      done = std::move(own);
    }
    return {joined<T>(dq), joined<T>(done.k), joined<T>(done.v)};
  }

 private:
  std::int64_t after() const { return (ranks_.rank() + 1) % ranks_.size(); }
  std::int64_t before() const { return (ranks_.rank() + ranks_.size() - 1) % ranks_.size(); }
  std::array<KeyRange, 2> pieces_of(std::int64_t rank) const {
    return ring_pieces(call_.T, rank, ranks_.size());
  }

  // Sends `block` on and receives the next one, unless this is the last round.
  Block pass_on(const Block& block, std::int64_t round, Transfer& transfer) const {
    if (round + 1 == ranks_.size()) return {};
    const std::int64_t holder =
        ranks_.rank() - round - 1;  // of the next one, before the first round
    send(block, transfer);
    return receive(pieces_of((holder + ranks_.size()) % ranks_.size()), transfer);
  }

  void send(const Block& block, Transfer& transfer) const {
    for (std::size_t i = 0; i < 2; ++i) {
      transfer.send(block.k[i], after());
      transfer.send(block.v[i], after());
    }
  }

  Block receive(const std::array<KeyRange, 2>& pieces, Transfer& transfer) const {
    Block block{pieces, {}, {}};
    for (std::size_t i = 0; i < 2; ++i) {
      Shape shape = call_.k.shape();
      shape[2] = pieces[i].end - pieces[i].begin;
      block.k[i] = Tensor::empty(shape, dtype_of<T>);
      shape[3] = call_.v.size(3);
      block.v[i] = Tensor::empty(shape, dtype_of<T>);
      transfer.receive(block.k[i], before());
      transfer.receive(block.v[i], before());
    }
    return block;
  }

  static Block zeros_like(const Block& block) {
    Block zeros = block;
    for (std::array<Tensor, 2>* tensors : {&zeros.k, &zeros.v}) {
      for (Tensor& tensor : *tensors) tensor = Tensor(tensor.shape(), dtype_of<T>);
    }
    return zeros;
  }

  static void add(const Block& sum, Block& part) {
    for (std::size_t i = 0; i < 2; ++i) {
      compute::add(sum.k[i].count(), sum.k[i].template data<T>(),
                   part.k[i].template mutable_data<T>());
      compute::add(sum.v[i].count(), sum.v[i].template data<T>(),
                   part.v[i].template mutable_data<T>());
    }
  }

  // Calls f(attention, i, j) for queries of piece i and keys of piece j of the block, if some query
  // sees a key.
  template <typename F>
  void for_each_pair(const Block& block, const F& f) const {
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        compute::Attention pair;
        pair.q = q_[i], pair.k = block.k[j], pair.v = block.v[j];
        pair.B = pair.q.size(0), pair.H = pair.q.size(1), pair.G = pair.k.size(1);
        pair.T = pair.q.size(2), pair.S = pair.k.size(2);
        pair.D = pair.q.size(3), pair.Dv = pair.v.size(3);
        pair.rule = rule_;
        const auto B = static_cast<std::size_t>(pair.B);
        pair.offset.assign(B, pieces_[i].begin - block.pieces[j].begin);
        pair.key_count.assign(B, pair.S);
        pair.gradients_follow = true;
        // What a query sees moves with it: the last one sees farthest, the first one least far.
        const bool is_empty = pair.B == 0 || pair.T == 0 || pair.S == 0;
        if (is_empty || pair.visible_keys(0, pair.T - 1).end == 0 ||
            pair.visible_keys(0, 0).begin == pair.S) {
          continue;
        }
        f(pair, i, j);
      }
    }
  }

  Ranks& ranks_;
  const RingAttention& call_;
  AttentionRule rule_;
  std::array<KeyRange, 2> pieces_;  // of this rank
  std::array<Tensor, 2> q_;         // [B, H, tokens of the piece, D], contiguous
  Block own_;
};

void require(bool is_right, const std::string& expected, const Tensor& got) {
  if (!is_right) {
    throw Error("ring attention: expected " + expected + ", got " + to_string(got.shape()) +
                " of " + std::string(dtype_name(got.dtype())));
  }
}

// Checks the call, on this rank and among all, and returns its rule with the scale filled in.
AttentionRule checked_rule(Ranks& ranks, const RingAttention& call) {
  const Tensor &q = call.q, &k = call.k, &v = call.v;
  const bool is_float = q.dtype() == DType::f32 || q.dtype() == DType::f64;
  require(q.rank() == 4 && is_float, "q [B, H, tokens, D] of f32 or f64", q);
  const std::int64_t tokens = ring_tokens(call.T, ranks.rank(), ranks.size());
  require(q.size(2) == tokens,
          "q of " + std::to_string(tokens) + " tokens, this rank's part of " +
              std::to_string(call.T) + " (ring_part cuts it out)",
          q);
  const auto fits = [&](const Tensor& x) {
    return x.rank() == 4 && x.dtype() == q.dtype() && x.size(0) == q.size(0) && x.size(2) == tokens;
  };
  require(fits(k) && k.size(3) == q.size(3) && k.size(1) > 0 && q.size(1) % k.size(1) == 0,
          "k [B, G, tokens, D] to q " + to_string(q.shape()) + ", of its type, where G divides H",
          k);
  require(fits(v) && v.size(1) == k.size(1), "v [B, G, tokens, Dv] to k " + to_string(k.shape()),
          v);

  compute::Attention whole;  // as set_rule needs it: windows are cut to the positions of the whole
  whole.q = q, whole.D = q.size(3), whole.T = call.T, whole.S = call.T;
  compute::set_rule(whole, call.rule, "ring attention");
  const AttentionRule rule = whole.rule;
  const auto number = [](auto x) { return static_cast<double>(x); };
  ranks.require_equal(
      "ring attention",
      {"the type (bytes of a number)", "T", "B", "H", "G", "D", "Dv", "is_causal", "the scale",
       "the softcap", "the left window", "the right window"},
      std::vector<double>{number(dtype_size(q.dtype())), number(call.T), number(q.size(0)),
                          number(q.size(1)), number(k.size(1)), number(q.size(3)),
                          number(v.size(3)), number(rule.is_causal), *rule.scale, rule.softcap,
                          number(rule.left_window_size), number(rule.right_window_size)});
  return rule;
}

}  // namespace

std::array<KeyRange, 2> ring_pieces(std::int64_t T, std::int64_t rank, std::int64_t size) {
  const auto piece = [&](std::int64_t i) {
    return KeyRange{i * T / (2 * size), (i + 1) * T / (2 * size)};
  };
  return {piece(rank), piece(2 * size - 1 - rank)};
}

std::int64_t ring_tokens(std::int64_t T, std::int64_t rank, std::int64_t size) {
  const std::array<KeyRange, 2> pieces = ring_pieces(T, rank, size);
  return pieces[0].end - pieces[0].begin + pieces[1].end - pieces[1].begin;
}

Tensor ring_part(const Tensor& whole, std::int64_t rank, std::int64_t size) {
  const std::array<KeyRange, 2> pieces = ring_pieces(whole.size(2), rank, size);
  const std::array<Tensor, 2> parts = {whole.slice(2, pieces[0].begin, pieces[0].end).contiguous(),
                                       whole.slice(2, pieces[1].begin, pieces[1].end).contiguous()};
  return whole.dtype() == DType::f64 ? joined<double>(parts) : joined<float>(parts);
}

AttentionForward ring_attention(Ranks& ranks, const RingAttention& call) {
  const AttentionRule rule = checked_rule(ranks, call);
  if (call.q.dtype() == DType::f64) return Ring<double>(ranks, call, rule).forward();
  return Ring<float>(ranks, call, rule).forward();
}

RingGradients ring_attention_backward(Ranks& ranks, const RingAttention& call,
                                      const AttentionForward& forward, const Tensor& d_z) {
  const AttentionRule rule = checked_rule(ranks, call);
  Shape shape = call.q.shape();
  shape[3] = call.v.size(3);
  require(d_z.shape() == shape && d_z.dtype() == call.q.dtype(),
          "d_z " + to_string(shape) + " of the type of q", d_z);
  require(forward.z.shape() == shape, "what forward gave for this call, z " + to_string(shape),
          forward.z);
  if (call.q.dtype() == DType::f64) return Ring<double>(ranks, call, rule).backward(forward, d_z);
  return Ring<float>(ranks, call, rule).backward(forward, d_z);
}

}  // namespace clearhead::distributed
