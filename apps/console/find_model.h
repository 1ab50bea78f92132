// Where the model lies that a command is given by name.
#ifndef CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_
#define CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_

#include <filesystem>
#include <string>
#include <vector>

namespace clearhead::console {

/// The folders in which models are looked for by name, first things first: `given` alone; if it is
/// empty, what CLEARHEAD_MODELS says alone; else models/ here and the models that belong to this
/// program, in the tree that it was built in or beside it where it is installed.
std::vector<std::filesystem::path> model_folders(const std::string& given);

/// The folder of a model that `name` is, or that of this name in one of `folders`. Throws Error if
/// there is none, naming where was looked and the models there are.
std::filesystem::path find_model(const std::string& name,
                                 const std::vector<std::filesystem::path>& folders);

/// "captions, en-fr or shakespeare": the models in `folders`; "" if there are none.
std::string names_of_models(const std::vector<std::filesystem::path>& folders);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_
