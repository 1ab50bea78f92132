/* Tokens and models through the C interface: tiny models, and what transformers says of them. */
#include <stdlib.h>

#include "check.h"

/* The first text of golden.safetensors beside the GPT-2, what transformers says of its first token
 * and of the second attention weights. */
static const int64_t ids[] = {22, 13, 5, 5, 4, 7, 18, 4, 9, 20};
enum { T = 10, V = 24 };
static const double first_logits[] = {-0.2799403, -0.04271257, 1.0466379};

static clearhead_text text_of(const char* text) {
  clearhead_text result = {text, strlen(text)};
  return result;
}

static int is_text(const clearhead_string* string, const char* expected) {
  const clearhead_text text = clearhead_string_text(string);
  return text.length == strlen(expected) && strcmp(text.data, expected) == 0;
}

static void tokens(void) {
  clearhead_tokenizer* tokenizer = NULL;
  CHECK_OK(clearhead_tokenizer_open(MODELS "/gpt2/tokenizer.json", &tokenizer));
  CHECK(clearhead_tokenizer_size(tokenizer) == V);
  CHECK(clearhead_token_id(tokenizer, "w13") == 13);
  CHECK(clearhead_token_id(tokenizer, "w24") == -1);

  clearhead_encoding* encoding = NULL;
  CHECK_OK(clearhead_encode(tokenizer, text_of("w22 w5"), 1, &encoding));
  const int64_t expected[] = {1, 22, 5, 2}, places[] = {0, 0, 0, 3, 4, 6, 0, 0};
  CHECK(clearhead_encoding_length(encoding) == 4);
  CHECK(memcmp(clearhead_encoding_ids(encoding), expected, sizeof expected) == 0);
  CHECK(memcmp(clearhead_encoding_offsets(encoding), places, sizeof places) == 0);
  clearhead_encoding_free(encoding);
  CHECK_OK(clearhead_encode(tokenizer, text_of("w22 w5"), 0, &encoding));
  CHECK(clearhead_encoding_length(encoding) == 2);
  clearhead_encoding_free(encoding);
  const clearhead_text empty = {NULL, 0}, nowhere = {NULL, 3}, no_utf8 = {"w\xFF", 2};
  CHECK_OK(clearhead_encode(tokenizer, empty, 0, &encoding));
  CHECK(clearhead_encoding_length(encoding) == 0);
  clearhead_encoding_free(encoding);
  CHECK_REFUSED(clearhead_encode(tokenizer, nowhere, 0, &encoding), "text: it is needed");
  CHECK(encoding == NULL);
  CHECK_REFUSED(clearhead_encode(tokenizer, no_utf8, 0, &encoding), "UTF-8");
  CHECK_REFUSED(clearhead_encode(NULL, empty, 0, &encoding), "tokenizer: it is needed");
  CHECK_REFUSED(clearhead_encode(tokenizer, empty, 0, NULL), "encoding: it is needed");

  clearhead_string* string = NULL;
  CHECK_OK(clearhead_decode(tokenizer, expected, 4, &string));
  CHECK(is_text(string, "w22 w5"));
  clearhead_string_free(string);
  CHECK_OK(clearhead_token(tokenizer, 1, &string));
  CHECK(is_text(string, "<s>"));
  clearhead_string_free(string);
  const int64_t unknown[] = {99};
  CHECK_REFUSED(clearhead_decode(tokenizer, unknown, 1, &string), "99");
  CHECK_REFUSED(clearhead_decode(tokenizer, NULL, 1, &string), "ids: it is needed");
  CHECK_REFUSED(clearhead_decode(tokenizer, ids, -1, &string), "ids: there cannot be -1");
  CHECK_REFUSED(clearhead_token(tokenizer, -1, &string), "-1");
  CHECK(string == NULL);
  clearhead_tokenizer_free(tokenizer);

  CHECK_REFUSED(clearhead_tokenizer_open("no-such-file", &tokenizer), "no-such-file");
  CHECK(tokenizer == NULL);
  CHECK_REFUSED(clearhead_tokenizer_open(NULL, &tokenizer), "file: it is needed");
  clearhead_tokenizer_free(NULL);
  clearhead_encoding_free(NULL);
  clearhead_string_free(NULL);
}

/* Numbers [T, V], or as many as there are. */
static clearhead_array array_of(const clearhead_tensor* tensor) {
  clearhead_array array;
  clearhead_tensor_array(tensor, &array);
  CHECK(array.dtype == CLEARHEAD_F32);
  CHECK(array.strides == NULL);
  return array;
}

static int64_t likeliest(const float* logits) {
  int64_t best = 0;
  for (int64_t i = 1; i < V; ++i) best = logits[i] > logits[best] ? i : best;
  return best;
}

/* Counts the tokens that it gets, and ends the text after the second. */
static int32_t take_two(void* user, int64_t id) {
  (void)id;
  return ++*(int*)user == 2;
}

static void language_model(clearhead_model* model) {
  CHECK(clearhead_model_ability(model) == CLEARHEAD_LANGUAGE);
  CHECK(clearhead_model_vocabulary(model) == V);
  CHECK(clearhead_model_context(model) == 16);
  CHECK(clearhead_tokenizer_size(clearhead_model_tokenizer(model)) == V);

  clearhead_tensor* tensor = NULL;
  CHECK_OK(clearhead_model_logits(model, ids, T, CLEARHEAD_HIGHEST, &tensor));
  const clearhead_array logits = array_of(tensor);
  CHECK(logits.rank == 2 && logits.shape[0] == T && logits.shape[1] == V);
  for (int i = 0; i < 3; ++i) CHECK_NEAR(((float*)logits.data)[i], first_logits[i], 1e-4);

  clearhead_generate_options o = CLEARHEAD_GENERATE_OPTIONS_INIT;
  o.temperature = 0;
  o.tokens = 5;
  int64_t written[5] = {-1, -1, -1, -1, -1}, count = 0;
  CHECK_OK(clearhead_model_generate(model, ids, T, &o, written, &count));
  CHECK(count == 5);
  CHECK(written[0] == likeliest((float*)logits.data + (T - 1) * V));
  clearhead_tensor_free(tensor);
  int taken = 0;
  o.take = take_two;
  o.user = &taken;
  CHECK_OK(clearhead_model_generate(model, ids, T, &o, written, &count));
  CHECK(taken == 2 && count == 2);

  const int64_t beyond[] = {V};
  CHECK_REFUSED(clearhead_model_logits(model, beyond, 1, CLEARHEAD_HIGHEST, &tensor), "24");
  CHECK(tensor == NULL);
  CHECK_REFUSED(clearhead_model_logits(model, ids, 0, CLEARHEAD_HIGHEST, &tensor), "at least one");
  CHECK_REFUSED(clearhead_model_logits(model, ids, T, 7, &tensor), "precision");
  CHECK_REFUSED(clearhead_model_logits(NULL, ids, T, 0, &tensor), "model: it is needed");
  CHECK_REFUSED(clearhead_model_generate(model, ids, 0, &o, written, &count), "prompt");
  CHECK_REFUSED(clearhead_model_generate(model, ids, T, &o, NULL, &count), "written: it is needed");
  o.temperature = -1;
  CHECK_REFUSED(clearhead_model_generate(model, ids, T, &o, written, &count), "temperature");
  o.tokens = -1;
  CHECK_REFUSED(clearhead_model_generate(model, ids, T, &o, written, &count), "tokens: expected");
  const clearhead_text text = text_of("w3");
  CHECK_REFUSED(clearhead_model_embed(model, &text, 1, CLEARHEAD_HIGHEST, &tensor),
                "a language model");
}

/* Every value of a run by its name. Frees the model before the run. */
static void run(clearhead_model* model) {
  clearhead_run* looked_into = NULL;
  clearhead_tensor* value = NULL;
  CHECK_OK(clearhead_model_run(model, ids, T, CLEARHEAD_HIGHEST, &looked_into));
  clearhead_model_free(model);
  int is_there = 0;
  for (int64_t i = 0; i < clearhead_run_count(looked_into); ++i) {
    is_there |= strcmp(clearhead_run_name(looked_into, i), "blocks.0.attn.hook_pattern") == 0;
  }
  CHECK(is_there);
  CHECK(clearhead_run_name(looked_into, -1) == NULL);
  CHECK(clearhead_run_name(looked_into, clearhead_run_count(looked_into)) == NULL);

  int32_t rank = 0;
  const int64_t* shape = clearhead_run_shape(looked_into, "blocks.0.attn.hook_pattern", &rank);
  CHECK(rank == 4 && shape[0] == 1 && shape[1] == 4 && shape[2] == T && shape[3] == T);
  CHECK(clearhead_run_shape(looked_into, "no.such", &rank) == NULL);

  /* Head 0: the second token's weights for the first two. */
  CHECK_OK(clearhead_run_value(looked_into, "blocks.0.attn.hook_pattern", NULL, NULL, &value));
  const float* pattern = array_of(value).data;
  CHECK_NEAR(pattern[T], 0.19207819, 1e-5);
  CHECK_NEAR(pattern[T + 1], 0.8079218, 1e-5);
  clearhead_tensor_free(value);
  const int64_t begin[] = {0, 0, 1, 1}, end[] = {1, 1, 2, 2};
  CHECK_OK(clearhead_run_value(looked_into, "blocks.0.attn.hook_pattern", begin, end, &value));
  CHECK(array_of(value).shape[3] == 1);
  CHECK_NEAR(*(float*)array_of(value).data, 0.8079218, 1e-5);
  clearhead_tensor_free(value);

  CHECK_REFUSED(clearhead_run_value(looked_into, "no.such", NULL, NULL, &value), "no.such");
  CHECK_REFUSED(clearhead_run_value(looked_into, "logits", begin, NULL, &value), "belong together");
  CHECK_REFUSED(clearhead_run_value(looked_into, "blocks.0.attn.hook_pattern", end, begin, &value),
                "does not lie in shape");
  CHECK(value == NULL);
  clearhead_run_free(looked_into);
  clearhead_run_free(NULL);
}

/* The vector of a text is the mean of its tokens' last vectors. */
static void embedding_model(void) {
  clearhead_model* model = NULL;
  CHECK_OK(clearhead_model_open(MODELS "/bert-sentence", NULL, &model));
  CHECK(clearhead_model_ability(model) == CLEARHEAD_EMBEDDING);
  const clearhead_text texts[] = {text_of("w22 w5"), text_of("w7 w8 w9 w7")};
  clearhead_tensor *vectors = NULL, *last = NULL;
  CHECK_OK(clearhead_model_embed(model, texts, 2, CLEARHEAD_HIGHEST, &vectors));
  const clearhead_array array = array_of(vectors);
  enum { C = 16 };
  CHECK(array.rank == 2 && array.shape[0] == 2 && array.shape[1] == C);

  const int64_t first[] = {1, 22, 5, 2};
  clearhead_run* read = NULL;
  CHECK_OK(clearhead_model_run(model, first, 4, CLEARHEAD_HIGHEST, &read));
  CHECK_OK(clearhead_run_value(read, "blocks.1.hook_normalized_resid_post", NULL, NULL, &last));
  const float* x = array_of(last).data; /* [1, 4, C] */
  double mean[C], length = 0;
  for (int c = 0; c < C; ++c) {
    mean[c] = ((double)x[c] + x[C + c] + x[2 * C + c] + x[3 * C + c]) / 4;
    length += mean[c] * mean[c];
  }
  for (int c = 0; c < C; ++c) {
    CHECK_NEAR(((float*)array.data)[c], mean[c] / sqrt(length), 1e-5);
  }
  clearhead_tensor_free(last);
  clearhead_tensor_free(vectors);
  clearhead_run_free(read);

  const clearhead_generate_options o = CLEARHEAD_GENERATE_OPTIONS_INIT;
  int64_t written[256], count = 0;
  CHECK_REFUSED(clearhead_model_generate(model, first, 4, &o, written, &count),
                "an embedding model");
  CHECK_REFUSED(clearhead_model_logits(model, first, 4, 0, &last), "logits are of");
  CHECK_REFUSED(clearhead_model_embed(model, NULL, 1, 0, &vectors), "texts: it is needed");
  CHECK_REFUSED(clearhead_model_embed(model, texts, 0, 0, &vectors), "at least one");
  clearhead_model_free(model);
}

int main(void) {
  tokens();
  clearhead_model* model = NULL;
  clearhead_model_options o = CLEARHEAD_MODEL_OPTIONS_INIT;
  o.keep_bf16 = 1;
  CHECK_OK(clearhead_model_open(MODELS "/gpt2", &o, &model));
  if (model == NULL) return 1;
  language_model(model);
  run(model);
  embedding_model();
  CHECK_REFUSED(clearhead_model_open("no-such-model", NULL, &model), "no-such-model");
  CHECK(model == NULL);
  CHECK_REFUSED(clearhead_model_open(NULL, NULL, &model), "path: it is needed");
  o.size = 1;
  CHECK_REFUSED(clearhead_model_open(MODELS "/gpt2", &o, &model), "options: its member `size`");
  CHECK_REFUSED(clearhead_model_open(MODELS "/gpt2", NULL, NULL), "model: it is needed");
  clearhead_model_free(NULL);
  clearhead_tensor_free(NULL);
  return failures != 0;
}
