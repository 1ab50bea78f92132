// What a page prints against what the program prints.
#ifndef CLEARHEAD_TESTS_LESSONS_COMPARE_OUTPUT_H_
#define CLEARHEAD_TESTS_LESSONS_COMPARE_OUTPUT_H_

#include <string>
#include <vector>

#include "lessons/lesson.h"

namespace clearhead::lessons {

/// How the first line that differs by more than `numbers` allows does; "" if none does. How words
/// are spaced is no difference.
std::string difference(const std::string& page, const std::string& program, Numbers numbers);

/// The numbers that a page says in its sentences: with a decimal point, or of three digits and
/// more. Not those in fenced text, in formulas, in code, in links, or under "Sources".
std::vector<std::string> numbers_in_prose(const std::string& page);

}  // namespace clearhead::lessons

#endif  // CLEARHEAD_TESTS_LESSONS_COMPARE_OUTPUT_H_
