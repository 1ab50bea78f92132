// What bench/peers/ (Python) measures and bindings/c has not, as functions of C.
#include "bench/peers/peers_c.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "bench/json.h"
#include "bench/limits.h"
#include "bench/machine.h"
#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/precision.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/hugging_face.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/train/trainer.h"

struct peers_product {
  clearhead::Tensor value;
};

struct peers_limit {
  clearhead::bench::LimitLoop loop;
};

struct peers_trainer {
  clearhead::ReuseMemory reuse;  // as in Trainer::run
  clearhead::Recipe recipe;
  std::unique_ptr<clearhead::Model> model;
  std::unique_ptr<clearhead::Optimizer> optimizer;
  std::unique_ptr<clearhead::Model> as_saved;  // made by `generator`, until weights change
  std::int64_t steps = 0;
};

namespace {

using clearhead::DType;
using clearhead::Error;
using clearhead::Shape;
using clearhead::Tensor;
using clearhead::bench::Limit;

thread_local std::string last_error;

// By its place, as peers_c.h counts them.
clearhead::Precision precision_of(peers_precision place) {
  return clearhead::kPrecisions[place].second;
}

// What `f` returns; `failed` if it throws, with the message in last_error.
template <typename T>
T guarded(T failed, const std::function<T()>& f) {
  try {
    return f();
  } catch (const std::exception& error) {
    last_error = error.what();
    return failed;
  }
}

// A view on the caller's array, which outlives every use of it.
Tensor view_of(const void* data, Shape shape, DType dtype = DType::f32) {
  return Tensor::view_of(data, std::move(shape), dtype,
                         std::shared_ptr<const void>(data, [](const void*) {}));
}

Limit limit_of(const std::string& name) {
  for (const Limit limit : clearhead::bench::limits_of_this_machine()) {
    if (limit_name(limit) == name) return limit;
  }
  throw Error("this machine has no limit " + name);
}

// What writes texts: at medium the model as it is saved and read again, with matrices as bf16.
const clearhead::Model& generator(peers_trainer& trainer) {
  if (trainer.recipe.training.precision != clearhead::Precision::medium) return *trainer.model;
  if (trainer.as_saved == nullptr) {
    clearhead::NamedTensors weights = trainer.model->parameters().named_tensors();
    for (auto& [name, value] : weights.tensors) value = value.to(DType::bf16);
    trainer.as_saved = clearhead::make_model(trainer.recipe.model, /*seed=*/std::nullopt);
    trainer.as_saved->parameters().load(weights, /*keep_bf16=*/true);
  }
  return *trainer.as_saved;
}

// The same batch at every step: the caller's.
class GivenBatch : public clearhead::Task {
 public:
  GivenBatch(const peers_trainer& trainer, const int64_t* tokens, const int64_t* targets) {
    const Shape shape{trainer.recipe.training.batch, trainer.recipe.model.context()};
    tokens_ = view_of(tokens, shape, DType::i64);
    targets_ = view_of(targets, shape, DType::i64);
  }

  clearhead::BatchLoss train(clearhead::Tape& tape, const clearhead::Model& model, int64_t,
                             const clearhead::Pass& pass) const override {
    const auto& network = dynamic_cast<const clearhead::LanguageModel&>(model);
    const clearhead::Var logits = network.forward(tape.input("tokens", tokens_), pass);
    return {cross_entropy(logits, tape.input("targets", targets_)).loss, targets_.count()};
  }

  double validate(const clearhead::Model& model, clearhead::Precision precision) const override {
    clearhead::Tape tape(clearhead::Keep::nothing);
    return train(tape, model, 0, {.precision = precision}).loss.value().item();
  }

 private:
  Tensor tokens_, targets_;
};

}  // namespace

const char* peers_error() { return last_error.c_str(); }

int peers_set_threads(int32_t threads) {
  return guarded<int>(1, [&] {
    clearhead::set_thread_count(threads);
    return 0;
  });
}

int32_t peers_repeat_attention(peers_attention attention, int64_t count, const void* q,
                               const void* k, const void* v, const void* options,
                               const void* results) {
  for (int64_t i = 0; i < count; ++i) {
    if (const int32_t failed = attention(q, k, v, options, results, nullptr)) return failed;
  }
  return 0;
}

peers_product* peers_matmul(int64_t M, int64_t N, int64_t K, peers_precision precision,
                            const float* a, const float* b) {
  return guarded<peers_product*>(nullptr, [&] {
    clearhead::Tape tape(clearhead::Keep::nothing);
    clearhead::MatmulOptions options;
    options.precision = precision_of(precision);
    const clearhead::Var product =
        matmul(tape.input("a", view_of(a, {M, K})), tape.input("b", view_of(b, {K, N})), options);
    return new peers_product{product.value()};
  });
}

peers_product* peers_linear(int64_t M, int64_t N, int64_t K, peers_precision precision,
                            const float* x, const void* w, int32_t w_is_bf16) {
  return guarded<peers_product*>(nullptr, [&] {
    clearhead::Tape tape(clearhead::Keep::nothing);
    const DType type = w_is_bf16 != 0 ? DType::bf16 : DType::f32;
    const clearhead::Var y =
        linear(tape.input("x", view_of(x, {M, K})), tape.input("w", view_of(w, {N, K}, type)), {},
               precision_of(precision));
    return new peers_product{y.value()};
  });
}

const float* peers_product_data(const peers_product* product) {
  return product->value.data<float>();
}

void peers_product_free(peers_product* product) { delete product; }

peers_trainer* peers_trainer_new(const char* recipe) {
  return guarded<peers_trainer*>(nullptr, [&] {
    auto trainer = std::make_unique<peers_trainer>();
    clearhead::read_fields(recipe, "recipe", trainer->recipe);
    trainer->model = clearhead::make_model(trainer->recipe.model);
    trainer->optimizer = std::make_unique<clearhead::Optimizer>(trainer->model->parameters(),
                                                                trainer->recipe.training.optimizer);
    return trainer.release();
  });
}

void peers_trainer_free(peers_trainer* trainer) { delete trainer; }

float* peers_trainer_weight(peers_trainer* trainer, const char* name, int64_t* count) {
  return guarded<float*>(nullptr, [&] {
    trainer->as_saved = nullptr;
    Tensor& value = trainer->model->parameters().at(name).mutable_value();
    *count = value.count();
    return value.mutable_data<float>();
  });
}

int peers_trainer_loss(const peers_trainer* trainer, const int64_t* tokens, const int64_t* targets,
                       double* loss) {
  return guarded<int>(1, [&] {
    const GivenBatch batch(*trainer, tokens, targets);
    *loss = batch.validate(*trainer->model, trainer->recipe.training.precision);
    return 0;
  });
}

int peers_trainer_step(peers_trainer* trainer, const int64_t* tokens, const int64_t* targets,
                       double* loss) {
  return guarded<int>(1, [&] {
    const clearhead::TrainingConfig& training = trainer->recipe.training;
    const clearhead::Pass pass{.precision = training.precision,
                               .training = true,
                               .dropout = training.dropout,
                               .step = static_cast<std::uint64_t>(trainer->steps)};
    trainer->as_saved = nullptr;
    clearhead::ParameterGradients gradients;
    const GivenBatch batch(*trainer, tokens, targets);
    *loss = add_gradients(loss_of(batch, *trainer->model), trainer->model->parameters(),
                          trainer->steps++, pass, 0, gradients)
                .loss;
    trainer->optimizer->step(gradients, training.schedule.learning_rate);
    return 0;
  });
}

int peers_trainer_generate(peers_trainer* trainer, const int64_t* prompt, int64_t length,
                           int64_t count, int64_t* tokens) {
  return guarded<int>(1, [&] {
    const std::span<const std::int64_t> text(prompt, static_cast<std::size_t>(length));
    const auto& model = dynamic_cast<const clearhead::LanguageModel&>(generator(*trainer));
    const auto written = generate(model, text,
                                  {.tokens = count,
                                   .sampling = {.temperature = 0},
                                   .precision = trainer->recipe.training.precision});
    std::ranges::copy(written, tokens);
    return 0;
  });
}

int peers_open_without_tokenizer(const char* folder) {
  return guarded<int>(1, [&] {
    static_cast<void>(clearhead::read_hugging_face(folder));
    return 0;
  });
}

const char* peers_machine() {
  static std::string text;
  return guarded<const char*>(nullptr, [&] {
    text = nlohmann::json(clearhead::bench::describe_machine()).dump();
    return text.c_str();
  });
}

peers_limit* peers_limit_new(const char* name, int64_t bytes) {
  return guarded<peers_limit*>(
      nullptr, [&] { return new peers_limit{clearhead::bench::LimitLoop(limit_of(name), bytes)}; });
}

double peers_limit_run(peers_limit* limit) {
  limit->loop.run();
  return limit->loop.work();
}

void peers_limit_free(peers_limit* limit) { delete limit; }
