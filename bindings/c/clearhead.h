/* clearhead in C: attention forward and backward, models, tokens and claims.
 *
 * - A function that can fail returns a clearhead_status. clearhead_error() says what was wrong, of
 *   the last failure of this thread: so no call needs an argument for it and nothing must be freed.
 *   A function that fails has changed nothing but, perhaps, what it was to write numbers to. The
 *   others cannot fail, and take NULL only where it is said.
 * - What a function makes belongs to the caller, who frees it with the function named after it
 *   (clearhead_model_open, clearhead_model_free); NULL may be freed. A pointer that a function
 *   gives out of an object is valid as long as the object. What is handed over by the caller is
 *   read during the call, and kept only where it is said.
 * - Options and results that may grow begin with `size`, which is sizeof of the struct as the
 *   caller knows it. Options begin as their INIT macro sets them, which is not all zeros, or all of
 *   them are left out by NULL. Members will be added at the end, and 0 will mean what was before;
 *   no such struct ends in padding, so each of them makes it larger.
 * - Objects may be used by several threads at once, except clearhead_attention_record,
 *   clearhead_online_softmax and clearhead_run. Each call calculates on all threads
 *   (clearhead_set_threads).
 * - Text is UTF-8. Names of files and other names end with a zero byte; texts that are read have a
 *   length and may contain one.
 *
 * Letters in shapes: B batch, H query heads, G key/value heads, T queries or tokens, S keys, D size
 * of a query or key, Dv size of a value, C channels, V vocabulary. Arrays are row-major unless they
 * say their strides. */
#ifndef CLEARHEAD_H_
#define CLEARHEAD_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLEARHEAD_API __attribute__((visibility("default")))

/* ---- The library ---- */

/* Grows by one when something that stands here changes its meaning; what is added changes nothing.
 * It is the library's so-version, too. */
#define CLEARHEAD_ABI 1

/* CLEARHEAD_ABI of the library that runs; another than that of this header does not fit it. */
CLEARHEAD_API int32_t clearhead_abi(void);
/* The version of clearhead, such as "0.1.0". */
CLEARHEAD_API const char* clearhead_version(void);

/* What became of a call. */
typedef int32_t clearhead_status;
enum {
  CLEARHEAD_OK = 0,
  /* An argument, a shape, an option or a file is not as it must be, or no memory is left for it. */
  CLEARHEAD_INVALID = 1,
  CLEARHEAD_INTERNAL = 2 /* a fault of this library, which should be reported */
};

/* What was expected, what came, and what to do, of the last call of this thread that failed; "" if
 * none did. Valid until the next call of this thread that fails. */
CLEARHEAD_API const char* clearhead_error(void);

/* From now on calculations use this many threads, 1 to 1024; 0: as many as the machine has, as in
 * the beginning. For the whole process. */
CLEARHEAD_API clearhead_status clearhead_set_threads(int32_t threads);
/* How many they use. */
CLEARHEAD_API int32_t clearhead_threads(void);

/* ---- Arrays ---- */

/* Types of numbers. 0 is none: the default, where there is one. */
typedef int32_t clearhead_dtype;
enum {
  CLEARHEAD_F32 = 1,
  CLEARHEAD_F64 = 2,
  CLEARHEAD_F16 = 3,
  CLEARHEAD_BF16 = 4,
  CLEARHEAD_I64 = 5,
  CLEARHEAD_BOOL = 6 /* a byte, 0 or 1 */
};

/* An array in the caller's memory, or in an object's. This struct does not grow. */
typedef struct clearhead_array {
  void* data;             /* the first element, aligned for its type; NULL only without elements */
  clearhead_dtype dtype;  /* of the elements */
  int32_t rank;           /* how many axes: 0 to 8 */
  const int64_t* shape;   /* [rank], the outermost axis first */
  const int64_t* strides; /* [rank], in elements, perhaps 0 or negative; NULL: row-major */
} clearhead_array;

/* An array that belongs to the library, because its shape is known only when it is calculated. */
typedef struct clearhead_tensor clearhead_tensor;
/* Says where it lies: row-major, not to be written to, valid as long as the tensor. */
CLEARHEAD_API void clearhead_tensor_array(const clearhead_tensor* tensor, clearhead_array* array);
CLEARHEAD_API void clearhead_tensor_free(clearhead_tensor* tensor);

/* How precisely products of f32 are calculated. The lower ones are faster on a processor with AMX
 * tiles, and the highest on others. */
typedef int32_t clearhead_precision;
enum {
  CLEARHEAD_HIGHEST = 0, /* multiply and add in f32 */
  CLEARHEAD_HIGH = 1,    /* each factor as the sum of two bf16: error about 1e-5 */
  CLEARHEAD_MEDIUM = 2   /* factors rounded to bf16: error about 4e-3 */
};

/* ---- Attention ---- */

/* How attention is calculated. Both ways give the same results. */
enum {
  CLEARHEAD_FUSED = 0,  /* tile by tile, without the T × S scores in memory */
  CLEARHEAD_BY_HAND = 1 /* step by step, as the formula is written */
};

/* The steps from q·kᵀ to the weights. */
enum {
  CLEARHEAD_RAW_SCORES = 0,    /* q·kᵀ */
  CLEARHEAD_SCALED_SCORES = 1, /* times the scale */
  CLEARHEAD_CAPPED_SCORES = 2, /* after the softcap */
  CLEARHEAD_ATTN_SCORES = 3,   /* after the mask: −∞ where a query does not see a key */
  CLEARHEAD_PATTERN = 4        /* after the softmax: 0 where a query does not see a key */
};

/* The attributes and optional inputs of the ONNX operator Attention (opset 25). Query i stands at
 * place i + P among the keys, P being the length of the cache (past_key, or nonpad_kv_seqlen − T).
 */
typedef struct clearhead_attention_options {
  size_t size; /* sizeof(clearhead_attention_options) */

  /* Broadcasts to [B, H, T, S]. Boolean: 1 where a query sees a key. Floating: added to the scores.
   * Of a last axis shorter than S the other keys are seen by no query. NULL: no mask. */
  const clearhead_array* attn_mask;
  /* The cache that k and v continue, [B, G, P, D] and [B, G, P, Dv]; both or none (NULL). */
  const clearhead_array* past_key;
  const clearhead_array* past_value;
  /* i64 [B]: how many keys are not padding, in a cache that the caller keeps. Not together with
   * past_key. NULL: all. */
  const clearhead_array* nonpad_kv_seqlen;

  double scale;              /* of the scores, if has_scale; else it is 1/√D */
  double softcap;            /* scores become softcap·tanh(score / softcap); 0: they do not */
  int64_t left_window_size;  /* keys before its place that a query sees; −1: all */
  int64_t right_window_size; /* keys after it; −1: all */
  int64_t q_num_heads;       /* H of q [B, T, H·D]; 0 for 4-D arrays */
  int64_t kv_num_heads;      /* G of k [B, S, G·D] and v; 0 for 4-D arrays */

  int32_t is_causal;                 /* not 0: a query sees no key after its own place */
  int32_t has_scale;                 /* not 0: `scale` counts */
  clearhead_dtype softmax_precision; /* to which the softmax rounds its steps; 0: it does not */
  clearhead_precision precision;     /* of products of f32 */
  int32_t way;                       /* CLEARHEAD_FUSED or CLEARHEAD_BY_HAND */
  int32_t stage;                     /* what qk_matmul_output holds: CLEARHEAD_RAW_SCORES, … */
  int32_t mask_takes_gradient;       /* not 0: backward also gives that of a floating attn_mask */
  int32_t reserved;                  /* 0 */
} clearhead_attention_options;

#define CLEARHEAD_ATTENTION_OPTIONS_INIT                                                         \
  {                                                                                              \
    sizeof(clearhead_attention_options), NULL, NULL, NULL, NULL, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0, \
        0, 0, 0, 0                                                                               \
  }

/* Where results go: the caller's arrays, of any strides, which overlap neither each other nor what
 * is read. NULL: not wanted. */
typedef struct clearhead_attention_results {
  size_t size; /* sizeof(clearhead_attention_results) */
  /* [B, H, T, Dv], or [B, T, H·Dv] if q is 3-D, of the type of q. Row-major and of type f32 or f64
   * (4-D), it is calculated there and not copied. */
  const clearhead_array* y;
  const clearhead_array* present_key;      /* past_key continued by k: [B, G, S, D], as k */
  const clearhead_array* present_value;    /* past_value continued by v: [B, G, S, Dv], as v */
  const clearhead_array* qk_matmul_output; /* the stage asked for: [B, H, T, S], as q */
} clearhead_attention_results;

/* Where gradients go, each of the shape and type of its operand, in any strides; row-major ones of
 * type f32 or f64 are calculated there; they overlap nothing else. NULL: not wanted. Numbers are
 * written over. */
typedef struct clearhead_attention_gradients {
  size_t size; /* sizeof(clearhead_attention_gradients) */
  const clearhead_array* q;
  const clearhead_array* k;
  const clearhead_array* v;
  const clearhead_array* attn_mask; /* only with mask_takes_gradient */
  const clearhead_array* past_key;
  const clearhead_array* past_value;
} clearhead_attention_gradients;

/* What backward needs of one call. It reads q, k, v, the mask, the cache and y where they lie: they
 * must stay as they are until it is freed. For one thread at a time. */
typedef struct clearhead_attention_record clearhead_attention_record;

/* y = softmax(scale · q·kᵀ + mask) · v (Vaswani et al. 2017, equation 1), for q [B, H, T, D],
 * k [B, G, S, D] and v [B, G, S, Dv], H a multiple of G; or 3-D, [B, T, H·D], [B, S, G·D] and
 * [B, S, G·Dv]. Floating; q and k of one type. A query that sees no key gets zeros. Arrays whose
 * last axis has no gaps are read where they lie, of f32 and f64 without a copy.
 *
 * `results->y` must be given. With `record` not NULL, clearhead_attention_backward can follow.
 * CLEARHEAD_INVALID: shapes, types or options do not fit, or by hand would take more than 4 GiB. */
CLEARHEAD_API clearhead_status clearhead_attention(const clearhead_array* q,
                                                   const clearhead_array* k,
                                                   const clearhead_array* v,
                                                   const clearhead_attention_options* options,
                                                   const clearhead_attention_results* results,
                                                   clearhead_attention_record** record);
/* The gradients of the operands of that call, given dy = ∂L/∂y of y's shape and type, of any
 * strides. May be called several times. CLEARHEAD_INVALID: shapes or types do not fit, or a
 * gradient is of an operand that was not given. */
CLEARHEAD_API clearhead_status
clearhead_attention_backward(clearhead_attention_record* record, const clearhead_array* dy,
                             const clearhead_attention_gradients* gradients);
CLEARHEAD_API void clearhead_attention_record_free(clearhead_attention_record* record);

/* ---- Rows that come one at a time ---- */

/* Attention of one query where keys and values are no arrays: the rows of a table, of a stream, or
 * those that each of several machines has. All of it is in f64, on the thread that calls. */

/* The score of a key [D]: scale · query·key. CLEARHEAD_INVALID: it is not finite. */
CLEARHEAD_API clearhead_status clearhead_attention_score(const double* query, const double* key,
                                                         int64_t D, double scale, double* score);

/* What is kept of rows, each with a score and a value [Dv], for the softmax of the scores (Milakov
 * and Gimelshein 2018, section 3.1): Dv + 2 numbers, however many rows there are, unless rows are
 * to leave again. For one thread at a time. */
typedef struct clearhead_online_softmax clearhead_online_softmax;
/* Without rows. Dv 0: rows have scores alone. Nothing can be subtracted: next to a large score the
 * others are rounded away. So that the oldest rows can leave (a window that moves), rows are kept:
 * `most_kept` bytes of them until the first leaves, and none if there are more; then all. 0: none
 * will leave. */
CLEARHEAD_API clearhead_status clearhead_online_softmax_new(int64_t Dv, int64_t most_kept,
                                                            clearhead_online_softmax** softmax);
CLEARHEAD_API void clearhead_online_softmax_free(clearhead_online_softmax* softmax);
/* A row at the end. CLEARHEAD_INVALID: the score is not finite. */
CLEARHEAD_API clearhead_status clearhead_online_softmax_add(clearhead_online_softmax* softmax,
                                                            double score, const double* value);
/* All rows of another, of the same Dv, at the end; when rows leave, they leave as one. */
CLEARHEAD_API clearhead_status clearhead_online_softmax_merge(
    clearhead_online_softmax* softmax, const clearhead_online_softmax* other);
/* The oldest row leaves. CLEARHEAD_INVALID: there is none, or it was not kept. */
CLEARHEAD_API clearhead_status clearhead_online_softmax_remove(clearhead_online_softmax* softmax);
/* y [Dv] = Σ softmax(scores)·value and lse = log Σ exp(score), of the rows that are there; without
 * any, zeros and −∞. exp(score − lse) is the weight of a row. NULL: not wanted. */
CLEARHEAD_API clearhead_status
clearhead_online_softmax_result(const clearhead_online_softmax* softmax, double* y, double* lse);

/* ---- Tokens ---- */

/* A text in the caller's memory: `length` bytes of UTF-8. This struct does not grow. */
typedef struct clearhead_text {
  const char* data;
  size_t length;
} clearhead_text;

/* A text that belongs to the library; a zero byte follows it. */
typedef struct clearhead_string clearhead_string;
/* Its bytes, valid as long as the string. */
CLEARHEAD_API clearhead_text clearhead_string_text(const clearhead_string* string);
CLEARHEAD_API void clearhead_string_free(clearhead_string* string);

/* Text to ids and back, as Hugging Face's tokenizers do it. */
typedef struct clearhead_tokenizer clearhead_tokenizer;
/* Reads a tokenizer.json. CLEARHEAD_INVALID: there is none, or it is not as it must be. That of a
 * model is clearhead_model_tokenizer. */
CLEARHEAD_API clearhead_status clearhead_tokenizer_open(const char* file,
                                                        clearhead_tokenizer** tokenizer);
CLEARHEAD_API void clearhead_tokenizer_free(clearhead_tokenizer* tokenizer);
/* One more than the largest id. */
CLEARHEAD_API int64_t clearhead_tokenizer_size(const clearhead_tokenizer* tokenizer);
/* The id of the token that tokenizer.json spells so, special or not; −1 if there is none. */
CLEARHEAD_API int64_t clearhead_token_id(const clearhead_tokenizer* tokenizer,
                                         const char* spelling);

/* A text as tokens: T of them, all lists with one element a token. */
typedef struct clearhead_encoding clearhead_encoding;
/* The tokens of a text; with `add_special_tokens` not 0 also those that models want around it.
 * CLEARHEAD_INVALID: it is not UTF-8, or the vocabulary has nothing for a character. */
CLEARHEAD_API clearhead_status clearhead_encode(const clearhead_tokenizer* tokenizer,
                                                clearhead_text text, int32_t add_special_tokens,
                                                clearhead_encoding** encoding);
/* T. */
CLEARHEAD_API int64_t clearhead_encoding_length(const clearhead_encoding* encoding);
/* [T] */
CLEARHEAD_API const int64_t* clearhead_encoding_ids(const clearhead_encoding* encoding);
/* [T, 2]: the first byte of the text that a token stands for, and the one behind its last; 0 and 0
 * for a token that was added. */
CLEARHEAD_API const int64_t* clearhead_encoding_offsets(const clearhead_encoding* encoding);
CLEARHEAD_API void clearhead_encoding_free(clearhead_encoding* encoding);

/* The text that ids [count] stand for, without special tokens. If they begin or end within a
 * character, it is not UTF-8 there. CLEARHEAD_INVALID: there is no such id. */
CLEARHEAD_API clearhead_status clearhead_decode(const clearhead_tokenizer* tokenizer,
                                                const int64_t* ids, int64_t count,
                                                clearhead_string** text);
/* A token by itself, to show: UTF-8; another byte becomes, for example, <0xE2>.
 * CLEARHEAD_INVALID: there is no such id. */
CLEARHEAD_API clearhead_status clearhead_token(const clearhead_tokenizer* tokenizer, int64_t id,
                                               clearhead_string** text);

/* ---- Models ---- */

/* How a model is opened. */
typedef struct clearhead_model_options {
  size_t size;       /* sizeof(clearhead_model_options) */
  int32_t keep_bf16; /* not 0: matrices that are stored as bf16 stay so; generating is faster */
  int32_t reserved;  /* 0 */
} clearhead_model_options;

#define CLEARHEAD_MODEL_OPTIONS_INIT \
  { sizeof(clearhead_model_options), 0, 0 }

/* A trained network with its tokenizer. While it is open, memory of a call is kept for the next. */
typedef struct clearhead_model clearhead_model;
/* Opens a folder of clearhead's or Hugging Face's, or a GGUF file. CLEARHEAD_INVALID: the message
 * names the file and what is wrong with it. */
CLEARHEAD_API clearhead_status clearhead_model_open(const char* path,
                                                    const clearhead_model_options* options,
                                                    clearhead_model** model);
CLEARHEAD_API void clearhead_model_free(clearhead_model* model);

/* What it can do. */
typedef int32_t clearhead_ability;
enum {
  CLEARHEAD_LANGUAGE = 1,      /* continues a text */
  CLEARHEAD_MASKED = 2,        /* fills gaps */
  CLEARHEAD_TRANSLATION = 3,   /* reads one text and writes another */
  CLEARHEAD_EMBEDDING = 4,     /* turns a text into a vector */
  CLEARHEAD_CLASSIFICATION = 5 /* says which class a text belongs to */
};
CLEARHEAD_API clearhead_ability clearhead_model_ability(const clearhead_model* model);
/* V: ids are 0 … V − 1. */
CLEARHEAD_API int64_t clearhead_model_vocabulary(const clearhead_model* model);
/* The most tokens of a sequence; 0: there is no limit. */
CLEARHEAD_API int64_t clearhead_model_context(const clearhead_model* model);
/* Its tokenizer, which belongs to it. */
CLEARHEAD_API const clearhead_tokenizer* clearhead_model_tokenizer(const clearhead_model* model);

/* Before the softmax, f32: of a language model how likely each token is to come next after each of
 * ids [T], of a masked one how well it fits each place, [T, V]; of a classification model how well
 * each class fits, [classes]. CLEARHEAD_INVALID: the model does something else, an id is not in its
 * vocabulary, or they are none, or more than its context. */
CLEARHEAD_API clearhead_status clearhead_model_logits(const clearhead_model* model,
                                                      const int64_t* ids, int64_t T,
                                                      clearhead_precision precision,
                                                      clearhead_tensor** logits);

/* Gets a token as soon as it is chosen; 0 goes on, anything else ends the text. */
typedef int32_t (*clearhead_take_token)(void* user, int64_t id);

/* How a text goes on. */
typedef struct clearhead_generate_options {
  size_t size;                   /* sizeof(clearhead_generate_options) */
  int64_t tokens;                /* the most that are written */
  double temperature;            /* logits are divided by it; 0: always the likeliest token */
  int64_t top_k;                 /* only the k likeliest; 0: all */
  double top_p;                  /* only the likeliest that together reach it; 1: all */
  uint64_t seed;                 /* the same one writes the same text */
  clearhead_precision precision; /* of products of f32 */
  clearhead_take_token take;     /* called by the thread that calls; NULL: nobody */
  void* user;                    /* for `take` */
} clearhead_generate_options;

#define CLEARHEAD_GENERATE_OPTIONS_INIT \
  { sizeof(clearhead_generate_options), 256, 1, 0, 1, 0, CLEARHEAD_HIGHEST, NULL, NULL }

/* Continues ids [T]: writes at most options->tokens ids to `written`, and how many to `count`.
 * CLEARHEAD_INVALID: it is no language model, an id is not in its vocabulary, there is none, or an
 * option is not as it must be. */
CLEARHEAD_API clearhead_status clearhead_model_generate(const clearhead_model* model,
                                                        const int64_t* ids, int64_t T,
                                                        const clearhead_generate_options* options,
                                                        int64_t* written, int64_t* count);

/* The vectors of texts [count], f32 [count, C]. Of a text that is too long its beginning counts.
 * CLEARHEAD_INVALID: it is no embedding model, or a text cannot be encoded. */
CLEARHEAD_API clearhead_status clearhead_model_embed(const clearhead_model* model,
                                                     const clearhead_text* texts, int64_t count,
                                                     clearhead_precision precision,
                                                     clearhead_tensor** vectors);

/* How many classes a classification model knows; 0: it is none. */
CLEARHEAD_API int64_t clearhead_model_classes(const clearhead_model* model);
/* The name of class i; NULL if there is none. */
CLEARHEAD_API const char* clearhead_model_class(const clearhead_model* model, int64_t i);
/* How likely each class is for texts [count], f64 [count, classes]. Of a text that is too long its
 * beginning counts. CLEARHEAD_INVALID: it is no classification model, or a text cannot be encoded.
 */
CLEARHEAD_API clearhead_status clearhead_model_classify(const clearhead_model* model,
                                                        const clearhead_text* texts, int64_t count,
                                                        clearhead_precision precision,
                                                        clearhead_tensor** probabilities);

/* For each mask of a text, written <mask> or as the tokenizer spells it, the `top` likeliest tokens
 * (no more than V), likeliest first: ids, i64 [masks, top], and probabilities, f64 [masks, top].
 * CLEARHEAD_INVALID: it is no masked model, or the text has no mask, is too long or cannot be
 * encoded. */
CLEARHEAD_API clearhead_status clearhead_model_fill(const clearhead_model* model,
                                                    clearhead_text text, int64_t top,
                                                    clearhead_precision precision,
                                                    clearhead_tensor** ids,
                                                    clearhead_tensor** probabilities);

/* How a translation is searched for. */
typedef struct clearhead_translate_options {
  size_t size;                   /* sizeof(clearhead_translate_options) */
  int64_t beam;                  /* translations side by side; 1: always the likeliest token */
  double length_penalty;         /* a larger one favours longer translations; 0: none */
  clearhead_precision precision; /* of products of f32 */
  int32_t reserved;              /* 0 */
} clearhead_translate_options;

#define CLEARHEAD_TRANSLATE_OPTIONS_INIT \
  { sizeof(clearhead_translate_options), 5, 0.6, CLEARHEAD_HIGHEST, 0 }

/* The translations of texts [count], into `translations` [count]; each is a string of its own.
 * CLEARHEAD_INVALID: it is no translation model, an option is not as it must be, or a text is too
 * long or cannot be encoded. */
CLEARHEAD_API clearhead_status clearhead_model_translate(const clearhead_model* model,
                                                         const clearhead_text* texts, int64_t count,
                                                         const clearhead_translate_options* options,
                                                         clearhead_string** translations);

/* One run of a model on one text, of which every value is kept. Keeps what it needs of the model,
 * which may be freed before it. For one thread at a time. */
typedef struct clearhead_run clearhead_run;
/* Reads ids [T]. A translation model translates them and then reads both. CLEARHEAD_INVALID: as
 * clearhead_model_logits. */
CLEARHEAD_API clearhead_status clearhead_model_run(const clearhead_model* model, const int64_t* ids,
                                                   int64_t T, clearhead_precision precision,
                                                   clearhead_run** run);
CLEARHEAD_API void clearhead_run_free(clearhead_run* run);
/* How many names there are, in the order of the calculation. */
CLEARHEAD_API int64_t clearhead_run_count(const clearhead_run* run);
/* Name number i, such as "blocks.0.attn.hook_pattern"; NULL if there is none. */
CLEARHEAD_API const char* clearhead_run_name(const clearhead_run* run, int64_t i);
/* The value of that name, or positions [begin, end) of each of its axes: of a large pattern only
 * these are calculated. Both NULL: all of it. Axes as in docs/glossary.md, heads before tokens:
 * hook_z is [1, H, T, D], hook_pattern [1, H, T, S]. CLEARHEAD_INVALID: there is no such value or
 * position, or all of it takes more than 4 GiB. */
CLEARHEAD_API clearhead_status clearhead_run_value(const clearhead_run* run, const char* name,
                                                   const int64_t* begin, const int64_t* end,
                                                   clearhead_tensor** value);
/* Its shape, [rank], and how many axes; NULL if there is no such value. */
CLEARHEAD_API const int64_t* clearhead_run_shape(const clearhead_run* run, const char* name,
                                                 int32_t* rank);

/* ---- Claims ---- */

/* Health-insurance claims (docs/claims.md): how unusual each is, for a person to look at. Unlike
 * the command, nothing here writes an audit log: who has to keep one does. */

/* A trained network that reads claims, and what its scores are compared with. */
typedef struct clearhead_claims_model clearhead_claims_model;
/* Opens a folder, such as models/claims. CLEARHEAD_INVALID: a file is missing or not as it must be,
 * or the model has no calibration. */
CLEARHEAD_API clearhead_status clearhead_claims_model_open(const char* folder,
                                                           clearhead_claims_model** model);
CLEARHEAD_API void clearhead_claims_model_free(clearhead_claims_model* model);

/* How claims are read. */
typedef struct clearhead_claims_options {
  size_t size;         /* sizeof(clearhead_claims_options) */
  const char* mapping; /* a file that says which columns of CSV mean what; NULL: our own tables */
} clearhead_claims_options;

#define CLEARHEAD_CLAIMS_OPTIONS_INIT \
  { sizeof(clearhead_claims_options), NULL }

/* Claims as a model reads them, N of them in the order of the input. */
typedef struct clearhead_claims clearhead_claims;
/* Reads a file or folder: CSV, X12 or FHIR, plain or gzip; the format is seen from the content. A
 * claim that is not as it must be is refused, and costs no other. Keeps what it needs of the model.
 * CLEARHEAD_INVALID: there is nothing that could be claims, or a file cannot be read to its end. */
CLEARHEAD_API clearhead_status clearhead_claims_read(const clearhead_claims_model* model,
                                                     const char* path,
                                                     const clearhead_claims_options* options,
                                                     clearhead_claims** claims);
CLEARHEAD_API void clearhead_claims_free(clearhead_claims* claims);
/* N. */
CLEARHEAD_API int64_t clearhead_claims_count(const clearhead_claims* claims);
/* How many were refused. */
CLEARHEAD_API int64_t clearhead_claims_refused(const clearhead_claims* claims);
/* Where and why number i was: "claims.csv, line 7, charge: claim C9: …"; NULL if there is none. */
CLEARHEAD_API const char* clearhead_claims_refusal(const clearhead_claims* claims, int64_t i);

/* In which ways a claim can be unusual. */
enum {
  CLEARHEAD_KIND_CODE = 0,        /* what was done, for this type of claim and member */
  CLEARHEAD_KIND_COMBINATION = 1, /* beside what else, and for which diagnoses */
  CLEARHEAD_KIND_UNITS = 2,       /* how many */
  CLEARHEAD_KIND_AMOUNT = 3,      /* for how much */
  CLEARHEAD_KIND_DUPLICATE = 4,   /* a second time */
  CLEARHEAD_KIND_DEMOGRAPHICS = 5 /* for whom: sex and age */
};
#define CLEARHEAD_KINDS 6

/* How unusual a claim is. Scores are −log₁₀ of a tail probability: one normal claim in 10^score is
 * as unusual. */
typedef struct clearhead_claim_score {
  const char* claim;             /* its number, as the input has it; belongs to the claims */
  double score;                  /* overall */
  double kinds[CLEARHEAD_KINDS]; /* by kind */
  int64_t evidence_line; /* number of the line without which the score falls most; 0: none */
  int64_t at_stake;      /* the charge of that line, in cents */
} clearhead_claim_score;

/* The scores of claims [first, first + count), those of `clearhead claims score`, whatever else is
 * scored in the call, into `scores` [count]; score_size is sizeof(clearhead_claim_score).
 * CLEARHEAD_INVALID: there are no such claims, or they were read for another model. */
CLEARHEAD_API clearhead_status clearhead_claims_score(const clearhead_claims_model* model,
                                                      const clearhead_claims* claims, int64_t first,
                                                      int64_t count, clearhead_claim_score* scores,
                                                      size_t score_size);

#ifdef __cplusplus
}
#endif

#endif /* CLEARHEAD_H_ */
