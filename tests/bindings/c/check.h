/* What the tests of the C interface share: checks that say where they failed. */
#ifndef CLEARHEAD_TESTS_BINDINGS_C_CHECK_H_
#define CLEARHEAD_TESTS_BINDINGS_C_CHECK_H_

#include <clearhead.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

#define CHECK_NEAR(got, expected, most)                                                     \
  do {                                                                                      \
    const double got_ = (got), expected_ = (expected);                                      \
    if (!(fabs(got_ - expected_) <= (most))) {                                              \
      fprintf(stderr, "%s:%d: %s is %.9g, expected %.9g\n", __FILE__, __LINE__, #got, got_, \
              expected_);                                                                   \
      ++failures;                                                                           \
    }                                                                                       \
  } while (0)

#define CHECK_OK(call)                                                                         \
  do {                                                                                         \
    if ((call) != CLEARHEAD_OK) {                                                              \
      fprintf(stderr, "%s:%d: %s failed: %s\n", __FILE__, __LINE__, #call, clearhead_error()); \
      ++failures;                                                                              \
    }                                                                                          \
  } while (0)

/* The call is refused with a message that contains `part`. */
#define CHECK_REFUSED(call, part)                                                            \
  do {                                                                                       \
    if ((call) != CLEARHEAD_INVALID) {                                                       \
      fprintf(stderr, "%s:%d: not refused: %s\n", __FILE__, __LINE__, #call);                \
      ++failures;                                                                            \
    } else if (strstr(clearhead_error(), (part)) == NULL) {                                  \
      fprintf(stderr, "%s:%d: %s said: %s\n", __FILE__, __LINE__, #call, clearhead_error()); \
      ++failures;                                                                            \
    }                                                                                        \
  } while (0)

#endif /* CLEARHEAD_TESTS_BINDINGS_C_CHECK_H_ */
