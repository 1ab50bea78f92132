// The walk over the record from its end, which learns.
#include <cassert>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tape/tape.h"

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
  if (y.tape_ != this) throw Error("backward: this value lies on another tape");
  if (!y.needs_grad()) {
    throw Error(keep_ == Keep::nothing
                    ? "backward: this tape keeps nothing; use Keep::for_backward"
                    : "backward: this value depends on no input that takes a gradient");
  }
  if (d_y.shape() != y.shape() || d_y.dtype() != y.dtype()) {
    throw Error("backward: expected a gradient of shape " + to_string(y.shape()) + " and type " +
                std::string(dtype_name(y.dtype())) + ", got " + to_string(d_y.shape()) + " and " +
                std::string(dtype_name(d_y.dtype())));
  }
  for (Record& record : records_) record.grad = Tensor();
  has_gradients_ = true;
  records_[static_cast<std::size_t>(y.id_)].grad = d_y.clone();
  for (std::int64_t id = y.id_; id >= 0; --id) {
    Record& record = records_[static_cast<std::size_t>(id)];
    if (record.backward_of_several) {
      walk_several(id);
      continue;
    }
    if (!record.grad.defined() || !record.backward) continue;
    Gradients gradients(*this, record.inputs);
    record.backward(record.any_strides ? record.grad : record.grad.contiguous(), gradients);
    if (keep_ == Keep::for_backward) record.grad = Tensor();
  }
}

// Backward through an operation of several results, of which `id` is the first and so comes last.
void Tape::walk_several(std::int64_t id) {
  const Record& first = records_[static_cast<std::size_t>(id)];
  std::vector<Tensor> d_out;
  bool any = false;
  for (std::int64_t i = 0; i < first.results; ++i) {
    const Tensor d = std::exchange(records_[static_cast<std::size_t>(id + i)].grad, Tensor());
    d_out.push_back(d.defined() ? d.contiguous() : d);
    any = any || d.defined();
  }
  Gradients gradients(*this, first.inputs);
  if (any) first.backward_of_several(d_out, gradients);
}

Tensor& Tape::grad_of(std::int64_t id) {
  Record& record = records_[static_cast<std::size_t>(id)];
  if (!record.grad.defined()) {
    record.grad = Tensor(record.shape, record.dtype);
  } else if (record.grad.is_shared() || !record.grad.is_contiguous()) {
    record.grad = record.grad.clone();  // shared with what it was taken from
  }
  return record.grad;
}

bool Gradients::wanted(std::size_t i) const {
  const std::int64_t id = ids_[i];
  return id >= 0 && tape_.records_[static_cast<std::size_t>(id)].needs_grad;
}

const Shape& Gradients::shape(std::size_t i) const {
  assert(wanted(i));
  return tape_.records_[static_cast<std::size_t>(ids_[i])].shape;
}

Tensor& Gradients::of(std::size_t i) {
  assert(wanted(i));
  return tape_.grad_of(ids_[i]);
}

bool Gradients::begin(std::size_t i) {
  assert(wanted(i));
  Tape::Record& record = tape_.records_[static_cast<std::size_t>(ids_[i])];
  if (record.grad.defined()) return false;
  record.grad = Tensor::empty(record.shape, record.dtype);
  return true;
}

bool Gradients::take(std::size_t i, const Tensor& d) {
  assert(wanted(i));
  Tape::Record& record = tape_.records_[static_cast<std::size_t>(ids_[i])];
  if (record.grad.defined()) return false;
  assert(d.shape() == record.shape && d.dtype() == record.dtype);
  record.grad = d.is_read_only() ? d.clone() : d;
  return true;
}

}  // namespace clearhead
