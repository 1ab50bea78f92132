// The index of shards is read first; then each shard is held against it. It is written last.
#include "clearhead/tensor/shards.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/safetensors.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

using nlohmann::json;
using Places = std::map<std::string, std::string>;  // the shard of each tensor

constexpr const char* kMap = "weight_map";

// The JSON without what no index has need of, which would only take memory: arrays.
json parse_index(std::string_view text, const std::string& where) {
  std::string part;            // of the index
  std::set<std::string> seen;  // tensors
  const auto keep = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::array_start) {
      if (part == kMap) throw Error(where + ": " + part + ": an array where none belongs");
      return false;
    }
    if (event != json::parse_event_t::key) return true;
    const auto& key = parsed.get_ref<const std::string&>();
    if (depth == 1) part = key;
    if (depth == 2 && part == kMap && !seen.insert(key).second) {
      throw Error(where + ": tensor " + in_quotes(key) + " stands there twice");
    }
    return true;
  };
  try {
    return json::parse(text, keep);
  } catch (const json::parse_error& error) {
    throw Error(where + ": byte " + std::to_string(error.byte) + ": no valid JSON");
  } catch (const json::out_of_range&) {
    throw Error(where + ": a number beyond the range of f64; no index has need of one");
  }
}

Places read_index(const std::filesystem::path& index) {
  const auto file = MappedFile::open(index);
  const std::string where = index.string();
  const json whole = parse_index(
      {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, where);
  if (!whole.is_object() || !whole.contains(kMap) || !whole[kMap].is_object()) {
    throw Error(where + ": expected an index of shards, {\"" + kMap +
                "\": {\"NAME\": \"SHARD.safetensors\", ...}}, got none");
  }
  Places places;
  for (const auto& [tensor, shard] : whole[kMap].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : shard.dump();
    const std::filesystem::path path(name);
    if (!shard.is_string() || path != path.filename() || ending_of(path) != ".safetensors") {
      throw Error(where + ": tensor " + in_quotes(tensor) +
                  ": expected the name of a .safetensors file that lies beside the index, got " +
                  in_quotes(name));
    }
    places[tensor] = name;
  }
  return places;
}

void require_shards(const std::filesystem::path& index, const std::set<std::string>& shards) {
  constexpr int kShown = 5;
  std::string missing;
  int count = 0;
  for (const std::string& shard : shards) {
    if (std::filesystem::exists(index.parent_path() / shard) || ++count > kShown) continue;
    missing += (count == 1 ? "" : ", ") + in_quotes(shard);
  }
  if (count == 0) return;
  throw Error(index.string() + ": " + std::to_string(count) + " of its " +
              std::to_string(shards.size()) + " shards do not lie beside it: " + missing +
              (count > kShown ? ", ..." : "") + "; put them there");
}

std::size_t bytes_of(const TensorFile::Entry& entry, const std::string& where) {
  if (!entry.dtype) {
    throw Error(where + ": tensor " + in_quotes(entry.name) + ": cannot write elements of type " +
                entry.type);
  }
  return stored_bytes(entry.shape, stored_type(*entry.dtype), where);
}

// Each as many of the tensors as fit, in their order.
std::vector<TensorFile> cut(const TensorFile& tensors, std::size_t most) {
  std::vector<TensorFile> shards;
  std::size_t bytes = 0;
  for (const TensorFile::Entry& entry : tensors.entries) {
    const std::size_t more = bytes_of(entry, tensors.name);
    if (shards.empty() || (!shards.back().entries.empty() && bytes + more > most)) {
      shards.push_back({.name = tensors.name, .metadata = tensors.metadata});
      bytes = 0;
    }
    shards.back().entries.push_back(entry);
    bytes += more;
  }
  return shards;
}

}  // namespace

TensorFile open_shards(const std::filesystem::path& index) {
  const Places places = read_index(index);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : places) shards.insert(shard);
  require_shards(index, shards);
  TensorFile all{.name = index.string()};
  Places found;
  for (const std::string& shard : shards) {
    TensorFile file = open_safetensors(index.parent_path() / shard);
    all.metadata.merge(file.metadata);
    for (TensorFile::Entry& entry : file.entries) {
      const auto [place, is_new] = found.emplace(entry.name, shard);
      if (!is_new) {
        throw Error(all.name + ": tensor " + in_quotes(entry.name) + " is in two shards, " +
                    in_quotes(place->second) + " and " + in_quotes(shard));
      }
      all.entries.push_back(std::move(entry));
    }
  }
  for (const auto& [tensor, shard] : places) {
    const auto place = found.find(tensor);
    if (place != found.end() && place->second == shard) continue;
    throw Error(all.name + ": tensor " + in_quotes(tensor) + " should be in " + in_quotes(shard) +
                ", which does not have it" +
                (place == found.end() ? "" : "; it is in " + in_quotes(place->second)));
  }
  return all;
}

void write_shards(const std::filesystem::path& folder, const TensorFile& tensors,
                  std::size_t most) {
  const std::vector<TensorFile> shards = cut(tensors, most);
  if (shards.size() <= 1) return write_safetensors(folder / "model.safetensors", tensors);
  nlohmann::ordered_json index;
  std::size_t total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    write_safetensors(folder / name, shards[i]);
    for (const TensorFile::Entry& entry : shards[i].entries) {
      index[kMap][entry.name] = name;
      total += bytes_of(entry, tensors.name);
    }
  }
  index["metadata"]["total_size"] = total;
  write_file(folder / "model.safetensors.index.json",
             [&](std::ostream& out) { out << index.dump(2) << "\n"; });
}

}  // namespace clearhead
