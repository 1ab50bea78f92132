// How much tests do: with sanitizers everything is some ten times slower, and other faults are
// looked for.
#ifndef CLEARHEAD_TESTS_SCALE_H_
#define CLEARHEAD_TESTS_SCALE_H_

#include <cstdlib>

namespace clearhead {

/// Whether CLEARHEAD_TEST_SCALE is set, as the presets with sanitizers do.
inline bool is_small_scale() { return std::getenv("CLEARHEAD_TEST_SCALE") != nullptr; }

/// `full`, or a twentieth of it on the small scale.
inline int rounds(int full) { return is_small_scale() ? full / 20 : full; }

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_SCALE_H_
