// One case of an operator: inputs, attributes and the outputs that are expected.
#ifndef CLEARHEAD_APPS_CONFORMANCE_CASE_H_
#define CLEARHEAD_APPS_CONFORMANCE_CASE_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead::conformance {

/// An operator's attributes. Which were asked for is noted, so that one that this build does not
/// know is an error instead of being passed over.
class Attributes {
 public:
  explicit Attributes(nlohmann::json values);

  bool has(const std::string& name) const { return values_.contains(name); }
  /// The attribute, or `otherwise` if the case does not have it. Throws Error if it is of another
  /// kind.
  double number(const std::string& name, double otherwise);
  std::int64_t integer(const std::string& name, std::int64_t otherwise);
  std::string text(const std::string& name, const std::string& otherwise);
  /// Throws Error if there is an attribute that nobody asked for.
  void require_all_known() const;

 private:
  const nlohmann::json* find(const std::string& name);

  nlohmann::json values_;
  std::set<std::string> known_;
};

/// A tensor and the name that the case gives it.
struct NamedTensor {
  std::string name;
  Tensor tensor;  ///< undefined for an optional one left out
};

struct Case {
  std::string op;
  Attributes attributes;
  std::vector<NamedTensor> inputs;   ///< by position
  std::vector<NamedTensor> outputs;  ///< by position, as expected
};

/// Reads a case: tensors `in.<name>` and `out.<name>`, and in the metadata `op`, and `attributes`,
/// `inputs`, `outputs` as JSON. Throws Error naming what is missing or malformed.
Case read_case(const std::filesystem::path& path);

}  // namespace clearhead::conformance

#endif  // CLEARHEAD_APPS_CONFORMANCE_CASE_H_
