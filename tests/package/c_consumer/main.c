/* The smallest program in C that uses clearhead as an installed package. */
#include <clearhead.h>
#include <stdio.h>

int main(void) {
  float x[] = {1, 2}, y[] = {0, 0};
  const int64_t shape[] = {1, 1, 2, 1};
  clearhead_array array = {x, CLEARHEAD_F32, 4, shape, NULL};
  clearhead_array result = {y, CLEARHEAD_F32, 4, shape, NULL};
  clearhead_attention_results results = {sizeof results, &result, NULL, NULL, NULL};
  clearhead_attention_options options = CLEARHEAD_ATTENTION_OPTIONS_INIT;
  options.is_causal = 1;
  if (clearhead_attention(&array, &array, &array, &options, &results, NULL) != CLEARHEAD_OK) {
    fprintf(stderr, "%s\n", clearhead_error());
    return 1;
  }
  printf("the package works: y[0] = %g\n", (double)y[0]);
  return 0;
}
