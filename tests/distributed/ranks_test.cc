// What ranks send each other arrives whole and in order.
#include "clearhead/distributed/ranks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/distributed/ranks.h"
#include "tests/testing.h"

namespace clearhead::distributed {
namespace {

TEST(Ranks, GatherInTheOrderOfTheRanks) {
  const auto rank = static_cast<double>(ranks().rank());
  const std::vector<double> all = ranks().gather(std::vector<double>{rank, -rank});
  ASSERT_EQ(std::ssize(all), 2 * ranks().size());
  for (std::size_t i = 0; i < all.size(); i += 2) {
    EXPECT_EQ(all[i], static_cast<double>(i / 2));
    EXPECT_EQ(all[i + 1], -static_cast<double>(i / 2));
  }
}

TEST(Transfer, BringsTensorsInTheirOrder) {
  const std::int64_t R = ranks().size(), rank = ranks().rank();
  const std::int64_t before = ranks().bytes_sent();
  // Too long to go before the other side is there, short, and empty.
  const std::vector<Shape> shapes = {{300, 1000}, {3}, {0, 7}, {5}};
  Transfer transfer(ranks());
  std::vector<Tensor> received;
  for (const Shape& shape : shapes) {
    const auto stream = static_cast<std::uint64_t>(rank);
    transfer.send(random_tensor(shape, stream, DType::f32), (rank + 1) % R);
    received.push_back(Tensor(shape, DType::f32));
    transfer.receive(received.back(), (rank + R - 1) % R);
  }
  transfer.start();
  transfer.wait();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const auto stream = static_cast<std::uint64_t>((rank + R - 1) % R);
    EXPECT_EQ(numbers_of(received[i]), numbers_of(random_tensor(shapes[i], stream, DType::f32)));
  }
  EXPECT_EQ(ranks().bytes_sent() - before, 4 * (300000 + 3 + 5));
}

TEST(Transfer, OfNothingIsDone) {
  Transfer transfer(ranks());
  transfer.start();
  transfer.wait();
}

}  // namespace
}  // namespace clearhead::distributed
