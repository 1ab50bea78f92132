#include "clearhead/tape/tape.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/tape/explain.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMaxViewBytes = std::int64_t{4} << 30;

const std::string kNoName;

// The last part of a path without TransformerLens' prefix: "blocks.0.attn.hook_q" reads "q" in a
// formula.
std::string short_name(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  std::string last = dot == std::string::npos ? name : name.substr(dot + 1);
  return last.starts_with("hook_") ? last.substr(5) : last;
}

}  // namespace

// --- Tape: recording

Var Tape::input(std::string_view name, Tensor value, bool requires_grad) {
  if (!value.defined()) throw Error("input " + std::string(name) + ": there is no tensor");
  if (keep_ == Keep::nothing) return Var(this, -1, std::move(value));
  Record record;
  record.kind = "input";
  record.shape = value.shape();
  record.dtype = value.dtype();
  record.needs_grad = requires_grad && is_floating(value.dtype());
  record.value = value;
  const std::int64_t id = append(std::move(record));
  give_name(id, name);
  return Var(this, id, std::move(value));
}

Var Tape::shared_input(std::string_view name, const Tensor& value) {
  if (keep_ == Keep::nothing) return input(name, value);
  const auto known = shared_.find(value.address());
  if (known != shared_.end()) return at(known->second);
  const std::string scope = std::exchange(scope_, "");
  const Var var = input(name, value);
  scope_ = scope;
  shared_.emplace(value.address(), var.id_);
  return var;
}

Var Tape::record(Operation operation) {
  bool needs_grad = false;
  for (const Var& input : operation.inputs) {
    if (!input.defined()) throw Error(operation.kind + ": expected an operand, got an empty Var");
    require_here(operation.kind, input);
    needs_grad = needs_grad || input.needs_grad();
  }
  needs_grad = needs_grad && operation.backward;
  if (keep_ == Keep::nothing || (keep_ == Keep::for_backward && !needs_grad)) {
    return Var(this, -1, std::move(operation.value));
  }
  Record record;
  record.kind = std::move(operation.kind);
  record.formula = std::move(operation.formula);
  record.moves = operation.moves;
  record.any_strides = operation.any_strides || operation.moves;
  for (const Var& input : operation.inputs) record.inputs.push_back(input.id_);
  record.shape = operation.view ? operation.view_shape : operation.value.shape();
  record.dtype = operation.view ? operation.view_dtype : operation.value.dtype();
  record.needs_grad = needs_grad;
  if (needs_grad) record.backward = std::move(operation.backward);
  record.view = std::move(operation.view);
  if (keep_ == Keep::everything) {
    record.explain = std::move(operation.explain);
    record.value = operation.value;
  }
  return Var(this, append(std::move(record)), std::move(operation.value));
}

std::vector<Var> Tape::record_several(std::string_view kind, const std::vector<Var>& inputs,
                                      const std::vector<Tensor>& values,
                                      BackwardOfSeveral backward) {
  assert(keep_ != Keep::everything);
  bool needs_grad = false;
  for (const Var& input : inputs) {
    require_here(kind, input);
    needs_grad = needs_grad || input.needs_grad();
  }
  std::vector<Var> results;
  for (const Tensor& value : values) {
    if (!needs_grad) {
      results.push_back(Var(this, -1, value));
      continue;
    }
    Record record;
    record.kind = kind;
    for (const Var& input : inputs) record.inputs.push_back(input.id_);
    record.shape = value.shape();
    record.dtype = value.dtype();
    record.needs_grad = true;
    record.results = 0;
    results.push_back(Var(this, append(std::move(record)), value));
  }
  if (needs_grad && !results.empty()) {
    Record& first = records_[static_cast<std::size_t>(results[0].id_)];
    first.results = static_cast<std::int64_t>(results.size());
    first.backward_of_several = std::move(backward);
  }
  return results;
}

Var Tape::unrecorded(std::string_view kind, std::initializer_list<const Var*> inputs,
                     Tensor value) {
  for (const Var* input : inputs) {
    if (input->defined()) require_here(kind, *input);
  }
  return Var(this, -1, std::move(value));
}

void Tape::require_here(std::string_view kind, const Var& input) const {
  if (input.tape_ == this) return;
  throw Error(std::string(kind) + ": its operands lie on different tapes; put them on one");
}

std::int64_t Tape::append(Record record) {
  records_.push_back(std::move(record));
  const std::int64_t id = static_cast<std::int64_t>(records_.size()) - 1;
  Record& added = records_.back();
  added.name = free_name(added.kind + "_" + std::to_string(id));
  ids_.emplace(added.name, id);
  return id;
}

void Tape::give_name(std::int64_t id, std::string_view name) {
  const auto known = ids_.find(scope_ + std::string(name));
  if (known != ids_.end() && known->second == id) return;
  Record& record = records_[static_cast<std::size_t>(id)];
  const std::string unique = free_name(name);
  if (!record.has_given_name) {
    ids_.erase(record.name);
    record.name = unique;
    record.has_given_name = true;
  }
  ids_.emplace(unique, id);
}

std::string Tape::free_name(std::string_view name) const {
  const std::string path = scope_ + std::string(name);
  std::string unique = path;
  for (int i = 2; contains(unique); ++i) unique = path + "#" + std::to_string(i);
  return unique;
}

// The value that `id` stands for: itself, or what was moved without a name in between.
std::int64_t Tape::seen_through(std::int64_t id) const {
  while (id >= 0) {
    const Record& record = records_[static_cast<std::size_t>(id)];
    if (!record.moves || record.has_given_name) break;
    id = record.inputs[0];
  }
  return id;
}

Tape::Scope::Scope(Tape& tape, std::string_view name)
    : tape_(tape), outer_length_(tape.scope_.size()) {
  tape.scope_ += std::string(name) + ".";
}

Tape::Scope::~Scope() { tape_.scope_.resize(outer_length_); }

// --- Tape: looking up

Var Tape::at(std::int64_t id) const {
  return Var(const_cast<Tape*>(this), id, records_[static_cast<std::size_t>(id)].value);
}

Var Tape::operator[](std::string_view name) const {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return at(found->second);
  std::vector<std::string> known;
  for (const auto& [other, id] : ids_) known.push_back(other);
  throw Error("tape: there is no value named \"" + std::string(name) + "\"" +
              those_like(name, known));
}

std::vector<Var> Tape::vars() const {
  std::vector<Var> all;
  for (std::size_t id = 0; id < records_.size(); ++id)
    all.push_back(at(static_cast<std::int64_t>(id)));
  return all;
}

std::vector<std::string> Tape::names() const {
  std::vector<std::pair<std::int64_t, std::string>> numbered;
  for (const auto& [name, id] : ids_) numbered.emplace_back(id, name);
  std::sort(numbered.begin(), numbered.end());
  std::vector<std::string> names;
  for (auto& [id, name] : numbered) names.push_back(std::move(name));
  return names;
}

// --- Var

Tape& Var::tape() const {
  if (tape_ == nullptr) throw Error("value: there is none (an optional operand was left out)");
  return *tape_;
}

const Shape& Var::shape() const {
  tape();
  if (id_ >= 0) return tape_->records_[static_cast<std::size_t>(id_)].shape;
  if (!value_.defined()) throw Error("value: this tape keeps no computed views");
  return value_.shape();
}

std::int64_t Var::size(std::int64_t axis) const {
  return shape()[static_cast<std::size_t>(normalize_axis(axis, rank()))];
}

DType Var::dtype() const {
  tape();
  if (value_.defined() || id_ < 0) return value_.dtype();
  return tape_->records_[static_cast<std::size_t>(id_)].dtype;
}

bool Var::needs_grad() const {
  return id_ >= 0 && tape_->records_[static_cast<std::size_t>(id_)].needs_grad;
}

Tensor Var::value() const {
  if (value_.defined()) return value_;
  const Shape& whole = shape();
  const auto& record = tape_->records_[static_cast<std::size_t>(id_)];
  if (!record.view) {
    throw Error(record.name + ": its value was not kept; use a Tape with Keep::everything");
  }
  const std::int64_t bytes_each = static_cast<std::int64_t>(dtype_size(record.dtype));
  if (element_count(whole) > kMaxViewBytes / bytes_each) {
    throw Error(record.name + ": the whole of shape " + to_string(whole) + " would take " +
                std::to_string(element_count(whole) * bytes_each) + " bytes; ask for a tile()");
  }
  return record.view(Index(whole.size(), 0), whole);
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
  if (!value_.defined()) {
    const auto& record = tape_->records_[static_cast<std::size_t>(id_)];
    if (record.view) return record.view(begin, end);
  }
  Tensor part = value();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    part = part.slice(static_cast<std::int64_t>(i), begin[i], end[i]);
  }
  return part.contiguous();
}

Tensor Var::grad() const {
  if (!tape().has_gradients_) throw Error("grad: call backward() first");
  if (!needs_grad()) {
    throw Error("grad: " + (id_ < 0 ? "this value" : name()) + " takes no gradient");
  }
  const auto& record = tape_->records_[static_cast<std::size_t>(id_)];
  const bool is_result = record.backward || record.backward_of_several || record.results == 0;
  if (!record.grad.defined() && is_result && tape_->keep_ == Keep::for_backward) {
    throw Error("grad: " + record.name +
                " is no input, and Keep::for_backward keeps only the "
                "inputs' gradients; use Keep::everything");
  }
  return record.grad.defined() ? record.grad.contiguous() : Tensor(record.shape, record.dtype);
}

const std::string& Var::name() const {
  return id_ < 0 ? kNoName : tape_->records_[static_cast<std::size_t>(id_)].name;
}

const std::string& Var::kind() const {
  return id_ < 0 ? kNoName : tape_->records_[static_cast<std::size_t>(id_)].kind;
}

std::string Var::formula() const {
  if (id_ < 0) return "";
  const auto& record = tape_->records_[static_cast<std::size_t>(id_)];
  if (record.moves && record.inputs[0] >= 0) {  // a named move of what has no name is that
    const std::int64_t source = tape_->seen_through(record.inputs[0]);
    const bool is_named = tape_->records_[static_cast<std::size_t>(source)].has_given_name;
    if (!is_named) return tape_->at(source).formula();
  }
  if (record.formula.empty()) return record.kind;
  std::string text;
  for (std::size_t at = 0; at < record.formula.size(); ++at) {
    if (record.formula[at] != '{') {
      text += record.formula[at];
      continue;
    }
    const std::size_t input = std::stoul(record.formula.substr(at + 1));
    const std::int64_t id = tape_->seen_through(record.inputs.at(input));
    text += id < 0 ? "?" : short_name(tape_->records_[static_cast<std::size_t>(id)].name);
    at = record.formula.find('}', at);
  }
  return text;
}

std::vector<Var> Var::inputs() const {
  std::vector<Var> vars;
  if (id_ < 0) return vars;
  for (const std::int64_t id : tape_->records_[static_cast<std::size_t>(id_)].inputs) {
    vars.push_back(id < 0 ? Var() : tape_->at(id));
  }
  return vars;
}

Var Var::named(std::string_view name) const {
  if (id_ >= 0) tape_->give_name(id_, name);
  return *this;
}

}  // namespace clearhead
