/* Rows that come one at a time through the C interface, against the formula written out in loops,
 * and against attention of arrays. */
#include "check.h"

enum { N = 60, D = 5, Dv = 3 };

static double query[D], keys[N][D], values[N][Dv], scores[N];
static const double scale = 0.7;

/* Numbers between −1 and 1, always the same; query and keys ten times as large, so that scores lie
 * far apart. */
static void fill(void) {
  unsigned state = 7;
  double* const all[] = {query, &keys[0][0], &values[0][0]};
  const int counts[] = {D, N * D, N * Dv};
  for (int a = 0; a < 3; ++a) {
    for (int i = 0; i < counts[a]; ++i) {
      state = state * 1664525u + 1013904223u;
      all[a][i] = ((double)(state >> 8) / (1 << 23) - 1) * (a < 2 ? 10 : 1);
    }
  }
}

static clearhead_online_softmax* new_softmax(int64_t size, int64_t most_kept) {
  clearhead_online_softmax* softmax = NULL;
  CHECK_OK(clearhead_online_softmax_new(size, most_kept, &softmax));
  return softmax;
}

static void add(clearhead_online_softmax* softmax, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    CHECK_OK(clearhead_online_softmax_add(softmax, scores[i], values[i]));
  }
}

/* Of rows [begin, end). */
static void check_result(const clearhead_online_softmax* softmax, int begin, int end) {
  double max = -INFINITY, sum = 0, expected[Dv] = {0}, y[Dv], lse;
  for (int i = begin; i < end; ++i) max = fmax(max, scores[i]);
  for (int i = begin; i < end; ++i) {
    sum += exp(scores[i] - max);
    for (int d = 0; d < Dv; ++d) expected[d] += exp(scores[i] - max) * values[i][d];
  }
  CHECK_OK(clearhead_online_softmax_result(softmax, y, &lse));
  for (int d = 0; d < Dv; ++d) CHECK_NEAR(y[d], expected[d] / sum, 1e-14);
  CHECK_NEAR(lse, max + log(sum), 1e-12);
}

/* The same query, keys and values as arrays. */
static void is_attention(void) {
  double y[Dv], expected[Dv];
  const int64_t q_shape[] = {1, 1, 1, D}, k_shape[] = {1, 1, N, D}, v_shape[] = {1, 1, N, Dv};
  const int64_t y_shape[] = {1, 1, 1, Dv};
  const clearhead_array q = {query, CLEARHEAD_F64, 4, q_shape, NULL};
  const clearhead_array k = {keys, CLEARHEAD_F64, 4, k_shape, NULL};
  const clearhead_array v = {values, CLEARHEAD_F64, 4, v_shape, NULL};
  const clearhead_array ay = {expected, CLEARHEAD_F64, 4, y_shape, NULL};
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  o.scale = scale;
  o.has_scale = 1;
  const clearhead_attention_results to = {sizeof to, &ay, NULL, NULL, NULL};
  CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, NULL));

  clearhead_online_softmax* softmax = new_softmax(Dv, 0);
  add(softmax, 0, N);
  check_result(softmax, 0, N);
  CHECK_OK(clearhead_online_softmax_result(softmax, y, NULL));
  for (int d = 0; d < Dv; ++d) CHECK_NEAR(y[d], expected[d], 1e-13);
  clearhead_online_softmax_free(softmax);
}

static void parts_are_merged(void) {
  clearhead_online_softmax *left = new_softmax(Dv, 0), *right = new_softmax(Dv, 0);
  clearhead_online_softmax* none = new_softmax(Dv, 0);
  add(left, 0, 25);
  add(right, 25, N);
  CHECK_OK(clearhead_online_softmax_merge(left, none));
  check_result(left, 0, 25);
  CHECK_OK(clearhead_online_softmax_merge(none, right));
  check_result(none, 25, N);
  CHECK_OK(clearhead_online_softmax_merge(left, right));
  check_result(left, 0, N);
  check_result(right, 25, N);
  clearhead_online_softmax_free(none);
  clearhead_online_softmax_free(right);
  clearhead_online_softmax_free(left);
}

/* A window of 10 rows over all, and what was merged into it, which leaves as one. */
static void rows_leave(void) {
  clearhead_online_softmax *window = new_softmax(Dv, INT64_MAX), *part = new_softmax(Dv, 0);
  for (int i = 0; i < 40; ++i) {
    add(window, i, i + 1);
    if (i >= 10) CHECK_OK(clearhead_online_softmax_remove(window));
    check_result(window, i >= 10 ? i - 9 : 0, i + 1);
  }
  add(part, 40, 50);
  CHECK_OK(clearhead_online_softmax_merge(window, part));
  add(window, 50, N);
  check_result(window, 30, N);
  for (int i = 0; i < 10; ++i) CHECK_OK(clearhead_online_softmax_remove(window));
  check_result(window, 40, N);
  CHECK_OK(clearhead_online_softmax_remove(window));
  check_result(window, 50, N);
  for (int i = 0; i < 10; ++i) CHECK_OK(clearhead_online_softmax_remove(window));
  double y[Dv] = {1, 1, 1}, lse = 1;
  CHECK_OK(clearhead_online_softmax_result(window, y, &lse));
  CHECK(lse == -INFINITY && y[0] == 0 && y[Dv - 1] == 0);
  CHECK_REFUSED(clearhead_online_softmax_remove(window), "there is none");
  clearhead_online_softmax_free(part);
  clearhead_online_softmax_free(window);
}

static void what_is_refused(void) {
  double number = 0;
  const double huge[] = {1e200};
  CHECK_OK(clearhead_attention_score(NULL, NULL, 0, 1, &number));
  CHECK(number == 0);
  CHECK_REFUSED(clearhead_attention_score(huge, huge, 1, 1, &number), "not finite");
  CHECK_REFUSED(clearhead_attention_score(query, query, -1, 1, &number), "D: expected 0 or more");
  CHECK_REFUSED(clearhead_attention_score(NULL, query, D, 1, &number), "query: it is needed");
  CHECK_REFUSED(clearhead_attention_score(query, NULL, D, 1, &number), "key: it is needed");
  CHECK_REFUSED(clearhead_attention_score(query, query, D, 1, NULL), "score: it is needed");

  clearhead_online_softmax *softmax = new_softmax(Dv, 0), *other = NULL;
  CHECK_REFUSED(clearhead_online_softmax_new(Dv, 0, NULL), "softmax: it is needed");
  CHECK_REFUSED(clearhead_online_softmax_new(-1, 0, &other), "Dv: expected 0 or more");
  CHECK_REFUSED(clearhead_online_softmax_new(Dv, -1, &other), "most_kept: expected 0 or more");
  CHECK(other == NULL);

  add(softmax, 0, 2);
  CHECK_REFUSED(clearhead_online_softmax_add(softmax, -INFINITY, values[0]), "score: expected");
  CHECK_REFUSED(clearhead_online_softmax_add(softmax, NAN, values[0]), "score: expected");
  CHECK_REFUSED(clearhead_online_softmax_add(softmax, 0, NULL), "value: it is needed");
  CHECK_REFUSED(clearhead_online_softmax_add(NULL, 0, values[0]), "softmax: it is needed");
  CHECK_REFUSED(clearhead_online_softmax_remove(softmax), "bytes of rows that are kept");
  CHECK_REFUSED(clearhead_online_softmax_remove(NULL), "softmax: it is needed");
  other = new_softmax(0, 0);
  CHECK_OK(clearhead_online_softmax_add(other, 2, NULL));
  CHECK_REFUSED(clearhead_online_softmax_merge(softmax, other), "other: expected values of size 3");
  CHECK_REFUSED(clearhead_online_softmax_merge(softmax, NULL), "other: it is needed");
  CHECK_REFUSED(clearhead_online_softmax_merge(NULL, other), "softmax: it is needed");
  check_result(softmax, 0, 2);

  CHECK_OK(clearhead_online_softmax_result(other, NULL, &number));
  CHECK(number == 2);
  CHECK_REFUSED(clearhead_online_softmax_result(NULL, NULL, &number), "softmax: it is needed");
  clearhead_online_softmax_free(other);
  clearhead_online_softmax_free(softmax);
  clearhead_online_softmax_free(NULL);
}

int main(void) {
  fill();
  for (int i = 0; i < N; ++i) {
    CHECK_OK(clearhead_attention_score(query, keys[i], D, scale, &scores[i]));
    double product = 0;
    for (int d = 0; d < D; ++d) product += query[d] * keys[i][d];
    CHECK_NEAR(scores[i], scale * product, 1e-12);
  }
  is_attention();
  parts_are_merged();
  rows_leave();
  what_is_refused();
  return failures != 0;
}
