// What is recorded, under which name, and how it is found again.
#include "clearhead/tape/tape.h"

#include <algorithm>
#include <utility>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"
#include "clearhead/tape/recording_internal.h"

namespace clearhead {
namespace {

// The last part of a path without TransformerLens' prefix: "blocks.0.attn.hook_q" reads "q" in a
// formula.
std::string short_name(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  std::string last = dot == std::string::npos ? name : name.substr(dot + 1);
  return last.starts_with("hook_") ? last.substr(5) : last;
}

bool any_needs_grad(const OperandList& operands) {
  return std::any_of(operands.begin(), operands.end(),
                     [](const Var& var) { return var.needs_grad(); });
}

}  // namespace

// --- Recording

Tape::Tape(Keep keep) : recording_(std::make_shared<Recording>(keep)) {}

Keep Tape::keep() const { return recording_->keep; }

Var Tape::input(std::string_view name, Tensor value, bool requires_grad) {
  const Var var = put_input(name, std::move(value), requires_grad);
  return recording_->names_nothing() ? var : named(var, recording_->scope + std::string(name));
}

Var Tape::shared_input(std::string_view name, const Tensor& value) {
  const auto known = recording_->shared.find(value.address());
  if (known != recording_->shared.end())
    return Var(recording_, known->second.id, known->second.value);
  const Var input = put_input(name, value, /*requires_grad=*/true);
  if (recording_->names_nothing()) return input;
  const Var var = named(input, std::string(name));
  if (recording_->keep != Keep::nothing)
    recording_->shared[value.address()] = {input.id_, var.id_, var.value_};
  return var;
}

Var Tape::find_shared(const Tensor& value) const {
  const auto known = recording_->shared.find(value.address());
  return known == recording_->shared.end() ? Var() : at(known->second.input);
}

// An input that has no name yet; `name` is for messages.
Var Tape::put_input(std::string_view name, Tensor value, bool requires_grad) {
  if (!value.defined()) throw Error("input " + std::string(name) + ": there is no tensor");
  if (recording_->keep == Keep::nothing) return Var(recording_, -1, std::move(value));
  Recording::Entry input;
  input.kind = "input";
  input.shape = value.shape();
  input.dtype = value.dtype();
  input.needs_grad = requires_grad && is_floating(value.dtype());
  input.record.value = value;
  return Var(recording_, recording_->append(std::move(input)), std::move(value));
}

// Whether an operation on these operands becomes part of the record.
bool Tape::records(std::string_view kind, const OperandList& operands) const {
  for (const Var& var : operands) {
    if (var.defined()) require_here(kind, var);
  }
  return recording_->keep == Keep::everything ||
         (recording_->keep == Keep::for_backward && any_needs_grad(operands));
}

Var Tape::append(std::string_view kind, const OperandList& operands, Record record) {
  const bool needs_grad = record.backward && any_needs_grad(operands);
  if (recording_->keep != Keep::everything && !needs_grad)
    return Var(recording_, -1, std::move(record.value));
  const Tensor value = record.value;
  Recording::Entry result;
  result.kind = kind;
  for (const Var& var : operands) result.inputs.push_back(var.id_);
  result.shape = record.view ? record.view_shape : value.shape();
  result.dtype = record.view ? record.view_dtype : value.dtype();
  result.needs_grad = needs_grad;
  result.record = std::move(record);
  if (!needs_grad) result.record.backward = nullptr;
  if (recording_->keep != Keep::everything) {
    result.record.value = Tensor();
    result.record.explain = nullptr;
    result.record.gradients.clear();
  }
  return Var(recording_, recording_->append(std::move(result)), value);
}

std::vector<Var> Tape::append(std::string_view kind, const OperandList& operands,
                              RecordOfSeveral several) {
  std::vector<Var> results;
  for (Record& record : several.results) {
    // Says that gradients flow. The first of the results takes the backward of all, below.
    if (several.backward) record.backward = [](const Tensor&, Gradients&) {};
    results.push_back(append(kind, operands, std::move(record)));
  }
  if (results.empty() || !results[0].needs_grad()) return results;
  for (const Var& result : results) {
    recording_->entry(result.id_).record.backward = nullptr;
    recording_->entry(result.id_).results = 0;
  }
  Recording::Entry& first = recording_->entry(results[0].id_);
  first.results = static_cast<std::int64_t>(results.size());
  first.backward_of_several = std::move(several.backward);
  return results;
}

void Tape::require_here(std::string_view kind, const Var& input) const {
  if (input.recording_ == recording_) return;
  throw Error(std::string(kind) + ": its operands lie on different tapes; put them on one");
}

std::int64_t Recording::append(Entry added) {
  const auto id = static_cast<std::int64_t>(entries.size());
  added.name = free_name(scope + added.kind + "_" + std::to_string(id));
  ids.emplace(added.name, id);
  entries.push_back(std::move(added));
  return id;
}

// --- Names

// The value as it is called `path`: that itself, or what interventions make of it.
Var Tape::named(const Var& var, const std::string& path) {
  if (var.id_ >= 0 && recording_->is_called(var.id_, path)) return var;
  const Var result = recording_->interventions.empty() ? var : changed(var, path);
  if (result.id_ >= 0) recording_->give_name(result.id_, path);
  return result;
}

bool Recording::is_called(std::int64_t id, const std::string& path) const {
  const auto known = ids.find(path);
  return known != ids.end() && known->second == id;
}

void Recording::give_name(std::int64_t id, const std::string& path) {
  if (is_called(id, path)) return;
  Entry& named = entry(id);
  const std::string unique = free_name(path);
  if (!named.has_given_name) {
    ids.erase(named.name);
    named.name = unique;
    named.has_given_name = true;
  }
  ids.emplace(unique, id);
}

std::string Recording::free_name(const std::string& path) const {
  std::string unique = path;
  for (int i = 2; contains(unique); ++i) unique = path + "#" + std::to_string(i);
  return unique;
}

std::int64_t Recording::seen_through(std::int64_t id) {
  while (id >= 0 && entry(id).record.moves && !entry(id).has_given_name) id = entry(id).inputs[0];
  return id;
}

std::string Recording::filled_in(std::string_view formula, const Entry& of, std::string_view y) {
  std::string text;
  for (std::size_t at = 0; at < formula.size(); ++at) {
    if (formula[at] != '{') {
      text += formula[at];
      continue;
    }
    const std::size_t end = formula.find('}', at);
    const std::string place(formula.substr(at + 1, end - at - 1));
    const std::int64_t id = place == "y" ? -1 : seen_through(of.inputs.at(std::stoul(place)));
    text += place == "y" ? short_name(std::string(y)) : id < 0 ? "?" : short_name(entry(id).name);
    at = end;
  }
  return text;
}

Tape::Scope::Scope(const Tape& tape, std::string_view name)
    : recording_(tape.recording_), outer_length_(recording_->scope.size()) {
  recording_->scope += std::string(name) + ".";
}

Tape::Scope::~Scope() { recording_->scope.resize(outer_length_); }

// --- Looking up

Var Tape::at(std::int64_t id) const {
  return Var(recording_, id, recording_->entry(id).record.value);
}

bool Tape::contains(std::string_view name) const { return recording_->contains(name); }

Var Tape::operator[](std::string_view name) const {
  const auto found = recording_->ids.find(name);
  if (found != recording_->ids.end()) return at(found->second);
  std::vector<std::string> known;
  for (const auto& [other, id] : recording_->ids) known.push_back(other);
  throw Error("tape: there is no value named \"" + std::string(name) + "\"" +
              those_like(name, known));
}

std::vector<Var> Tape::vars() const {
  std::vector<Var> all;
  for (std::size_t id = 0; id < recording_->entries.size(); ++id)
    all.push_back(at(static_cast<std::int64_t>(id)));
  return all;
}

std::vector<std::string> Tape::names() const {
  std::vector<std::pair<std::int64_t, std::string>> numbered;
  for (const auto& [name, id] : recording_->ids) numbered.emplace_back(id, name);
  std::sort(numbered.begin(), numbered.end());
  std::vector<std::string> names;
  for (auto& [id, name] : numbered) names.push_back(std::move(name));
  return names;
}

}  // namespace clearhead
