/* clearhead for bench/peers/: attention, matrix products, models, training and limits as functions
 * of C, so that Python calls them in its own process on its own arrays.
 *
 * Arrays are row-major and without gaps; they are read where they lie. Results belong to the handle
 * that a function returns, until clearhead_free. A function that fails returns NULL, or not 0, and
 * clearhead_error() says why. Sizes: B batch, H query heads, G key/value heads, T queries, S keys,
 * D size of a head. */
#ifndef CLEARHEAD_BENCH_PEERS_CLEARHEAD_C_H_
#define CLEARHEAD_BENCH_PEERS_CLEARHEAD_C_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLEARHEAD_API __attribute__((visibility("default")))

typedef struct clearhead_result clearhead_result;

enum clearhead_dtype { CLEARHEAD_F32 = 0, CLEARHEAD_BF16 = 1 };
/* highest 0, high 1, medium 2 */
typedef int32_t clearhead_precision;

typedef struct {
  int64_t B, H, G, T, S, D;
  int32_t is_causal;
  int32_t dtype; /* of q, k, v and the result */
  clearhead_precision precision;
  int32_t keep; /* 0: nothing, 1: what backward needs */
} clearhead_attention_options;

/* The message of the last failure of this thread. */
CLEARHEAD_API const char* clearhead_error(void);

/* Results that a handle holds: "y", "dq", "dk", "dv". NULL if there is no such result. */
CLEARHEAD_API const void* clearhead_data(const clearhead_result* result, const char* name);
CLEARHEAD_API void clearhead_free(clearhead_result* result);

/* 0 means the machine's number. */
CLEARHEAD_API int clearhead_set_threads(int32_t threads);

/* y [B, H, T, D] of q [B, H, T, D], k and v [B, G, S, D]. */
CLEARHEAD_API clearhead_result* clearhead_attention(const clearhead_attention_options* options,
                                                    const void* q, const void* k, const void* v);
/* dq, dk and dv of a result of clearhead_attention with keep = 1, given dy. May be called again. */
CLEARHEAD_API int clearhead_attention_backward(clearhead_result* result, const void* dy);

/* y [M, N] = a [M, K] · b [K, N], f32. */
CLEARHEAD_API clearhead_result* clearhead_matmul(int64_t M, int64_t N, int64_t K,
                                                 clearhead_precision precision, const float* a,
                                                 const float* b);

/* A decoder in training. `recipe`: model and training as JSON (train/recipe.h), with the
 * vocabulary. */
typedef struct clearhead_trainer clearhead_trainer;
CLEARHEAD_API clearhead_trainer* clearhead_trainer_new(const char* recipe);
CLEARHEAD_API void clearhead_trainer_free(clearhead_trainer* trainer);
/* The numbers of a parameter, to be read and written, and how many they are. NULL if there is no
 * such parameter. */
CLEARHEAD_API float* clearhead_trainer_weight(clearhead_trainer* trainer, const char* name,
                                              int64_t* count);
/* The mean cross-entropy, in nats, of tokens and targets [B, T], without dropout; B and T are those
 * of the recipe. */
CLEARHEAD_API int clearhead_trainer_loss(const clearhead_trainer* trainer, const int64_t* tokens,
                                         const int64_t* targets, double* loss);
/* One step with the recipe's highest learning rate, and the loss before it, with dropout. */
CLEARHEAD_API int clearhead_trainer_step(clearhead_trainer* trainer, const int64_t* tokens,
                                         const int64_t* targets, double* loss);
/* Writes `count` tokens after prompt [length], each the likeliest one. At medium the weights are as
 * they would be saved: matrices in bf16. */
CLEARHEAD_API int clearhead_trainer_generate(clearhead_trainer* trainer, const int64_t* prompt,
                                             int64_t length, int64_t count, int64_t* tokens);

/* A model in a folder (models/model_file.h). `keep_bf16`: matrices that are stored so stay so.
 * Without `tokenizer`, only a folder of Hugging Face's, for what takes ids. */
typedef struct clearhead_model clearhead_model;
CLEARHEAD_API clearhead_model* clearhead_model_open(const char* folder, int32_t keep_bf16,
                                                    int32_t tokenizer);
CLEARHEAD_API void clearhead_model_free(clearhead_model* model);
/* The vectors [count, C] of texts, in UTF-8 and each ended by a zero byte, as "y". */
CLEARHEAD_API clearhead_result* clearhead_model_embed(const clearhead_model* model,
                                                      clearhead_precision precision,
                                                      const char* const* texts, int64_t count);
/* What a language model says after each of tokens [T], as "y" [1, T, V]. */
CLEARHEAD_API clearhead_result* clearhead_model_logits(const clearhead_model* model,
                                                       clearhead_precision precision,
                                                       const int64_t* tokens, int64_t T);
/* Writes `count` tokens after prompt [length], each the likeliest one. */
CLEARHEAD_API int clearhead_model_generate(const clearhead_model* model,
                                           clearhead_precision precision, const int64_t* prompt,
                                           int64_t length, int64_t count, int64_t* tokens);

/* The machine as JSON. Valid until the next call. */
CLEARHEAD_API const char* clearhead_machine(void);

/* A loop that runs into a limit ("multiply_add", "tile_product", "memory_read") on as many threads
 * as are set. `bytes`: what memory_read reads, 0 for more than caches hold. NULL also where the
 * machine has no such limit. */
typedef struct clearhead_limit clearhead_limit;
CLEARHEAD_API clearhead_limit* clearhead_limit_new(const char* name, int64_t bytes);
/* One run; returns the flop or bytes of it. */
CLEARHEAD_API double clearhead_limit_run(clearhead_limit* limit);
CLEARHEAD_API void clearhead_limit_free(clearhead_limit* limit);

#ifdef __cplusplus
}
#endif

#endif /* CLEARHEAD_BENCH_PEERS_CLEARHEAD_C_H_ */
