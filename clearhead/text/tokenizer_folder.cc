// tokenizer.json, or else one of the older kinds.
#include "clearhead/text/tokenizer_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/text/older_tokenizers_internal.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWriteIt =
    "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) of transformers writes "
    "tokenizer.json";

const OlderTokenizer& kind_of(const fs::path& folder, const TokenizerSettings& settings,
                              std::string_view model_type) {
  std::string name = settings["tokenizer_class"].text_or("");
  if (name.ends_with("Fast")) name.erase(name.size() - 4);
  const bool is_general = name.empty() || name == "PreTrainedTokenizer";
  std::vector<std::string_view> known;
  for (const OlderTokenizer& kind : older_tokenizers()) {
    const auto& names = is_general ? kind.model_types : kind.classes;
    if (std::find(names.begin(), names.end(), is_general ? model_type : name) != names.end()) {
      return kind;
    }
    known.insert(known.end(), names.begin(), names.end());
  }
  throw Error(
      fmt::format("{}: expected tokenizer.json; without it {} \"{}\" is not supported, only "
                  "{}. {}",
                  folder.string(), is_general ? "the model type" : "a tokenizer_class",
                  is_general ? model_type : name, fmt::join(known, ", "), kWriteIt));
}

}  // namespace

std::shared_ptr<const Tokenizer> read_tokenizer_folder(const fs::path& folder,
                                                       std::string_view model_type) {
  if (fs::exists(folder / "tokenizer.json")) return read_tokenizer(folder / "tokenizer.json");
  const TokenizerSettings settings(folder);
  const OlderTokenizer& kind = kind_of(folder, settings, model_type);
  const fs::path vocabulary = folder / kind.vocabulary;
  if (!fs::exists(vocabulary) || (kind.has_merges() && !fs::exists(folder / "merges.txt"))) {
    throw Error(
        fmt::format("{}: there is no tokenizer in it: expected tokenizer.json, or {}{}; copy "
                    "it from where the model comes from",
                    folder.string(), kind.vocabulary, kind.has_merges() ? " and merges.txt" : ""));
  }
  return kind.make({settings, folder, vocabulary});
}

}  // namespace clearhead
