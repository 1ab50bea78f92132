// The walk over the record from its end, which gives gradients.
#include <cassert>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tape/recording_internal.h"

namespace clearhead {

void Tape::backward(const Var& y) {
  if (element_count(y.shape()) != 1) {
    throw Error("backward: expected a single number, got shape " + to_string(y.shape()) +
                "; sum() it, or give its gradient");
  }
  Tensor one = Tensor::scalar(1.0, y.dtype());
  backward(y, one.reshape(y.shape()));
}

void Tape::backward(const Var& y, const Tensor& d_y) {
  if (y.recording_ != recording_) throw Error("backward: this value lies on another tape");
  if (!y.needs_grad()) {
    throw Error(keep() == Keep::nothing
                    ? "backward: this tape keeps nothing; use Keep::for_backward"
                    : "backward: this value depends on no input that takes a gradient");
  }
  if (d_y.shape() != y.shape() || d_y.dtype() != y.dtype()) {
    throw Error("backward: expected a gradient of shape " + to_string(y.shape()) + " and type " +
                std::string(dtype_name(y.dtype())) + ", got " + to_string(d_y.shape()) + " and " +
                std::string(dtype_name(d_y.dtype())));
  }
  for (auto& entry : recording_->entries) entry.grad = Tensor();
  recording_->backward_from = y.id_;
  recording_->entry(y.id_).grad = d_y.clone();
  for (std::int64_t id = y.id_; id >= 0; --id) {
    auto& result = recording_->entry(id);
    if (result.backward_of_several) {
      recording_->walk_several(id);
      continue;
    }
    const Record& record = result.record;
    if (!result.grad.defined() || !record.backward) continue;
    Gradients gradients(*recording_, result.inputs);
    const bool any_strides = record.any_strides || record.moves;
    record.backward(any_strides ? result.grad : result.grad.contiguous(), gradients);
    if (keep() == Keep::for_backward) result.grad = Tensor();
  }
}

void Tape::place_gradient(const Var& x, const Tensor& memory) {
  require_here("place_gradient", x);
  if (!x.needs_grad()) throw Error("place_gradient: this value takes no gradient");
  if (memory.defined() && (memory.shape() != x.shape() || memory.dtype() != x.dtype())) {
    throw Error("the gradient of " + std::string(dtype_name(x.dtype())) + " of shape " +
                to_string(x.shape()) + " cannot be calculated in " +
                std::string(dtype_name(memory.dtype())) + " of " + to_string(memory.shape()));
  }
  recording_->entry(x.id_).grad_place = memory;
}

void Recording::walk_several(std::int64_t id) {
  const Entry& first = entry(id);
  std::vector<Tensor> d_y;
  bool any = false;
  for (std::int64_t i = 0; i < first.results; ++i) {
    Entry& result = entry(id + i);
    d_y.push_back(result.grad.defined() ? result.grad.contiguous() : Tensor());
    any = any || result.grad.defined();
    if (keep == Keep::for_backward) result.grad = Tensor();
  }
  Gradients gradients(*this, first.inputs);
  if (any) first.backward_of_several(d_y, gradients);
}

Tensor& Recording::grad_of(std::int64_t id) {
  Entry& of = entry(id);
  if (!of.grad.defined()) {
    of.grad = Tensor(of.shape, of.dtype);
  } else if (of.grad.is_shared() || !of.grad.is_contiguous()) {
    of.grad = of.grad.clone();  // shared with what it was taken from
  }
  return of.grad;
}

bool Gradients::wanted(std::size_t i) const {
  return ids_[i] >= 0 && recording_.entry(ids_[i]).needs_grad;
}

const Shape& Gradients::shape(std::size_t i) const {
  assert(wanted(i));
  return recording_.entry(ids_[i]).shape;
}

Tensor& Gradients::of(std::size_t i) {
  assert(wanted(i));
  return recording_.grad_of(ids_[i]);
}

const Tensor& Gradients::place(std::size_t i) const {
  assert(wanted(i));
  return recording_.entry(ids_[i]).grad_place;
}

bool Gradients::begin(std::size_t i) {
  assert(wanted(i));
  Recording::Entry& operand = recording_.entry(ids_[i]);
  if (operand.grad.defined()) return false;
  operand.grad = Tensor::empty(operand.shape, operand.dtype);
  return true;
}

bool Gradients::take(std::size_t i, const Tensor& d) {
  assert(wanted(i));
  Recording::Entry& operand = recording_.entry(ids_[i]);
  if (operand.grad.defined()) return false;
  assert(d.shape() == operand.shape && d.dtype() == operand.dtype);
  operand.grad = d.is_read_only() ? d.clone() : d;
  return true;
}

}  // namespace clearhead
