// What holds for every operation, checked over the table of all of them (operations.h).
#include "tests/ops/operations.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/linear.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string text_of(const Operation& op, const std::vector<Shape>& shapes) {
  std::string text(op.name);
  for (const Shape& shape : shapes) text += " " + to_string(shape);
  return text;
}

// Headers without a row, beside those for the folder alone.
const std::set<std::string> kWithoutRow = {
    // Shared by operations, no operations themselves.
    "attention_steps.h", "recurrence.h",
    // Its operand takes no gradient and its result shares the memory that grows: append_test.cc.
    "append.h",
    // Operations that have rows, or one in bf16 on AMX tiles, where central differences say
    // nothing: feed_forward_test.cc.
    "feed_forward.h"};

TEST(Operations, EachHeaderHasARow) {
  std::set<std::string> headers, expected = kWithoutRow;
  const std::filesystem::path folder = CLEARHEAD_SOURCE_DIR "/clearhead/ops";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".h") && !name.ends_with("_internal.h")) headers.insert(name);
  }
  for (const Operation& op : operations()) expected.insert(std::string(op.header));
  EXPECT_EQ(headers, expected) << "add rows for new operations to tests/ops/operations.cc";
}

TEST(Operations, GradientsAgreeWithCentralDifferences) {
  for (const Operation& op : operations()) {
    for (const auto& shapes : op.small) {
      if (shapes.empty()) continue;  // a function of nothing
      SCOPED_TRACE(text_of(op, shapes));
      check_gradients(op.call, random_operands(shapes));
    }
  }
}

// Each number and each number of a gradient, calculated again from its operands, agrees.
TEST(Operations, ExplainTheirNumbers) {
  for (const Operation& op : operations()) {
    for (const auto& shapes : op.small) {
      SCOPED_TRACE(text_of(op, shapes));
      Tape tape;
      const Vars operands = on_tape(tape, random_operands(shapes, DType::f32));
      const Var y = op.call(tape, operands);
      if (!op.formula.empty()) {
        EXPECT_EQ(y.formula(), op.formula);
      }
      expect_explained(y);
      if (!y.needs_grad()) continue;
      tape.backward(y, random_tensor(y.shape(), 99, DType::f32));
      for (const Var& operand : operands) expect_gradient_explained(operand);
    }
  }
}

// Whether the memory of operand `watched`, a result of some operation, outlives its last Var once
// `op` has made something of it. `learns` says which operands take gradients.
template <typename Learns>
bool is_held(const Operation& op, std::size_t watched, Keep keep, Learns&& learns) {
  std::vector<Tensor> tensors = random_operands(op.small.front(), DType::f32);
  auto memory = std::make_shared<Tensor>(tensors[watched].clone());
  const std::weak_ptr<void> watch = memory;
  Tape tape(keep);
  {
    Vars operands;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      operands.push_back(tape.input("x", tensors[i], learns(i)));
    }
    const Tensor& numbers = *memory;
    operands[watched] = tape.record(
        "watched", {operands[watched]},
        Tensor::view_of(numbers.data<float>(), numbers.shape(), DType::f32, std::move(memory)),
        [](Record& record) { record.backward = [](const Tensor&, Gradients&) {}; });
    op.call(tape, operands);
  }
  return !watch.expired();
}

TEST(Operations, HoldOnlyWhatTheirBackwardNeeds) {
  const auto all = [](std::size_t) { return true; };
  for (const Operation& op : operations()) {
    const std::size_t count = op.small.front().size();
    ASSERT_EQ(op.held_for.size(), count) << op.name;
    for (std::size_t i = 0; i < count; ++i) {
      SCOPED_TRACE(std::string(op.name) + ", operand " + std::to_string(i));
      EXPECT_FALSE(is_held(op, i, Keep::nothing, all));
      EXPECT_TRUE(is_held(op, i, Keep::everything, all));
      EXPECT_EQ(is_held(op, i, Keep::for_backward, all), !op.held_for[i].empty());
      for (std::size_t j = 0; j < count; ++j) {
        const bool is_held_for_j = op.held_for[i].find(std::to_string(j)) != std::string_view::npos;
        EXPECT_EQ(is_held(op, i, Keep::for_backward, [=](std::size_t k) { return k == j; }),
                  is_held_for_j)
            << "where operand " << j << " alone takes a gradient";
      }
    }
  }
}

// Factors of linear maps in lower precision are read as they lie: x lives on if the weight learns,
// and no longer.
TEST(Operations, HoldOnlyWhatBackwardNeedsInLowerPrecision) {
  const auto call = [](Tape&, const Vars& x) { return linear(x[0], x[1], {}, Precision::medium); };
  const Operation op{.name = "linear", .call = call, .small = {{{64, 64}, {64, 64}}}};
  for (const bool weight_learns : {false, true}) {
    const auto learns = [=](std::size_t i) { return i == 0 || weight_learns; };
    EXPECT_EQ(is_held(op, 0, Keep::for_backward, learns), weight_learns);
  }
}

// The result and the gradients of the operands.
std::vector<Tensor> run(const Operation& op) {
  Tape tape(Keep::for_backward);
  const Vars operands = on_tape(tape, random_operands(op.large, DType::f32));
  const Var y = op.call(tape, operands);
  std::vector<Tensor> tensors = {y.value().contiguous()};
  if (!y.needs_grad()) return tensors;
  tape.backward(y, random_tensor(y.shape(), 99, DType::f32));
  for (const Var& operand : operands) tensors.push_back(operand.grad());
  return tensors;
}

void expect_same_bytes(const Operation& op) {
  SCOPED_TRACE(op.name);
  set_thread_count(1);
  const std::vector<Tensor> expected = run(op);
  for (const int threads : {2, 5}) {
    set_thread_count(threads);
    const std::vector<Tensor> tensors = run(op);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ(std::memcmp(tensors[i].data<float>(), expected[i].data<float>(),
                            static_cast<std::size_t>(tensors[i].count()) * sizeof(float)),
                0)
          << threads << " threads, " << (i == 0 ? "result" : "gradient of an operand");
    }
  }
  set_thread_count(0);
}

TEST(Operations, GiveTheSameBytesForAnyNumberOfThreads) {
  std::set<std::string_view> seen;
  for (const Operation& op : operations()) {
    if (op.large.empty()) continue;
    expect_same_bytes(op);
    seen.insert(op.header);
  }
  for (const Operation& op : operations()) {
    EXPECT_TRUE(seen.contains(op.header) || op.small.front().empty()) << op.header;
  }
}

TEST(Operations, GiveTheSameBytesInLowerPrecision) {
  for (const Precision precision : {Precision::high, Precision::medium}) {
    const auto call = [=](Tape&, const Vars& x) { return linear(x[0], x[1], x[2], precision); };
    expect_same_bytes(
        {.name = "linear", .call = call, .large = {{3, 400, 640}, {700, 640}, {700}}});
  }
}

TEST(Operations, RefuseWhatIsWrongAndSayWhy) {
  for (const Operation& op : operations()) {
    for (const WrongCall& wrong : op.wrong) {
      SCOPED_TRACE(text_of(op, wrong.shapes));
      Tape tape;
      const Vars operands = on_tape(tape, random_operands(wrong.shapes, DType::f32));
      const std::string message =
          error_of([&] { (wrong.call ? wrong.call : op.call)(tape, operands); });
      for (const std::string& part : wrong.says) EXPECT_THAT(message, HasSubstr(part));
    }
  }
}

TEST(Operations, SayThatOtherTypesAreToBeCast) {
  for (const Operation& op : operations()) {
    if (op.types == Types::any) continue;
    SCOPED_TRACE(op.name);
    const std::vector<Tensor> floats = random_operands(op.small.front());
    for (const DType dtype : {DType::f16, DType::bf16, DType::i64, DType::boolean}) {
      Tape tape;
      Vars operands;
      for (const Tensor& x : floats) operands.push_back(tape.input("x", x.to(dtype)));
      EXPECT_THAT(
          error_of([&] { op.call(tape, operands); }),
          AllOf(HasSubstr(": expected "), HasSubstr(dtype_name(dtype)), HasSubstr("cast()")));
    }
    for (std::size_t i = 1; i < floats.size(); ++i) {  // one of another type than those before it
      Tape tape;
      Vars operands = on_tape(tape, floats);
      operands[i] = tape.input("x", floats[i].to(DType::f32));
      EXPECT_THAT(error_of([&] { op.call(tape, operands); }),
                  AllOf(HasSubstr("f64"), HasSubstr("f32"), HasSubstr("cast()")));
    }
  }
}

TEST(Operations, RefuseAnOperandOfAnotherTape) {
  for (const Operation& op : operations()) {
    for (std::size_t i = 1; i < op.small.front().size(); ++i) {
      SCOPED_TRACE(std::string(op.name) + ", operand " + std::to_string(i));
      const std::vector<Tensor> tensors = random_operands(op.small.front());
      Tape tape, other;
      Vars operands = on_tape(tape, tensors);
      operands[i] = other.input("other", tensors[i]);
      EXPECT_THAT(error_of([&] { op.call(tape, operands); }), HasSubstr("lie on different tapes"));
    }
  }
}

TEST(Operations, RefuseAnOperandThatIsLeftOut) {
  for (const Operation& op : operations()) {
    if (op.small.front().empty()) continue;
    SCOPED_TRACE(op.name);
    Tape tape;
    Vars operands = on_tape(tape, random_operands(op.small.front()));
    operands[0] = Var();
    EXPECT_THAT(error_of([&] { op.call(tape, operands); }), HasSubstr("there is none"));
  }
}

}  // namespace
}  // namespace clearhead
