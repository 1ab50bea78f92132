/* Attention through the C interface, against the formula written out in loops. */
#include <stdlib.h>

#include "check.h"

enum { B = 2, H = 4, G = 2, T = 3, S = 5, D = 3, Dv = 2 };
enum { NQ = B * H * T * D, NK = B * G * S * D, NV = B * G * S * Dv, NY = B * H * T * Dv };
enum { NW = B * H * T * S };

static const int64_t q_shape[] = {B, H, T, D}, k_shape[] = {B, G, S, D}, v_shape[] = {B, G, S, Dv};
static const int64_t y_shape[] = {B, H, T, Dv}, w_shape[] = {B, H, T, S};

static double qs[NQ], ks[NK], vs[NV], ys[NY], ws[NW], expected_y[NY], expected_w[NW];

static clearhead_array f64(double* data, const int64_t* shape) {
  clearhead_array array = {data, CLEARHEAD_F64, 4, shape, NULL};
  return array;
}

/* Numbers between −1 and 1, always the same. */
static void fill(double* x, int64_t count, unsigned seed) {
  unsigned state = seed * 2654435761u + 1u;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    x[i] = (double)(state >> 8) / (1 << 23) - 1;
  }
}

/* What a query sees and how it scores. */
struct rule {
  int causal, offset, left, right;
  double scale, softcap;
  const double* mask; /* [T, S], added; or NULL */
};

static const struct rule plain = {0, 0, -1, -1, 0.57735026918962576, 0, NULL}; /* 1/√3 */

/* expected_y and the weights expected_w [B, H, T, S], by the formula. */
static void attend(struct rule rule) {
  for (int row = 0; row < B * H * T; ++row) {
    const int h = row / T % H, t = row % T, key_head = row / (H * T) * G + h / (H / G);
    double* const w = expected_w + row * S;
    double sum = 0;
    for (int s = 0; s < S; ++s) {
      const int place = t + rule.offset;
      const int seen = !(rule.causal && s > place) && !(rule.left >= 0 && s < place - rule.left) &&
                       !(rule.right >= 0 && s > place + rule.right);
      double score = 0;
      for (int d = 0; d < D; ++d) score += qs[row * D + d] * ks[(key_head * S + s) * D + d];
      score *= rule.scale;
      if (rule.softcap != 0) score = rule.softcap * tanh(score / rule.softcap);
      if (rule.mask != NULL) score += rule.mask[t * S + s];
      w[s] = seen ? exp(score) : 0;
      sum += w[s];
    }
    for (int s = 0; s < S; ++s) w[s] /= sum;
    for (int d = 0; d < Dv; ++d) {
      double* const y = expected_y + row * Dv + d;
      *y = 0;
      for (int s = 0; s < S; ++s) *y += w[s] * vs[(key_head * S + s) * Dv + d];
    }
  }
}

static double largest_difference(const double* a, const double* b, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = fmax(largest, fabs(a[i] - b[i]));
  return largest;
}

/* One query and two keys: the weights are e/(e + 1) and 1/(e + 1). */
static void two_keys(void) {
  float q[] = {1}, k[] = {1, 0}, v[] = {10, 20}, y[] = {0};
  const int64_t one[] = {1, 1, 1, 1}, two[] = {1, 1, 2, 1};
  clearhead_array aq = {q, CLEARHEAD_F32, 4, one, NULL}, ak = {k, CLEARHEAD_F32, 4, two, NULL};
  clearhead_array av = {v, CLEARHEAD_F32, 4, two, NULL}, ay = {y, CLEARHEAD_F32, 4, one, NULL};
  clearhead_attention_results to = {sizeof to, &ay, NULL, NULL, NULL};
  CHECK_OK(clearhead_attention(&aq, &ak, &av, NULL, &to, NULL));
  CHECK_NEAR(y[0], (10 * exp(1) + 20) / (exp(1) + 1), 1e-5);
}

static void options(void) {
  double mask[T * S];
  fill(mask, T * S, 4);
  const int64_t mask_shape[] = {1, 1, T, S};
  clearhead_array q = f64(qs, q_shape), k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = f64(ys, y_shape), w = f64(ws, w_shape), m = f64(mask, mask_shape);
  struct rule rules[] = {plain, plain, plain, plain, plain, {1, 0, 2, 1, 0.7, 0.9, mask}};
  rules[1].causal = 1;
  rules[2].left = 1, rules[2].right = 0;
  rules[3].scale = 0.3;
  rules[4].softcap = 0.5;
  for (int i = 0; i < 6; ++i) {
    clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
    o.is_causal = rules[i].causal;
    o.left_window_size = rules[i].left;
    o.right_window_size = rules[i].right;
    o.scale = rules[i].scale;
    o.has_scale = rules[i].scale != plain.scale;
    o.softcap = rules[i].softcap;
    o.attn_mask = rules[i].mask != NULL ? &m : NULL;
    o.stage = CLEARHEAD_PATTERN;
    attend(rules[i]);
    for (o.way = CLEARHEAD_FUSED; o.way <= CLEARHEAD_BY_HAND; ++o.way) {
      clearhead_attention_results to = {sizeof to, &y, NULL, NULL, &w};
      CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, NULL));
      CHECK_NEAR(largest_difference(ys, expected_y, NY), 0, 1e-12);
      CHECK_NEAR(largest_difference(ws, expected_w, NW), 0, 1e-12);
    }
  }
}

/* A boolean mask, a softmax in f16, scores as they are, and keys that are padding. */
static void masks_and_types(void) {
  clearhead_array q = f64(qs, q_shape), k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = f64(ys, y_shape), w = f64(ws, w_shape);
  clearhead_attention_results to = {sizeof to, &y, NULL, NULL, &w};

  unsigned char seen[] = {1, 0, 1, 1, 0};
  const int64_t seen_shape[] = {S};
  clearhead_array mask = {seen, CLEARHEAD_BOOL, 1, seen_shape, NULL};
  double as_numbers[T * S];
  for (int i = 0; i < T * S; ++i) as_numbers[i] = seen[i % S] ? 0 : -INFINITY;
  struct rule rule = plain;
  rule.mask = as_numbers;
  attend(rule);
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  o.attn_mask = &mask;
  o.stage = CLEARHEAD_PATTERN;
  CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, NULL));
  CHECK_NEAR(largest_difference(ws, expected_w, NW), 0, 1e-12);

  o.softmax_precision = CLEARHEAD_F16;
  CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, NULL));
  CHECK_NEAR(largest_difference(ws, expected_w, NW), 0, 2e-3);
  CHECK(largest_difference(ws, expected_w, NW) > 1e-7);

  clearhead_attention_options raw = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  CHECK_OK(clearhead_attention(&q, &k, &v, &raw, &to, NULL));
  CHECK_NEAR(ws[1], qs[0] * ks[D] + qs[1] * ks[D + 1] + qs[2] * ks[D + 2], 1e-12);

  /* Of 5 keys 4 are no padding: the queries stand at the places 1, 2, 3. */
  int64_t counts[] = {4, 4};
  const int64_t batch[] = {B};
  clearhead_array nonpad = {counts, CLEARHEAD_I64, 1, batch, NULL};
  rule = plain;
  rule.causal = 1, rule.offset = 1;
  attend(rule);
  clearhead_attention_options padded = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  padded.is_causal = 1;
  padded.nonpad_kv_seqlen = &nonpad;
  CHECK_OK(clearhead_attention(&q, &k, &v, &padded, &to, NULL));
  CHECK_NEAR(largest_difference(ys, expected_y, NY), 0, 1e-12);
}

/* The first two keys come from a cache: the result is that of all keys, queries stand behind. */
static void cache(void) {
  enum { P = 2 };
  const int64_t k_strides[] = {G * S * D, S * D, D, 1}, v_strides[] = {G * S * Dv, S * Dv, Dv, 1};
  const int64_t past_k_shape[] = {B, G, P, D}, past_v_shape[] = {B, G, P, Dv};
  const int64_t new_k_shape[] = {B, G, S - P, D}, new_v_shape[] = {B, G, S - P, Dv};
  clearhead_array past_k = {ks, CLEARHEAD_F64, 4, past_k_shape, k_strides};
  clearhead_array past_v = {vs, CLEARHEAD_F64, 4, past_v_shape, v_strides};
  clearhead_array k = {ks + P * D, CLEARHEAD_F64, 4, new_k_shape, k_strides};
  clearhead_array v = {vs + P * Dv, CLEARHEAD_F64, 4, new_v_shape, v_strides};
  double present_k[NK], present_v[NV];
  clearhead_array pk = f64(present_k, k_shape), pv = f64(present_v, v_shape);
  clearhead_array q = f64(qs, q_shape), y = f64(ys, y_shape);
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  o.is_causal = 1;
  o.past_key = &past_k;
  o.past_value = &past_v;
  clearhead_attention_results to = {sizeof to, &y, &pk, &pv, NULL};
  clearhead_attention_record* record = NULL;
  CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, &record));
  struct rule rule = plain;
  rule.causal = 1, rule.offset = P;
  attend(rule);
  CHECK_NEAR(largest_difference(ys, expected_y, NY), 0, 1e-12);
  CHECK_NEAR(largest_difference(present_k, ks, NK), 0, 0);
  CHECK_NEAR(largest_difference(present_v, vs, NV), 0, 0);

  /* For dy = 1 the gradient of a value is the sum of its weights. */
  double ones[NY], d_past_v[B * G * P * Dv];
  for (int i = 0; i < NY; ++i) ones[i] = 1;
  clearhead_array dy = f64(ones, y_shape), dpv = f64(d_past_v, past_v_shape);
  const clearhead_attention_gradients wanted = {sizeof wanted, NULL, NULL, NULL, NULL, NULL, &dpv};
  CHECK_OK(clearhead_attention_backward(record, &dy, &wanted));
  for (int i = 0; i < B * G * P; ++i) {
    double sum = 0;
    for (int row = 0; row < H / G * T; ++row) {
      sum += expected_w[(i / P * (H / G) * T + row) * S + i % P];
    }
    for (int d = 0; d < Dv; ++d) CHECK_NEAR(d_past_v[i * Dv + d], sum, 1e-12);
  }
  clearhead_attention_record_free(record);
}

/* to [B, length, heads, size] of from [B, heads, length, size]. */
static void lay_beside(const double* from, int heads, int length, int size, double* to) {
  for (int i = 0; i < B * heads * length * size; ++i) {
    const int b = i / (heads * length * size), h = i / (length * size) % heads;
    to[((b * length + i / size % length) * heads + h) * size + i % size] = from[i];
  }
}

/* Heads beside each other in each row: as strides of 4-D arrays, and as 3-D arrays. */
static void layouts(void) {
  double q_beside[NQ], k_beside[NK], v_beside[NV], y_beside[NY], expected[NY];
  lay_beside(qs, H, T, D, q_beside);
  lay_beside(ks, G, S, D, k_beside);
  lay_beside(vs, G, S, Dv, v_beside);
  attend(plain);
  lay_beside(expected_y, H, T, Dv, expected);

  const int64_t q_strides[] = {T * H * D, D, H * D, 1}, y_strides[] = {T * H * Dv, Dv, H * Dv, 1};
  clearhead_array q = {q_beside, CLEARHEAD_F64, 4, q_shape, q_strides};
  clearhead_array k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = {y_beside, CLEARHEAD_F64, 4, y_shape, y_strides};
  clearhead_attention_results to = {sizeof to, &y, NULL, NULL, NULL};
  CHECK_OK(clearhead_attention(&q, &k, &v, NULL, &to, NULL));
  CHECK_NEAR(largest_difference(y_beside, expected, NY), 0, 1e-12);

  const int64_t q3_shape[] = {B, T, H * D}, k3_shape[] = {B, S, G * D}, v3_shape[] = {B, S, G * Dv};
  const int64_t y3_shape[] = {B, T, H * Dv};
  clearhead_array q3 = {q_beside, CLEARHEAD_F64, 3, q3_shape, NULL};
  clearhead_array k3 = {k_beside, CLEARHEAD_F64, 3, k3_shape, NULL};
  clearhead_array v3 = {v_beside, CLEARHEAD_F64, 3, v3_shape, NULL};
  clearhead_array y3 = {y_beside, CLEARHEAD_F64, 3, y3_shape, NULL};
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  o.q_num_heads = H;
  o.kv_num_heads = G;
  to.y = &y3;
  memset(y_beside, 0, sizeof y_beside);
  CHECK_OK(clearhead_attention(&q3, &k3, &v3, &o, &to, NULL));
  CHECK_NEAR(largest_difference(y_beside, expected, NY), 0, 1e-12);
}

/* Σ dy·y by the formula, whose slopes the gradients are. */
static double loss(const double* dy, struct rule rule) {
  double sum = 0;
  attend(rule);
  for (int i = 0; i < NY; ++i) sum += dy[i] * expected_y[i];
  return sum;
}

static void check_slopes(double* x, const double* gradient, int64_t count, const double* dy,
                         struct rule rule) {
  const double step = 1e-6;
  for (int64_t i = 0; i < count; ++i) {
    const double before = x[i];
    x[i] = before + step;
    const double above = loss(dy, rule);
    x[i] = before - step;
    const double below = loss(dy, rule);
    x[i] = before;
    CHECK_NEAR(gradient[i], (above - below) / (2 * step), 1e-8);
  }
}

static void gradients(void) {
  double mask[T * S], dy[NY], dq[NQ], dk[NK], dv_apart[2 * NV], dv[NV], dmask[T * S];
  fill(mask, T * S, 5);
  fill(dy, NY, 6);
  const int64_t mask_shape[] = {1, 1, T, S};
  const int64_t apart[] = {2 * G * S * Dv, 2 * S * Dv, 2 * Dv, 2}; /* every second number */
  clearhead_array q = f64(qs, q_shape), k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = f64(ys, y_shape), m = f64(mask, mask_shape), ady = f64(dy, y_shape);
  clearhead_array aq = f64(dq, q_shape), ak = f64(dk, k_shape), am = f64(dmask, mask_shape);
  clearhead_array av = {dv_apart, CLEARHEAD_F64, 4, v_shape, apart};
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  o.is_causal = 1;
  o.attn_mask = &m;
  o.mask_takes_gradient = 1;
  clearhead_attention_results to = {sizeof to, &y, NULL, NULL, NULL};
  clearhead_attention_record* record = NULL;
  CHECK_OK(clearhead_attention(&q, &k, &v, &o, &to, &record));
  CHECK(record != NULL);
  const clearhead_attention_gradients all = {sizeof all, &aq, &ak, &av, &am, NULL, NULL};
  fill(dq, NQ, 7); /* is written over */
  CHECK_OK(clearhead_attention_backward(record, &ady, &all));
  for (int i = 0; i < NV; ++i) dv[i] = dv_apart[2 * i];
  struct rule rule = plain;
  rule.causal = 1, rule.mask = mask;
  check_slopes(qs, dq, NQ, dy, rule);
  check_slopes(ks, dk, NK, dy, rule);
  check_slopes(vs, dv, NV, dy, rule);
  check_slopes(mask, dmask, T * S, dy, rule);

  /* Twice dy, and of q alone. */
  double first[NQ];
  memcpy(first, dq, sizeof dq);
  for (int i = 0; i < NY; ++i) dy[i] *= 2;
  dk[0] = 123;
  const clearhead_attention_gradients of_q = {sizeof of_q, &aq, NULL, NULL, NULL, NULL, NULL};
  CHECK_OK(clearhead_attention_backward(record, &ady, &of_q));
  for (int i = 0; i < NQ; ++i) CHECK_NEAR(dq[i], 2 * first[i], 1e-12);
  CHECK(dk[0] == 123);

  CHECK_REFUSED(clearhead_attention_backward(record, &aq, &all), "where dy lies");
  clearhead_array short_dy = ady;
  short_dy.shape = q_shape;
  CHECK_REFUSED(clearhead_attention_backward(record, &short_dy, &all),
                "expected a gradient of shape");
  const clearhead_attention_gradients cached = {sizeof cached, NULL, NULL, NULL, NULL, &ak, NULL};
  CHECK_REFUSED(clearhead_attention_backward(record, &ady, &cached), "past_key: none was given");
  const clearhead_attention_gradients wrong = {sizeof wrong, &ak, NULL, NULL, NULL, NULL, NULL};
  CHECK_REFUSED(clearhead_attention_backward(record, &ady, &wrong), "shape [2, 4, 3, 3]");
  CHECK_REFUSED(clearhead_attention_backward(NULL, &ady, &all), "record: it is needed, got NULL");
  CHECK_REFUSED(clearhead_attention_backward(record, NULL, &all), "dy: it is needed, got NULL");
  CHECK_REFUSED(clearhead_attention_backward(record, &ady, NULL), "gradients: it is needed");
  clearhead_attention_record_free(record);
  clearhead_attention_record_free(NULL);
}

/* 1, 2 and 0.5 in f16 and bf16, as their bits: q sees the first key alone, whose value is 2. */
static void sixteen_bits(void) {
  uint16_t f16[] = {0x3C00, 0x4000, 0x3800}, bf16[] = {0x3F80, 0x4000, 0x3F00}, y = 0;
  const int64_t one[] = {1, 1, 1, 1}, two[] = {1, 1, 2, 1};
  for (int i = 0; i < 2; ++i) {
    uint16_t* const x = i == 0 ? f16 : bf16;
    const clearhead_dtype type = i == 0 ? CLEARHEAD_F16 : CLEARHEAD_BF16;
    clearhead_array q = {x, type, 4, one, NULL}, k = {x + 1, type, 4, two, NULL};
    clearhead_array ay = {&y, type, 4, one, NULL};
    clearhead_attention_results to = {sizeof to, &ay, NULL, NULL, NULL};
    clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
    o.is_causal = 1;
    CHECK_OK(clearhead_attention(&q, &k, &k, &o, &to, NULL));
    CHECK(y == x[1]);
  }
}

static void precisions(void) {
  enum { N = 64 };
  static float x[N * N], y[N * N], exact[N * N];
  static double numbers[N * N];
  fill(numbers, N * N, 9);
  for (int i = 0; i < N * N; ++i) x[i] = (float)numbers[i];
  const int64_t shape[] = {1, 1, N, N};
  clearhead_array a = {x, CLEARHEAD_F32, 4, shape, NULL}, ay = {y, CLEARHEAD_F32, 4, shape, NULL};
  clearhead_attention_results to = {sizeof to, &ay, NULL, NULL, NULL};
  clearhead_attention_options o = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  const double most[] = {0, 1e-4, 2e-2};
  for (o.precision = CLEARHEAD_HIGHEST; o.precision <= CLEARHEAD_MEDIUM; ++o.precision) {
    CHECK_OK(clearhead_attention(&a, &a, &a, &o, &to, NULL));
    if (o.precision == CLEARHEAD_HIGHEST) memcpy(exact, y, sizeof y);
    for (int i = 0; i < N * N; ++i) CHECK_NEAR(y[i], exact[i], most[o.precision]);
  }
}

static void refusals(void) {
  clearhead_array q = f64(qs, q_shape), k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = f64(ys, y_shape), bad;
  clearhead_attention_results to = {sizeof to, &y, NULL, NULL, NULL};
  const clearhead_attention_options usual = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  clearhead_attention_options o;
  const int64_t spread[] = {H * T * Dv, T * Dv, Dv, 0};
  y.strides = spread;
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, NULL, &to, NULL),
                "y: it is written to, so the stride");
  y.strides = NULL;
#define WITH(change, part)                                                 \
  do {                                                                     \
    bad = q;                                                               \
    o = usual;                                                             \
    change;                                                                \
    CHECK_REFUSED(clearhead_attention(&bad, &k, &v, &o, &to, NULL), part); \
  } while (0)
  const int64_t negative[] = {B, H, -1, D}, other[] = {B, H, T, D - 1};
  WITH(bad.data = NULL, "q: its data is NULL");
  WITH(bad.data = ys, "y: it is written to, so it must not lie where q lies");
  WITH(bad.data = (char*)qs + 1, "q: its data must be aligned to the 8 bytes of f64");
  WITH(bad.shape = NULL, "q: its shape is NULL");
  WITH(bad.shape = negative, "q: sizes must not be negative, got [2, 4, -1, 3]");
  WITH(bad.shape = other, "same head size");
  WITH(bad.rank = 9, "q: expected 0 to 8 axes, got 9");
  WITH(bad.rank = -1, "q: expected 0 to 8 axes, got -1");
  WITH(bad.rank = 2, "all 4-D");
  WITH(bad.dtype = 0, "q: there is no type 0");
  WITH(bad.dtype = CLEARHEAD_I64, "floating");
  WITH(bad.dtype = CLEARHEAD_F32, "of one floating type");
  WITH(o.size = 0, "options: its member `size` must be sizeof");
  WITH(o.precision = 3, "precision: expected CLEARHEAD_HIGHEST");
  WITH(o.way = 2, "way: expected CLEARHEAD_FUSED");
  WITH(o.softmax_precision = 7, "softmax_precision: there is no type 7");
  WITH(o.softmax_precision = CLEARHEAD_I64, "softmax_precision must be");
  WITH(o.left_window_size = -2, "left_window_size");
  WITH(o.softcap = NAN, "softcap");
  WITH((o.has_scale = 1, o.scale = INFINITY), "scale");
  WITH(o.past_key = &k, "belong together");
  WITH(o.q_num_heads = 3, "q_num_heads is 3");
  WITH(o.attn_mask = &k, "does not broadcast");
  WITH(o.nonpad_kv_seqlen = &q, "nonpad_kv_seqlen: expected i64");
  static double more[NQ];
  clearhead_array elsewhere = f64(more, q_shape);
  WITH((to.qk_matmul_output = &elsewhere, o.stage = 5), "stage: expected");
#undef WITH
  to.qk_matmul_output = NULL;
  CHECK_REFUSED(clearhead_attention(NULL, &k, &v, NULL, &to, NULL), "q: it is needed, got NULL");
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, NULL, NULL, NULL), "results: it is needed");
  to.present_key = &elsewhere;
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, NULL, &to, NULL), "present_key: expected f64 of");
  clearhead_attention_results wrong = {sizeof wrong, NULL, NULL, NULL, NULL};
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, NULL, &wrong, NULL), "y: it is needed");
  wrong.y = &elsewhere;
  clearhead_attention_record* record = (clearhead_attention_record*)&wrong;
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, NULL, &wrong, &record), "out: expected f64 of");
  CHECK(record == NULL);
}

/* Structs of callers that know fewer members, and of those that know more. */
static void structs_that_grow(void) {
  clearhead_array q = f64(qs, q_shape), k = f64(ks, k_shape), v = f64(vs, v_shape);
  clearhead_array y = f64(ys, y_shape);
  clearhead_attention_results to = {sizeof to, &y, &y, NULL, NULL};
  to.size = offsetof(clearhead_attention_results, present_key); /* which is of no shape that fits */
  CHECK_OK(clearhead_attention(&q, &k, &v, NULL, &to, NULL));
  struct {
    clearhead_attention_options known;
    int64_t later;
  } newer = {CLEARHEAD_ATTENTION_OPTIONS_INIT, 0};
  newer.known.size = sizeof newer;
  CHECK_OK(clearhead_attention(&q, &k, &v, &newer.known, &to, NULL));
  newer.later = 1;
  CHECK_REFUSED(clearhead_attention(&q, &k, &v, &newer.known, &to, NULL),
                "sets members that this library, clearhead");
}

static void library(void) {
  CHECK(clearhead_abi() == CLEARHEAD_ABI);
  CHECK(strcmp(clearhead_version(), EXPECTED_VERSION) == 0);
  CHECK(strcmp(clearhead_error(), "") == 0);
  CHECK(clearhead_threads() >= 1);
  CHECK_OK(clearhead_set_threads(2));
  CHECK(clearhead_threads() == 2);
  CHECK_REFUSED(clearhead_set_threads(-1), "thread count: expected 1 to 1024");
}

int main(void) {
  library();
  fill(qs, NQ, 1);
  fill(ks, NK, 2);
  fill(vs, NV, 3);
  two_keys();
  options();
  masks_and_types();
  cache();
  layouts();
  gradients();
  sixteen_bits();
  precisions();
  refusals();
  structs_that_grow();
  return failures != 0;
}
