/* What bench/peers/ measures of clearhead and bindings/c has not: many calls in a loop of C, matrix
 * products, linear maps, training, opening without a tokenizer, the machine and its limits; as
 * functions of C, so that Python calls them in its own process.
 *
 * Arrays are row-major and without gaps; they are read where they lie. A function that fails
 * returns NULL, or not 0, and peers_error() says why. */
#ifndef CLEARHEAD_BENCH_PEERS_PEERS_C_H_
#define CLEARHEAD_BENCH_PEERS_PEERS_C_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEERS_API __attribute__((visibility("default")))

/* highest 0, high 1, medium 2 */
typedef int32_t peers_precision;

/* The message of the last failure of this thread. */
PEERS_API const char* peers_error(void);

/* Threads of what stands here; 0 means the machine's number. */
PEERS_API int peers_set_threads(int32_t threads);

/* Calls clearhead_attention (bindings/c/clearhead.h) of another library so many times, without a
 * record. Returns what it returns, if that is not 0. */
typedef int32_t (*peers_attention)(const void* q, const void* k, const void* v, const void* options,
                                   const void* results, void** record);
PEERS_API int32_t peers_repeat_attention(peers_attention attention, int64_t count, const void* q,
                                         const void* k, const void* v, const void* options,
                                         const void* results);

/* a [M, K] · b [K, N], f32. Its numbers [M, N] are there until it is freed. */
typedef struct peers_product peers_product;
PEERS_API peers_product* peers_matmul(int64_t M, int64_t N, int64_t K, peers_precision precision,
                                      const float* a, const float* b);
/* x [M, K] · wᵀ, w [N, K]: the linear map of a layer. `w` is f32, or the bits of bf16. */
PEERS_API peers_product* peers_linear(int64_t M, int64_t N, int64_t K, peers_precision precision,
                                      const float* x, const void* w, int32_t w_is_bf16);
PEERS_API const float* peers_product_data(const peers_product* product);
PEERS_API void peers_product_free(peers_product* product);

/* A decoder in training. `recipe`: model and training as JSON (train/recipe.h), with the
 * vocabulary. */
typedef struct peers_trainer peers_trainer;
PEERS_API peers_trainer* peers_trainer_new(const char* recipe);
PEERS_API void peers_trainer_free(peers_trainer* trainer);
/* The numbers of a parameter, to be read and written, and how many they are. NULL if there is no
 * such parameter. */
PEERS_API float* peers_trainer_weight(peers_trainer* trainer, const char* name, int64_t* count);
/* The mean cross-entropy, in nats, of tokens and targets [B, T], without dropout; B and T are those
 * of the recipe. */
PEERS_API int peers_trainer_loss(const peers_trainer* trainer, const int64_t* tokens,
                                 const int64_t* targets, double* loss);
/* One step with the recipe's highest learning rate, and the loss before it, with dropout. */
PEERS_API int peers_trainer_step(peers_trainer* trainer, const int64_t* tokens,
                                 const int64_t* targets, double* loss);
/* Writes `count` tokens after prompt [length], each the likeliest one. At medium the weights are as
 * they would be saved: matrices in bf16. */
PEERS_API int peers_trainer_generate(peers_trainer* trainer, const int64_t* prompt, int64_t length,
                                     int64_t count, int64_t* tokens);

/* Reads a folder of Hugging Face's without its tokenizer, and forgets it. */
PEERS_API int peers_open_without_tokenizer(const char* folder);

/* The machine as JSON. Valid until the next call. */
PEERS_API const char* peers_machine(void);

/* A loop that runs into a limit ("multiply_add", "tile_product", "pair_product", "memory_read") on
 * as many threads as are set. `bytes`: what memory_read reads, 0 for more than caches hold. NULL
 * also where the machine has no such limit. */
typedef struct peers_limit peers_limit;
PEERS_API peers_limit* peers_limit_new(const char* name, int64_t bytes);
/* One run; returns the flop or bytes of it. */
PEERS_API double peers_limit_run(peers_limit* limit);
PEERS_API void peers_limit_free(peers_limit* limit);

#ifdef __cplusplus
}
#endif

#endif /* CLEARHEAD_BENCH_PEERS_PEERS_C_H_ */
