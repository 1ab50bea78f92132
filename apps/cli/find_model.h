// Where the model lies that a command is given by name.
#ifndef CLEARHEAD_APPS_CLI_FIND_MODEL_H_
#define CLEARHEAD_APPS_CLI_FIND_MODEL_H_

#include <filesystem>
#include <string>

namespace clearhead {

/// The folder that `name` is, or models/NAME here, or that of the installed models. Throws Error,
/// naming the models there are, if it is none of them.
std::filesystem::path find_model(const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_APPS_CLI_FIND_MODEL_H_
