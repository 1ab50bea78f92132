// Tiny models with random weights, as folders that commands open.
#ifndef CLEARHEAD_TESTS_APPS_TINY_MODELS_H_
#define CLEARHEAD_TESTS_APPS_TINY_MODELS_H_

#include <filesystem>
#include <string>

#include "clearhead/models/model_file.h"

namespace clearhead {

// Each writes a model into `folder` and returns it as it is read.

/// Reads 32 tokens at most: characters a … z, blank, newline and period.
SavedModel write_language_model(const std::filesystem::path& folder);

/// The same with tokens of single bytes, of which there are all.
SavedModel write_byte_model(const std::filesystem::path& folder);

/// Reads 32 tokens at most: characters as above, <pad>, <s>, </s> and <mask>.
SavedModel write_masked_model(const std::filesystem::path& folder);
SavedModel write_translation_model(const std::filesystem::path& folder);
SavedModel write_embedding_model(const std::filesystem::path& folder);
/// Of the classes yes and no.
SavedModel write_classification_model(const std::filesystem::path& folder);

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_APPS_TINY_MODELS_H_
