// Var: what a handle tells about its value.
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tape/recording_internal.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMaxViewBytes = std::int64_t{4} << 30;

const std::string kNoName;

}  // namespace

Tape Var::tape() const {
  require_defined();
  return Tape(recording_);
}

void Var::require_defined() const {
  if (!defined()) throw Error("value: there is none (an optional operand was left out)");
}

const Shape& Var::shape() const {
  require_defined();
  if (id_ >= 0) return recording_->entry(id_).shape;
  if (!value_.defined()) throw Error("value: this tape keeps no computed views");
  return value_.shape();
}

std::int64_t Var::size(std::int64_t axis) const {
  return shape()[static_cast<std::size_t>(normalize_axis(axis, rank()))];
}

DType Var::dtype() const {
  require_defined();
  return value_.defined() || id_ < 0 ? value_.dtype() : recording_->entry(id_).dtype;
}

bool Var::needs_grad() const { return id_ >= 0 && recording_->entry(id_).needs_grad; }

Tensor Var::value() const {
  if (value_.defined()) return value_;
  const Shape& whole = shape();
  const auto& entry = recording_->entry(id_);
  if (!entry.record.view) {
    throw Error(entry.name + ": its value was not kept; use a Tape with Keep::everything");
  }
  const std::int64_t bytes_each = static_cast<std::int64_t>(dtype_size(entry.dtype));
  if (element_count(whole) > kMaxViewBytes / bytes_each) {
    throw Error(entry.name + ": the whole of shape " + to_string(whole) + " would take " +
                std::to_string(element_count(whole) * bytes_each) + " bytes; ask for a tile()");
  }
  return entry.record.view(*this, Index(whole.size(), 0), whole);
}

Tensor Var::tile(const Index& begin, const Index& end) const {
  const Shape& whole = shape();
  bool fits = begin.size() == whole.size() && end.size() == whole.size();
  for (std::size_t i = 0; fits && i < whole.size(); ++i) {
    fits = 0 <= begin[i] && begin[i] <= end[i] && end[i] <= whole[i];
  }
  if (!fits) {
    throw Error("tile: " + to_string(begin) + " to " + to_string(end) + " does not lie in shape " +
                to_string(whole));
  }
  if (!value_.defined() && recording_->entry(id_).record.view) {
    return recording_->entry(id_).record.view(*this, begin, end);
  }
  Tensor part = value();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    part = part.slice(static_cast<std::int64_t>(i), begin[i], end[i]);
  }
  return part.contiguous();
}

Tensor Var::grad() const {
  require_defined();
  if (recording_->backward_from < 0) throw Error("grad: call backward() first");
  if (!needs_grad()) {
    throw Error("grad: " + (id_ < 0 ? "this value" : name()) + " takes no gradient");
  }
  auto& entry = recording_->entry(id_);
  if (!entry.grad.defined() && entry.kind != "input" && recording_->keep == Keep::for_backward) {
    throw Error("grad: " + entry.name +
                " is no input, and Keep::for_backward keeps only the "
                "inputs' gradients; use Keep::everything");
  }
  if (!entry.grad.defined()) return Tensor(entry.shape, entry.dtype);
  return entry.grad = entry.grad.contiguous();  // so that asking again copies nothing
}

const std::string& Var::name() const { return id_ < 0 ? kNoName : recording_->entry(id_).name; }

const std::string& Var::kind() const { return id_ < 0 ? kNoName : recording_->entry(id_).kind; }

std::string Var::formula() const {
  if (id_ < 0) return "";
  const auto& entry = recording_->entry(id_);
  if (entry.record.moves && entry.inputs[0] >= 0) {  // a named move of what has no name is that
    const std::int64_t source = recording_->seen_through(entry.inputs[0]);
    if (!recording_->entry(source).has_given_name) return at(source).formula();
  }
  return entry.record.formula.empty() ? entry.kind
                                      : recording_->filled_in(entry.record.formula, entry);
}

Var Var::at(std::int64_t id) const {
  return Var(recording_, id, recording_->entry(id).record.value);
}

Var Var::input(std::size_t i) const {
  if (id_ < 0) return {};
  const auto& ids = recording_->entry(id_).inputs;
  return i < ids.size() && ids[i] >= 0 ? at(ids[i]) : Var();
}

Var Var::named(std::string_view name) const {
  const bool does_nothing =
      !defined() || (id_ < 0 && (recording_->interventions.empty() || !value_.defined()));
  return does_nothing ? *this : tape().named(*this, recording_->scope + std::string(name));
}

}  // namespace clearhead
