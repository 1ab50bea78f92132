// clearhead as functions of C, through which bench/peers/ (Python) measures it.
#include "bench/peers/clearhead_c.h"

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
#include "clearhead/models/model_file.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/train/trainer.h"

struct clearhead_result {
  explicit clearhead_result(clearhead::Keep keep) : tape(keep) {}

  clearhead::Tape tape;
  clearhead::Var q, k, v, y;
  clearhead::Tensor y_value;  // holds on to what clearhead_data has handed out
  clearhead::Tensor dq, dk, dv;
};

struct clearhead_limit {
  clearhead::bench::LimitLoop loop;
};

struct clearhead_model {
  clearhead::ReuseMemory reuse;  // from call to call
  clearhead::SavedModel saved;
};

struct clearhead_trainer {
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

// By its place, as clearhead_c.h counts them.
clearhead::Precision precision_of(clearhead_precision place) {
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

const void* bytes_of(const Tensor& tensor) {
  if (!tensor.defined()) return nullptr;
  return clearhead::with_dtype(tensor.dtype(),
                               [&](auto x) -> const void* { return tensor.data<decltype(x)>(); });
}

// What writes texts: at medium the model as it is saved and read again, with matrices as bf16.
const clearhead::Model& generator(clearhead_trainer& trainer) {
  if (trainer.recipe.training.precision != clearhead::Precision::medium) return *trainer.model;
  if (trainer.as_saved == nullptr) {
    clearhead::NamedTensors weights = trainer.model->parameters().named_tensors();
    for (auto& [name, value] : weights.tensors) value = value.to(DType::bf16);
    trainer.as_saved = clearhead::make_model(trainer.recipe.model, /*seed=*/std::nullopt);
    trainer.as_saved->parameters().load(weights, /*keep_bf16=*/true);
  }
  return *trainer.as_saved;
}

void write_likeliest(const clearhead::Model& model, clearhead::Precision precision,
                     const int64_t* prompt, int64_t length, int64_t count, int64_t* tokens) {
  const std::span<const std::int64_t> text(prompt, static_cast<std::size_t>(length));
  std::copy_n(generate(dynamic_cast<const clearhead::LanguageModel&>(model), text,
                       {.tokens = count, .sampling = {.temperature = 0}, .precision = precision})
                  .begin(),
              count, tokens);
}

// The same batch at every step: the caller's.
class GivenBatch : public clearhead::Task {
 public:
  GivenBatch(const clearhead_trainer& trainer, const int64_t* tokens, const int64_t* targets) {
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

const char* clearhead_error() { return last_error.c_str(); }

const void* clearhead_data(const clearhead_result* result, const char* name) {
  return guarded<const void*>(nullptr, [&]() -> const void* {
    const std::string wanted = name;
    if (wanted == "y") return bytes_of(result->y_value);
    if (wanted == "dq") return bytes_of(result->dq);
    if (wanted == "dk") return bytes_of(result->dk);
    if (wanted == "dv") return bytes_of(result->dv);
    throw Error("no result is called " + wanted);
  });
}

void clearhead_free(clearhead_result* result) { delete result; }

int clearhead_set_threads(int32_t threads) {
  return guarded<int>(1, [&] {
    clearhead::set_thread_count(threads);
    return 0;
  });
}

clearhead_result* clearhead_attention(const clearhead_attention_options* o, const void* q,
                                      const void* k, const void* v) {
  return guarded<clearhead_result*>(nullptr, [&] {
    const DType dtype = o->dtype == CLEARHEAD_BF16 ? DType::bf16 : DType::f32;
    auto result = std::make_unique<clearhead_result>(o->keep != 0 ? clearhead::Keep::for_backward
                                                                  : clearhead::Keep::nothing);
    result->q = result->tape.input("q", view_of(q, {o->B, o->H, o->T, o->D}, dtype));
    result->k = result->tape.input("k", view_of(k, {o->B, o->G, o->S, o->D}, dtype));
    result->v = result->tape.input("v", view_of(v, {o->B, o->G, o->S, o->D}, dtype));
    clearhead::AttentionOptions options;
    options.is_causal = o->is_causal != 0;
    options.way = clearhead::AttentionWay::fused;
    options.precision = precision_of(o->precision);
    result->y = scaled_dot_product_attention(result->q, result->k, result->v, options);
    result->y_value = result->y.value().contiguous();
    return result.release();
  });
}

int clearhead_attention_backward(clearhead_result* result, const void* dy) {
  return guarded<int>(1, [&] {
    result->tape.backward(result->y, view_of(dy, result->y.shape(), result->y.dtype()));
    result->dq = result->q.grad().contiguous();
    result->dk = result->k.grad().contiguous();
    result->dv = result->v.grad().contiguous();
    return 0;
  });
}

clearhead_result* clearhead_matmul(int64_t M, int64_t N, int64_t K, clearhead_precision precision,
                                   const float* a, const float* b) {
  return guarded<clearhead_result*>(nullptr, [&] {
    auto result = std::make_unique<clearhead_result>(clearhead::Keep::nothing);
    clearhead::MatmulOptions options;
    options.precision = precision_of(precision);
    result->y = matmul(result->tape.input("a", view_of(a, {M, K})),
                       result->tape.input("b", view_of(b, {K, N})), options);
    result->y_value = result->y.value();
    return result.release();
  });
}

clearhead_trainer* clearhead_trainer_new(const char* recipe) {
  return guarded<clearhead_trainer*>(nullptr, [&] {
    auto trainer = std::make_unique<clearhead_trainer>();
    clearhead::read_fields(recipe, "recipe", trainer->recipe);
    trainer->model = clearhead::make_model(trainer->recipe.model);
    trainer->optimizer = std::make_unique<clearhead::Optimizer>(trainer->model->parameters(),
                                                                trainer->recipe.training.optimizer);
    return trainer.release();
  });
}

void clearhead_trainer_free(clearhead_trainer* trainer) { delete trainer; }

float* clearhead_trainer_weight(clearhead_trainer* trainer, const char* name, int64_t* count) {
  return guarded<float*>(nullptr, [&] {
    trainer->as_saved = nullptr;
    Tensor& value = trainer->model->parameters().at(name).mutable_value();
    *count = value.count();
    return value.mutable_data<float>();
  });
}

int clearhead_trainer_loss(const clearhead_trainer* trainer, const int64_t* tokens,
                           const int64_t* targets, double* loss) {
  return guarded<int>(1, [&] {
    const GivenBatch batch(*trainer, tokens, targets);
    *loss = batch.validate(*trainer->model, trainer->recipe.training.precision);
    return 0;
  });
}

int clearhead_trainer_step(clearhead_trainer* trainer, const int64_t* tokens,
                           const int64_t* targets, double* loss) {
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

int clearhead_trainer_generate(clearhead_trainer* trainer, const int64_t* prompt, int64_t length,
                               int64_t count, int64_t* tokens) {
  return guarded<int>(1, [&] {
    write_likeliest(generator(*trainer), trainer->recipe.training.precision, prompt, length, count,
                    tokens);
    return 0;
  });
}

clearhead_model* clearhead_model_open(const char* folder, int32_t keep_bf16, int32_t tokenizer) {
  return guarded<clearhead_model*>(nullptr, [&] {
    auto opened = std::make_unique<clearhead_model>();
    if (tokenizer != 0) {
      opened->saved = clearhead::open_model(folder, keep_bf16 != 0);
    } else {
      opened->saved.model = clearhead::read_hugging_face(folder, keep_bf16 != 0).model;
    }
    return opened.release();
  });
}

void clearhead_model_free(clearhead_model* model) { delete model; }

clearhead_result* clearhead_model_embed(const clearhead_model* model, clearhead_precision precision,
                                        const char* const* texts, int64_t count) {
  return guarded<clearhead_result*>(nullptr, [&] {
    std::vector<std::vector<std::int64_t>> ids;
    for (const char* text : std::span(texts, static_cast<std::size_t>(count))) {
      ids.push_back(model->saved.tokenizer->encode(text));
    }
    auto result = std::make_unique<clearhead_result>(clearhead::Keep::nothing);
    result->y_value = embed_texts(clearhead::as<clearhead::EmbeddingModel>(model->saved), ids,
                                  precision_of(precision));
    return result.release();
  });
}

clearhead_result* clearhead_model_logits(const clearhead_model* model,
                                         clearhead_precision precision, const int64_t* tokens,
                                         int64_t T) {
  return guarded<clearhead_result*>(nullptr, [&] {
    auto result = std::make_unique<clearhead_result>(clearhead::Keep::nothing);
    result->q = result->tape.input("tokens", view_of(tokens, {1, T}, DType::i64));
    result->y_value = dynamic_cast<const clearhead::LanguageModel&>(*model->saved.model)
                          .forward(result->q, {.precision = precision_of(precision)})
                          .value()
                          .contiguous();
    return result.release();
  });
}

int clearhead_model_generate(const clearhead_model* model, clearhead_precision precision,
                             const int64_t* prompt, int64_t length, int64_t count,
                             int64_t* tokens) {
  return guarded<int>(1, [&] {
    write_likeliest(*model->saved.model, precision_of(precision), prompt, length, count, tokens);
    return 0;
  });
}

const char* clearhead_machine() {
  static std::string text;
  return guarded<const char*>(nullptr, [&] {
    text = nlohmann::json(clearhead::bench::describe_machine()).dump();
    return text.c_str();
  });
}

clearhead_limit* clearhead_limit_new(const char* name, int64_t bytes) {
  return guarded<clearhead_limit*>(nullptr, [&] {
    return new clearhead_limit{clearhead::bench::LimitLoop(limit_of(name), bytes)};
  });
}

double clearhead_limit_run(clearhead_limit* limit) {
  limit->loop.run();
  return limit->loop.work();
}

void clearhead_limit_free(clearhead_limit* limit) { delete limit; }
