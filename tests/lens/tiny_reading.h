// A text that a small network of random weights has read, in f64, for the tests of what looks into
// such runs.
#ifndef CLEARHEAD_TESTS_LENS_TINY_READING_H_
#define CLEARHEAD_TESTS_LENS_TINY_READING_H_

#include <cstdint>
#include <vector>

#include "clearhead/lens/reading.h"

namespace clearhead {

/// Two layers of two heads. The letters a to h have the ids 4 to 11; <pad>, <s>, </s> and <mask>
/// come before. Another config's vocabulary and context are set.
Reading tiny_reading(Family family, std::vector<std::int64_t> ids, TransformerConfig config = {},
                     Tape tape = Tape(Keep::everything));

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_LENS_TINY_READING_H_
