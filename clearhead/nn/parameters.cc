// The learned tensors of a model, by name.
#include "clearhead/nn/parameters.h"

#include <cmath>
#include <utility>
#include <vector>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/base/hash.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/cast.h"

namespace clearhead {
namespace {

// f(i) as the i-th number.
template <typename F>
Tensor filled(const Shape& shape, DType dtype, const F& f) {
  Tensor value = Tensor::empty(shape, DType::f64);
  double* numbers = value.mutable_data<double>();
  for (std::int64_t i = 0; i < value.count(); ++i) numbers[i] = f(i);
  return value.to(dtype);
}

}  // namespace

Var on(Tape tape, const Parameter* parameter) {
  const Var var = stored_on(tape, parameter);
  return var.defined() && var.dtype() == DType::bf16 ? cast(var, DType::f32) : var;
}

Var stored_on(Tape tape, const Parameter* parameter) {
  return parameter == nullptr ? Var() : tape.shared_input(parameter->name, parameter->value);
}

const Parameter* Parameters::zeros(std::string_view name, const Shape& shape) {
  return add(name, shape, [&] { return Tensor(shape, dtype_); });
}

const Parameter* Parameters::ones(std::string_view name, const Shape& shape) {
  return add(name, shape, [&] { return filled(shape, dtype_, [](std::int64_t) { return 1; }); });
}

const Parameter* Parameters::values(std::string_view name, const Shape& shape,
                                    const std::function<double(std::int64_t i)>& begin) {
  return add(name, shape, [&] { return filled(shape, dtype_, begin); });
}

const Parameter* Parameters::matrix(std::string_view name, std::int64_t rows, std::int64_t columns,
                                    double scale) {
  return add(name, {rows, columns}, [&] {
    const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));
    Random random(*initial_.seed, stream(name));
    return filled({rows, columns}, dtype_, [&](std::int64_t) {
      return scale * (initial_.std == 0 ? bound * (2 * random.uniform() - 1)
                                        : initial_.std * random.normal());
    });
  });
}

Parameter* Parameters::statistic(std::string_view name, const Shape& shape, double begin) {
  return add(
      name, shape, [&] { return filled(shape, dtype_, [begin](std::int64_t) { return begin; }); },
      /*learned=*/false);
}

Parameter* Parameters::add(std::string_view name, const Shape& shape,
                           const std::function<Tensor()>& begin, bool learned) {
  const std::string path = scope_ + std::string(name);
  if (by_name_.contains(path)) throw Error("parameters: there are two named \"" + path + "\"");
  const bool is_outline = !initial_.seed.has_value();
  const Tensor value =
      is_outline ? Tensor(Shape(shape.size(), 1), dtype_).broadcast_to(shape) : begin();
  all_.push_back({path, value, learned});
  return by_name_[path] = &all_.back();
}

std::uint64_t Parameters::stream(std::string_view name) const {
  return hash_of(scope_ + std::string(name));
}

Parameters::Scope::Scope(Parameters& parameters, std::string_view name)
    : parameters_(parameters), outer_length_(parameters.scope_.size()) {
  parameters.scope_ += std::string(name) + ".";
}

Parameters::Scope::~Scope() { parameters_.scope_.resize(outer_length_); }

std::int64_t Parameters::count() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : all_) {
    if (parameter.learned) count += parameter.value.count();
  }
  return count;
}

Parameter& Parameters::at(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return *found->second;
  std::vector<std::string> known;
  for (const Parameter& parameter : all_) known.push_back(parameter.name);
  throw Error("parameters: there is none named \"" + std::string(name) + "\"" +
              those_like(name, known));
}

void Parameters::load(const NamedTensors& tensors, bool keep_bf16) {
  for (const Parameter& parameter : all_) {
    const Tensor& value = tensors.at(parameter.name);
    if (value.shape() != parameter.value.shape() || !is_floating(value.dtype())) {
      throw Error(parameter.name + ": the model has " + to_string(parameter.value.shape()) +
                  " of floating type, the file " + to_string(value.shape()) + " of " +
                  std::string(dtype_name(value.dtype())) + "; its config is another's");
    }
  }
  for (const auto& [name, value] : tensors.tensors) at(name);
  for (Parameter& parameter : all_) {
    const Tensor& source = tensors.at(parameter.name);
    const bool keeps = keep_bf16 && source.dtype() == DType::bf16 && source.rank() == 2;
    const Tensor value = source.to(keeps ? DType::bf16 : parameter.value.dtype());
    // What may be written is copied, since training writes; a mapped file stays where it is.
    const bool is_shared = value.address() == source.address() && !source.is_read_only();
    parameter.value = is_shared ? value.clone() : value.contiguous();
  }
}

NamedTensors Parameters::named_tensors() const {
  NamedTensors named;
  for (const Parameter& parameter : all_) {
    named.tensors.emplace_back(parameter.name, parameter.value);
  }
  return named;
}

}  // namespace clearhead
