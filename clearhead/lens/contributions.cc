// One walk down the record from the logits: at each value y of a token there is a direction u, and
// u·y is divided among the operands of y, as long as y is linear in them.
#include "clearhead/lens/contributions.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

using Direction = std::vector<double>;

double product(const Direction& u, const Direction& y) {
  return std::inner_product(u.begin(), u.end(), y.begin(), 0.0);
}

// The numbers of one tensor, f64.
Direction numbers(const Tensor& tensor) {
  const Tensor dense = tensor.to(DType::f64).contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.count()};
}

// uᵀ·W, row by row: of the table of tokens only the few rows where u is not 0 are read.
Direction taken_back(const Direction& u, const Var& W) {
  const std::int64_t columns = W.size(1);
  Direction result(static_cast<std::size_t>(columns), 0.0);
  for (std::size_t row = 0; row < u.size(); ++row) {
    if (u[row] == 0) continue;
    const auto r = static_cast<std::int64_t>(row);
    const Direction weights = numbers(W.tile({r, 0}, {r + 1, columns}));
    for (std::size_t i = 0; i < weights.size(); ++i) result[i] += u[row] * weights[i];
  }
  return result;
}

class Walk {
 public:
  Walk(std::int64_t batch, std::int64_t place) : batch_(batch), place_(place) {}

  // Divides u·y among what y was made of.
  void go(const Var& y, const Direction& u) {
    const std::string& kind = y.kind();
    if (kind == "intervention" || kind == "cast") {
      go(y.input(0), u);
    } else if (kind == "add") {
      go(y.input(0), u);
      go(y.input(1), u);
    } else if (kind == "linear" && !y.input(3).defined()) {  // of one map
      go_through_linear(y, u);
    } else if (kind == "layer_norm") {
      go_through_norm(y, u, /*scale=*/3, /*is_centred=*/true);
      add_bias(y.input(4), u);
    } else if (kind == "rms_norm") {
      go_through_norm(y, u, /*scale=*/2, /*is_centred=*/false);
    } else if (kind == "softcap" || (!is_hook(y) && (kind == "scale" || is_activation(kind)))) {
      go_through_factor(y, u);
    } else {
      add(y.name(), {}, product(u, row_of(y)));
    }
  }

  std::vector<Contribution> take() { return std::move(parts_); }

 private:
  // The numbers of this token. Positions have no batch.
  Direction row_of(const Var& y) const {
    Index begin(y.shape().size(), 0), end = y.shape();
    const auto choose = [&](std::int64_t axis_from_end, std::int64_t at) {
      const std::int64_t axis = y.rank() - axis_from_end;
      if (axis < 0) return;
      const auto i = static_cast<std::size_t>(axis);
      begin[i] = end[i] == 1 ? 0 : at;
      end[i] = begin[i] + 1;
    };
    choose(2, place_);
    choose(3, batch_);
    return numbers(y.tile(begin, end));
  }

  // y = x·Wᵀ + b
  void go_through_linear(const Var& y, const Direction& u) {
    const Var x = y.input(0);
    const Direction u_x = taken_back(u, y.input(1));
    if (const Var z = heads_of(x); z.defined()) {
      add_heads(z, u_x);
    } else {
      go(x, u_x);
    }
    add_bias(y.input(2), u);
  }

  static bool is_hook(const Var& y) {
    return y.name().substr(y.name().rfind('.') + 1).starts_with("hook_");
  }

  // Of the head of a masked model: those within blocks are hooks.
  static bool is_activation(const std::string& kind) {
    return kind == "gelu" || kind == "relu" || kind == "silu";
  }

  // y = x times a factor, number by number, which for what is not linear is held at what it was.
  void go_through_factor(const Var& y, Direction u) {
    const Var x = y.input(0);
    const Direction to = row_of(y), from = row_of(x);
    for (std::size_t c = 0; c < u.size(); ++c) u[c] *= from[c] == 0 ? 1 : to[c] / from[c];
    go(x, u);
  }

  // z [B, H, T, D] of which x [B, T, H·D] is made; undefined if x is something else.
  static Var heads_of(const Var& x) {
    if (x.kind() != "reshape" || x.input(0).kind() != "transpose") return {};
    const Var z = x.input(0).input(0);
    return z.rank() == 4 ? z : Var();
  }

  void add_heads(const Var& z, const Direction& u) {
    const std::int64_t H = z.size(1), D = z.size(3);
    for (std::int64_t h = 0; h < H; ++h) {
      const Direction z_h =
          numbers(z.tile({batch_, h, place_, 0}, {batch_ + 1, h + 1, place_ + 1, D}));
      const Direction u_h(u.begin() + h * D, u.begin() + (h + 1) * D);
      add(z.name(), h, product(u_h, z_h));
    }
  }

  // y = (x − mean(x)) / s ⊙ w, with s held
  void go_through_norm(const Var& y, Direction u, std::size_t scale, bool is_centred) {
    const Direction w = numbers(y.input(1).value());
    const double s = row_of(y.input(scale))[0];
    for (std::size_t c = 0; c < u.size(); ++c) u[c] *= w[c] / s;
    if (is_centred) {
      const double mean = std::accumulate(u.begin(), u.end(), 0.0) / static_cast<double>(u.size());
      for (double& x : u) x -= mean;
    }
    go(y.input(0), u);
  }

  void add_bias(const Var& b, const Direction& u) {
    if (b.defined()) add(b.name(), {}, product(u, numbers(b.value())));
  }

  // What is reached on several ways is one part.
  void add(const std::string& name, std::optional<std::int64_t> head, double value) {
    const auto known = std::find_if(parts_.begin(), parts_.end(), [&](const Contribution& part) {
      return part.name == name && part.head == head;
    });
    if (known != parts_.end()) {
      known->value += value;
    } else {
      parts_.push_back({name, head, value});
    }
  }

  std::int64_t batch_, place_;
  std::vector<Contribution> parts_;
};

}  // namespace

std::vector<Contribution> decompose(const Var& logits, const LogitMetric& metric) {
  if (logits.tape().keep() != Keep::everything) {
    throw Error("decompose: the tape has not kept the parts; make it with Keep::everything");
  }
  metric.of(logits);  // refuses places that do not exist
  Direction u(static_cast<std::size_t>(logits.size(2)), 0.0);
  u[static_cast<std::size_t>(metric.token)] += 1;
  if (metric.other) u[static_cast<std::size_t>(*metric.other)] -= 1;
  Walk walk(metric.batch, metric.place);
  walk.go(logits, u);
  return walk.take();
}

}  // namespace clearhead
