// Runs of `clearhead attend` that succeed, and their numbers.
#ifndef CLEARHEAD_TESTS_APPS_ATTEND_H_
#define CLEARHEAD_TESTS_APPS_ATTEND_H_

#include <string>
#include <vector>

#include "clearhead/tensor/named_tensors.h"

namespace clearhead {

/// Three random tokens of dimension four.
inline const std::vector<std::string> kDemo = {"attend", "--tokens", "3", "--dim",
                                               "4",      "--seed",   "7"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more);

/// What the program says, which must succeed.
std::string say(const std::vector<std::string>& arguments);

/// What it saves, in a file with this ending.
NamedTensors saved(const std::vector<std::string>& arguments,
                   const std::string& ending = ".safetensors");

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_APPS_ATTEND_H_
