// The smallest program that uses clearhead as an installed package.
#include <clearhead/base/error.h>
#include <clearhead/base/parallel.h>
#include <clearhead/tensor/tensor.h>

#include <iostream>

int main() {
  const auto x = clearhead::Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  try {
    x.at({2, 0});
    return 1;  // the index is out of range, so this must not be reached
  } catch (const clearhead::Error&) {
  }
  std::cout << "the package works on " << clearhead::thread_count()
            << " threads: x[1, 1] = " << x.at({1, 1}) << '\n';
}
