// A conformance case: its inputs, attributes and expected outputs.
#include "apps/conformance/case.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/tensor/safetensors.h"

namespace clearhead::conformance {
namespace {

using nlohmann::json;

std::string metadata_entry(const NamedTensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw Error("its metadata have no \"" + key + "\"");
  return found->second;
}

json metadata_json(const NamedTensors& file, const std::string& key) {
  try {
    return json::parse(metadata_entry(file, key));
  } catch (const json::exception& e) {
    throw Error("its metadata \"" + key + "\" are no JSON: " + e.what());
  }
}

// The tensors `<prefix><name>` of the names that the metadata list under `key`.
std::vector<NamedTensor> tensors_in_order(const NamedTensors& file, const std::string& key,
                                          const std::string& prefix) {
  const json names = metadata_json(file, key);
  if (!names.is_array()) throw Error("its metadata \"" + key + "\" are no list of names");
  std::vector<NamedTensor> tensors;
  for (const json& name : names) {
    if (!name.is_string())
      throw Error("its metadata \"" + key + "\" hold something else than names");
    NamedTensor named{name.get<std::string>(), {}};
    if (!named.name.empty()) {
      named.tensor = file.at(prefix + named.name);
    }
    tensors.push_back(std::move(named));
  }
  return tensors;
}

}  // namespace

Attributes::Attributes(json values) : values_(std::move(values)) {
  if (!values_.is_object()) throw Error("its metadata \"attributes\" are no JSON object");
}

const json* Attributes::find(const std::string& name) {
  known_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &*found;
}

double Attributes::number(const std::string& name, double otherwise) {
  const json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) throw Error("attribute " + name + ": expected a number");
  return value->get<double>();
}

std::int64_t Attributes::integer(const std::string& name, std::int64_t otherwise) {
  const json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer()) throw Error("attribute " + name + ": expected an integer");
  return value->get<std::int64_t>();
}

std::string Attributes::text(const std::string& name, const std::string& otherwise) {
  const json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) throw Error("attribute " + name + ": expected a text");
  return value->get<std::string>();
}

void Attributes::require_all_known() const {
  for (const auto& [name, value] : values_.items()) {
    if (!known_.contains(name)) {
      throw Error(
          fmt::format("attribute {} is not known; known are {}", name, fmt::join(known_, ", ")));
    }
  }
}

Case read_case(const std::filesystem::path& path) {
  const NamedTensors file = read_safetensors(path);
  return {metadata_entry(file, "op"), Attributes(metadata_json(file, "attributes")),
          tensors_in_order(file, "inputs", "in."), tensors_in_order(file, "outputs", "out.")};
}

}  // namespace clearhead::conformance
