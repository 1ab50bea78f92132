/* What models say of whole texts, through the C interface: classes, hidden words, translations. */
#include <stdlib.h>

#include "check.h"

static clearhead_text text_of(const char* text) {
  clearhead_text result = {text, strlen(text)};
  return result;
}

static clearhead_model* open_model(const char* path) {
  clearhead_model* model = NULL;
  CHECK_OK(clearhead_model_open(path, NULL, &model));
  if (model == NULL) exit(1);
  return model;
}

/* Rows and columns of a matrix of that type. */
static clearhead_array matrix_of(const clearhead_tensor* tensor, clearhead_dtype dtype,
                                 int64_t rows, int64_t columns) {
  clearhead_array array;
  clearhead_tensor_array(tensor, &array);
  CHECK(array.dtype == dtype && array.rank == 2);
  CHECK(array.shape[0] == rows && array.shape[1] == columns);
  return array;
}

/* Probabilities are the softmax of the logits. */
static void classes(void) {
  clearhead_model* model = open_model(MODELS "/bert-classifier");
  CHECK(clearhead_model_ability(model) == CLEARHEAD_CLASSIFICATION);
  CHECK(clearhead_model_classes(model) == 3);
  CHECK(strcmp(clearhead_model_class(model, 1), "so so") == 0);
  CHECK(clearhead_model_class(model, -1) == NULL && clearhead_model_class(model, 3) == NULL);

  const clearhead_text texts[] = {text_of("w3"), text_of("w22 w5")};
  clearhead_tensor *probabilities = NULL, *logits = NULL;
  CHECK_OK(clearhead_model_classify(model, texts, 2, CLEARHEAD_HIGHEST, &probabilities));
  const double* likely = matrix_of(probabilities, CLEARHEAD_F64, 2, 3).data;
  const int64_t ids[] = {1, 22, 5, 2};
  CHECK_OK(clearhead_model_logits(model, ids, 4, CLEARHEAD_HIGHEST, &logits));
  clearhead_array array;
  clearhead_tensor_array(logits, &array);
  const float* x = array.data;
  const double sum = exp(x[0]) + exp(x[1]) + exp(x[2]);
  for (int c = 0; c < 3; ++c) CHECK_NEAR(likely[3 + c], exp(x[c]) / sum, 1e-6);
  clearhead_tensor_free(logits);
  clearhead_tensor_free(probabilities);

  const clearhead_text no_utf8 = {"w\xFF", 2};
  CHECK_REFUSED(clearhead_model_classify(model, texts, 0, 0, &probabilities), "at least one");
  CHECK(probabilities == NULL);
  CHECK_REFUSED(clearhead_model_classify(model, NULL, 1, 0, &probabilities), "texts: it is needed");
  CHECK_REFUSED(clearhead_model_classify(model, &no_utf8, 1, 0, &probabilities), "UTF-8");
  CHECK_REFUSED(clearhead_model_classify(model, texts, 1, 9, &probabilities), "precision");
  CHECK_REFUSED(clearhead_model_classify(model, texts, 1, 0, NULL), "probabilities: it is needed");
  CHECK_REFUSED(clearhead_model_classify(NULL, texts, 1, 0, &probabilities), "model: it is needed");
  clearhead_string* translation = NULL;
  CHECK_REFUSED(clearhead_model_fill(model, texts[0], 1, 0, &logits, &probabilities),
                "a classification model");
  CHECK_REFUSED(clearhead_model_translate(model, texts, 1, NULL, &translation),
                "a classification model");
  CHECK(translation == NULL);
  clearhead_model_free(model);
}

static void hidden_words(void) {
  clearhead_model* model = open_model(SOURCE_FOLDER "/models/captions");
  CHECK(clearhead_model_classes(model) == 0 && clearhead_model_class(model, 0) == NULL);
  const clearhead_text text = text_of("A man is <mask> a <mask>.");
  clearhead_tensor *ids = NULL, *probabilities = NULL;
  CHECK_OK(clearhead_model_fill(model, text, 4, CLEARHEAD_HIGHEST, &ids, &probabilities));
  const int64_t* tokens = matrix_of(ids, CLEARHEAD_I64, 2, 4).data;
  const double* likely = matrix_of(probabilities, CLEARHEAD_F64, 2, 4).data;
  for (int i = 0; i < 2; ++i) {
    CHECK(likely[4 * i] < 1 && likely[4 * i + 3] > 0);
    for (int j = 1; j < 4; ++j) CHECK(likely[4 * i + j] <= likely[4 * i + j - 1]);
  }
  clearhead_string* word = NULL;
  CHECK_OK(clearhead_token(clearhead_model_tokenizer(model), tokens[0], &word));
  CHECK(strstr(clearhead_string_text(word).data, "playing") != NULL);
  clearhead_string_free(word);
  clearhead_tensor_free(probabilities);
  clearhead_tensor_free(ids);

  /* All tokens of the vocabulary: their probabilities sum to 1. */
  const int64_t V = clearhead_model_vocabulary(model);
  CHECK_OK(clearhead_model_fill(model, text, V + 5, CLEARHEAD_HIGHEST, &ids, &probabilities));
  likely = matrix_of(probabilities, CLEARHEAD_F64, 2, V).data;
  double sum = 0;
  for (int64_t i = 0; i < V; ++i) sum += likely[i];
  CHECK_NEAR(sum, 1, 1e-9);
  clearhead_tensor_free(probabilities);
  clearhead_tensor_free(ids);

  CHECK_REFUSED(clearhead_model_fill(model, text_of("no mask"), 4, 0, &ids, &probabilities),
                "no mask");
  CHECK(ids == NULL && probabilities == NULL);
  CHECK_REFUSED(clearhead_model_fill(model, text, -1, 0, &ids, &probabilities), "got -1");
  CHECK_REFUSED(clearhead_model_fill(model, text, 4, 0, NULL, &probabilities), "ids: it is needed");
  CHECK_REFUSED(clearhead_model_fill(model, text, 4, 0, &ids, NULL), "probabilities: it is needed");
  CHECK_REFUSED(clearhead_model_fill(NULL, text, 4, 0, &ids, &probabilities),
                "model: it is needed");
  CHECK_REFUSED(clearhead_model_classify(model, &text, 1, 0, &ids), "a masked model");
  clearhead_model_free(model);
}

static void translations(void) {
  clearhead_model* model = open_model(SOURCE_FOLDER "/models/en-fr");
  const clearhead_text texts[] = {text_of("A man."), text_of("Two dogs run along the beach.")};
  clearhead_string *both[2] = {NULL, NULL}, *one = NULL;
  CHECK_OK(clearhead_model_translate(model, texts, 2, NULL, both));
  CHECK_OK(clearhead_model_translate(model, texts + 1, 1, NULL, &one));
  CHECK(strstr(clearhead_string_text(both[1]).data, "chiens") != NULL);
  CHECK(strcmp(clearhead_string_text(one).data, clearhead_string_text(both[1]).data) == 0);
  clearhead_string_free(one);
  for (int i = 0; i < 2; ++i) clearhead_string_free(both[i]);

  clearhead_translate_options o = CLEARHEAD_TRANSLATE_OPTIONS_INIT;
  o.beam = 1;
  CHECK_OK(clearhead_model_translate(model, texts, 1, &o, &one));
  CHECK(clearhead_string_text(one).length > 0);
  clearhead_string_free(one);

  one = NULL;
  o.beam = 0;
  CHECK_REFUSED(clearhead_model_translate(model, texts, 1, &o, &one), "beam");
  o.beam = 2;
  o.length_penalty = -1;
  CHECK_REFUSED(clearhead_model_translate(model, texts, 1, &o, &one), "length");
  o.size = 1;
  CHECK_REFUSED(clearhead_model_translate(model, texts, 1, &o, &one), "options: its member `size`");
  CHECK_REFUSED(clearhead_model_translate(model, texts, 0, NULL, &one), "at least one");
  CHECK_REFUSED(clearhead_model_translate(model, NULL, 1, NULL, &one), "texts: it is needed");
  CHECK_REFUSED(clearhead_model_translate(model, texts, 1, NULL, NULL), "translations: it is");
  CHECK_REFUSED(clearhead_model_translate(NULL, texts, 1, NULL, &one), "model: it is needed");
  const clearhead_text nothing = {NULL, 0};
  CHECK_REFUSED(clearhead_model_translate(model, &nothing, 1, NULL, &one), "no text");
  CHECK(one == NULL);
  clearhead_model_free(model);
}

int main(void) {
  classes();
  hidden_words();
  translations();
  return failures != 0;
}
