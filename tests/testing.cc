// What testing.h declares.
#include "tests/testing.h"

#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "clearhead/base/random.h"
#include "tests/surroundings.h"

namespace clearhead {

double weighted_result(const Function& f, const std::vector<Tensor>& inputs) {
  Tape tape(Keep::nothing);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input));
  const Tensor y = f(tape, vars).value().contiguous();
  const Tensor weights = random_tensor(y.shape(), 1'000'000);
  double sum = 0;
  for (std::int64_t i = 0; i < y.count(); ++i) {
    sum += weights.data<double>()[i] * y.data<double>()[i];
  }
  return sum;
}

Tensor random_tensor(const Shape& shape, std::uint64_t stream, DType dtype) {
  Tensor tensor(shape, DType::f64);
  Random random(2024, stream);
  double* numbers = tensor.mutable_data<double>();
  for (std::int64_t i = 0; i < tensor.count(); ++i) numbers[i] = random.normal();
  return tensor.to(dtype);
}

void expect_differences(const Tensor& gradient, Tensor x, const std::function<double()>& result,
                        double tolerance, const std::string& name) {
  constexpr double kStep = 1e-3;
  ASSERT_EQ(gradient.shape(), x.shape()) << name;
  double largest = 1;
  for (std::int64_t j = 0; j < gradient.count(); ++j) {
    largest = std::max(largest, std::abs(gradient.data<double>()[j]));
  }
  for (std::int64_t j = 0; j < gradient.count(); ++j) {
    double& number = x.mutable_data<double>()[j];
    const double before = number;
    const auto at_offset = [&](double offset) {
      number = before + offset;
      return result();
    };
    const double difference = (8 * (at_offset(kStep) - at_offset(-kStep)) -
                               (at_offset(2 * kStep) - at_offset(-2 * kStep))) /
                              (12 * kStep);
    number = before;
    ASSERT_NEAR(gradient.data<double>()[j], difference, tolerance * largest)
        << name << " " << to_string(x.shape()) << " at " << to_string(unflatten(j, x.shape()));
  }
}

void check_gradients(const Function& f, const std::vector<Tensor>& inputs, double tolerance) {
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input));
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::vector<Tensor> moved = inputs;
    moved[i] = inputs[i].clone();
    expect_differences(
        vars[i].grad(), moved[i], [&] { return weighted_result(f, moved); }, tolerance,
        "input " + std::to_string(i));
  }
}

void check_layer_gradients(Parameters& parameters, const Function& f,
                           const std::vector<Tensor>& inputs, double tolerance) {
  check_gradients(f, inputs, tolerance);
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input, false));
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  for (const Parameter& parameter : parameters) {
    const Var used = tape.find_shared(parameter.value());
    ASSERT_TRUE(used.defined()) << parameter.name << " takes no part";
    expect_differences(
        used.grad(), parameter.value(), [&] { return weighted_result(f, inputs); }, tolerance,
        parameter.name);
  }
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void set_content(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "clearhead-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw Error(name + ": cannot be made");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& text) const {
  set_content(path_ / name, text);
  return (path_ / name).string();
}

std::vector<std::string> TemporaryFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::filesystem::path> shared_path(const std::string& name) {
  const char* given = std::getenv("CLEARHEAD_SHARED");
  const std::filesystem::path path =
      std::filesystem::path(given != nullptr ? given : CLEARHEAD_SHARED_DEFAULT) / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

std::vector<double> numbers_of(const Tensor& tensor) {
  const Tensor dense = tensor.to(DType::f64).contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.count()};
}

std::vector<std::int64_t> ids_of(const Tensor& tensor) {
  const Tensor dense = tensor.contiguous();
  return {dense.data<std::int64_t>(), dense.data<std::int64_t>() + dense.count()};
}

void expect_near(const Tensor& x, const Tensor& expected, double tolerance) {
  ASSERT_EQ(x.shape(), expected.shape());
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const Index index = unflatten(i, x.shape());
    ASSERT_NEAR(x.at(index), expected.at(index), tolerance) << to_string(index);
  }
}

void shake(Parameters& parameters, std::uint64_t seed) {
  std::uint64_t stream = 1000 * seed;
  for (Parameter& parameter : parameters) {
    const Tensor noise = random_tensor(parameter.value().shape(), stream++);
    Tensor moved = parameter.value().clone();
    for (std::int64_t i = 0; i < noise.count(); ++i) {
      moved.mutable_data<double>()[i] += 0.3 * noise.data<double>()[i];
    }
    parameter.mutable_value() = moved;
  }
}

double largest_difference(const Tensor& x, const Tensor& expected) {
  if (x.shape() != expected.shape()) return kInfinity;
  const std::vector<double> numbers = numbers_of(x), exact = numbers_of(expected);
  double largest = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double a = numbers[i], b = exact[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double difference = std::abs(a - b) / std::max(1.0, std::abs(b));
    largest = std::isfinite(difference) ? std::max(largest, difference) : kInfinity;
  }
  return largest;
}

double relative_error(const Tensor& x, const Tensor& expected) {
  const std::vector<double> numbers = numbers_of(x), exact = numbers_of(expected);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    error += std::pow(numbers[i] - exact[i], 2);
    size += exact[i] * exact[i];
  }
  return size == 0 ? error : std::sqrt(error / size);
}

Tensor tensor_of(const Shape& shape, std::initializer_list<double> values, DType dtype) {
  return Tensor::of<double>(shape, values).to(dtype);
}

void expect_explained(const Var& var) {
  SCOPED_TRACE(var.formula());
  EXPECT_THAT(var.formula(), ::testing::Not(::testing::HasSubstr("{")));
  const Shape shape = var.shape();
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    const Explanation e = explain(var, unflatten(i, shape));
    SCOPED_TRACE(to_string(e));
    EXPECT_FALSE(e.calculation.empty());
    if (std::isfinite(e.value)) {
      EXPECT_NEAR(e.recalculated, e.value, 1e-6 * std::max(1.0, std::abs(e.value)));
    } else {
      EXPECT_THAT(e.recalculated, ::testing::NanSensitiveDoubleEq(e.value));
    }
    for (const auto& operand : e.operands) {
      const Var from = var.tape()[operand->name];
      EXPECT_THAT(operand->value, ::testing::NanSensitiveDoubleEq(from.value().at(operand->index)));
    }
  }
}

void expect_gradient_explained(const Var& var) {
  const Shape shape = var.shape();
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    const Explanation e = explain_gradient(var, unflatten(i, shape));
    SCOPED_TRACE(to_string(e));
    EXPECT_EQ(e.name, var.name() + "_grad");
    EXPECT_EQ(e.value, var.grad().at(unflatten(i, shape)));
    EXPECT_FALSE(e.calculation.empty());
    EXPECT_NEAR(e.recalculated, e.value, 1e-6 * std::max(1.0, std::abs(e.value)));
  }
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

void expect_error(const std::function<void()>& f, const std::string& part) {
  try {
    f();
    ADD_FAILURE() << "no Error; expected one that says: " << part;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

}  // namespace clearhead
