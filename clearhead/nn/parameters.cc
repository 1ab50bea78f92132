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

// Zeros that take no memory.
Tensor outline(const Shape& shape, DType dtype) {
  return Tensor(Shape(shape.size(), 1), dtype).broadcast_to(shape);
}

// Row-major and of this type, in memory that nobody else writes.
Tensor as_value(Tensor source, DType dtype) {
  if (source.dtype() != dtype) return source.to(dtype);
  const bool is_own = source.is_read_only() || !source.is_shared();
  return is_own ? source.contiguous() : source.clone();
}

std::string described(const Shape& shape, std::string_view type) {
  return to_string(shape) + " of " + std::string(type);
}

}  // namespace

const Tensor& Parameter::value() const {
  if (later_ == nullptr) return value_;
  if (!later_->is_read) {
    // Not within the lock: reading may divide its work over threads that ask for this value too.
    Tensor value = later_->read();
    const std::lock_guard lock(later_->mutex);
    if (!later_->is_read) later_->value = std::move(value);
    later_->is_read = true;
  }
  return later_->value;
}

void Parameter::read_now() {
  value_ = value();
  later_.reset();
}

Tensor& Parameter::mutable_value() {
  read_now();
  if (value_.is_read_only()) value_ = value_.clone();
  return value_;
}

void Parameter::read_later(DType dtype, std::function<Tensor()> read) {
  value_ = outline(shape(), dtype);
  later_ = std::make_unique<Later>();
  later_->read = std::move(read);
}

Var on(Tape tape, const Parameter* parameter) {
  const Var var = stored_on(tape, parameter);
  return var.defined() && var.dtype() == DType::bf16 ? cast(var, DType::f32) : var;
}

Var stored_on(Tape tape, const Parameter* parameter) {
  return parameter == nullptr ? Var() : tape.shared_input(parameter->name, parameter->value());
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
  all_.emplace_back(path, is_outline ? outline(shape, dtype_) : begin(), learned);
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
    if (parameter.learned) count += element_count(parameter.shape());
  }
  return count;
}

Parameter& Parameters::at(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return *found->second;
  throw Error(no_parameter(name));
}

std::string Parameters::no_parameter(std::string_view name) const {
  std::vector<std::string> known;
  for (const Parameter& parameter : all_) known.push_back(parameter.name);
  return "parameters: there is none named \"" + std::string(name) + "\"" + those_like(name, known);
}

void Parameters::load(const TensorFile& file, bool keep_bf16) {
  const std::string where = file.name.empty() ? "" : file.name + ": ";
  for (const Parameter& parameter : all_) {
    const TensorFile::Entry& entry = file.at(parameter.name);
    if (entry.shape == parameter.shape() && entry.dtype && is_floating(*entry.dtype)) continue;
    throw Error(where + parameter.name + ": the model has " +
                described(parameter.shape(), "floating type") + ", the file " +
                described(entry.shape, entry.type) + "; its config is another's");
  }
  for (const TensorFile::Entry& entry : file.entries) {
    if (!by_name_.contains(entry.name)) throw Error(where + no_parameter(entry.name));
  }
  for (Parameter& parameter : all_) {
    const TensorFile::Entry& entry = file.at(parameter.name);
    const bool keeps = keep_bf16 && entry.dtype == DType::bf16 && entry.shape.size() == 2;
    const DType dtype = keeps ? DType::bf16 : dtype_;
    parameter.read_later(dtype, [read = entry.read, dtype] { return as_value(read(), dtype); });
  }
}

void Parameters::load(const NamedTensors& tensors, bool keep_bf16) {
  load(as_file(tensors, ""), keep_bf16);
  for (Parameter& parameter : all_) parameter.read_now();
}

NamedTensors Parameters::named_tensors() const {
  NamedTensors named;
  for (const Parameter& parameter : all_) {
    named.tensors.emplace_back(parameter.name, parameter.value());
  }
  return named;
}

}  // namespace clearhead
