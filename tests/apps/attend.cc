// Runs `clearhead attend` and reads what it saved.
#include "tests/apps/attend.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/tensor/io.h"
#include "tests/apps/program.h"

namespace clearhead {

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string say(const std::vector<std::string>& arguments) {
  const ProgramResult result = run_program("clearhead", arguments);
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  return result.out;
}

NamedTensors saved(const std::vector<std::string>& arguments, const std::string& ending) {
  const TemporaryFolder folder;
  const std::string path = folder / ("steps" + ending);
  say(with(arguments, {"--save", path}));
  NamedTensors named = read_tensors(path);
  for (auto& [name, tensor] : named.tensors) tensor = tensor.clone();  // the file goes away
  return named;
}

double greatest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  const Tensor x = a.to(DType::f64).contiguous();
  const Tensor y = b.to(DType::f64).contiguous();
  double greatest = 0;
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const double difference = std::abs(x.data<double>()[i] - y.data<double>()[i]);
    if (x.data<double>()[i] != y.data<double>()[i]) greatest = std::fmax(greatest, difference);
  }
  return greatest;
}

}  // namespace clearhead
