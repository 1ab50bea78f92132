// Finds the folder or file of a model by its name.
#ifndef CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_
#define CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_

#include <filesystem>
#include <string>
#include <vector>

namespace clearhead::console {

/// The folders in which models are looked for by name. That is `given` alone; if it is empty,
/// CLEARHEAD_MODELS alone; if that is not set, models/ here and then the models of this program, in
/// the tree in which it was built or beside it where it is installed.
std::vector<std::filesystem::path> model_folders(const std::string& given);

/// What a folder of models holds, told by a file that only such models have. Those of texts may
/// also be one `.gguf` file each.
inline constexpr const char* kTextModel = "tokenizer.json";     ///< of `clearhead train`
inline constexpr const char* kClaimsModel = "vocabulary.json";  ///< of `clearhead claims train`

/// The folder or file of a model: `name` itself if it is one, else that of this name in one of
/// `folders`. If there is none, throws Error that says which folders were searched and which models
/// there are; UsageError if no name is given.
std::filesystem::path find_model(const std::string& name,
                                 const std::vector<std::filesystem::path>& folders,
                                 const char* kind = kTextModel);

/// "captions, en-fr or shakespeare": the models of this kind in `folders`; "" if there are none.
std::string names_of_models(const std::vector<std::filesystem::path>& folders,
                            const char* kind = kTextModel);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_FIND_MODEL_H_
