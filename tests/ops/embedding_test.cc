// Embedding: rows of a table, their gradient, and what is refused.
#include "clearhead/ops/embedding.h"

#include <gmock/gmock.h>

#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor tokens_of(const Shape& shape, std::initializer_list<std::int64_t> numbers) {
  return Tensor::of<std::int64_t>(shape, numbers);
}

TEST(Embedding, LooksUpRows) {
  Tape tape;
  const Var table = tape.input("E", tensor_of({3, 2}, {1, 2, 3, 4, 5, 6}, DType::f32));
  const Var y = embedding(tape.input("tokens", tokens_of({2, 2}, {2, 0, 2, 1})), table);
  EXPECT_EQ(y.shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(y.dtype(), DType::f32);
  EXPECT_THAT(numbers_of(y), ElementsAre(5, 6, 1, 2, 5, 6, 3, 4));
  EXPECT_EQ(y.formula(), "E[tokens]");
  expect_explained(y);
  EXPECT_EQ(embedding(tape.input("none", tokens_of({0}, {})), table).shape(), (Shape{0, 2}));
}

TEST(Embedding, RowsThatAreStoredAsBf16AreWidened) {
  for (const Keep keep : {Keep::nothing, Keep::for_backward}) {
    Tape tape(keep);
    const Var table =
        tape.input("E", tensor_of({3, 2}, {1, 2, 3, 4, 5, 6}, DType::f32).to(DType::bf16));
    const Var y = embedding(tape.input("tokens", tokens_of({2}, {2, 0})), table);
    EXPECT_EQ(y.dtype(), DType::f32);
    EXPECT_THAT(numbers_of(y), ElementsAre(5, 6, 1, 2));
    if (keep == Keep::nothing) continue;
    tape.backward(y, tensor_of({2, 2}, {1, 1, 2, 2}, DType::f32));
    EXPECT_EQ(table.grad().at({0, 0}), 2);
  }
}

TEST(Embedding, ATokenThatOccursSeveralTimesGathersItsGradients) {
  const auto look_up = [](Tape& tape, const std::vector<Var>& x) {
    return embedding(tape.input("tokens", tokens_of({2, 3}, {1, 1, 0, 3, 1, 3})), x[0]);
  };
  check_gradients(look_up, {random_tensor({4, 3})});
  check_gradients(look_up, {random_tensor({4, 100})});  // more channels than one thread takes
}

TEST(Embedding, RefusesWhatIsNoToken) {
  Tape tape;
  const Var table = tape.input("E", Tensor({3, 2}));
  const auto refused = [&](const Tensor& tokens) {
    return error_of([&] { embedding(tape.input("tokens", tokens), table); });
  };
  EXPECT_THAT(refused(tokens_of({2, 2}, {0, 1, 3, 0})),
              AllOf(HasSubstr("token 3 at [1, 0]"), HasSubstr("none of the 3")));
  EXPECT_THAT(refused(tokens_of({1}, {-1})), HasSubstr("token -1"));
  EXPECT_THAT(refused(Tensor({2})), HasSubstr("i64"));
  EXPECT_THAT(error_of([&] { embedding(table, table); }), HasSubstr("expected tokens of i64"));
}

}  // namespace
}  // namespace clearhead
