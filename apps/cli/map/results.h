// The results of `clearhead map`: figures, files, a summary.
#ifndef CLEARHEAD_APPS_CLI_MAP_RESULTS_H_
#define CLEARHEAD_APPS_CLI_MAP_RESULTS_H_

#include <string>
#include <vector>

#include "apps/cli/map/options.h"
#include "clearhead/tensor/named_tensors.h"

namespace clearhead::cli {

/// One head: q [T, D], k [S, D].
struct MapInputs {
  Tensor q, k;
  std::string head;                ///< "head 3 of 12", or empty if there is one
  std::vector<std::string> notes;  ///< how inputs were understood where that was not said
};

/// Reads the files and takes the head. Throws Error, naming option, file and shape.
MapInputs load_inputs(const MapOptions& options);

/// "attention of 1,000 queries to 1,000 keys: 64 dims, causal, precision medium; cells of 16 × 16"
std::string describe(const MapInputs& in, const MapOptions& options);

plot::Heatmap map_heatmap(const AttentionMap& map, const MapOptions& options);
plot::Heatmap window_heatmap(const Tensor& pattern, const MapOptions& options);

/// The summary of a map: strongest keys and entropy of some rows, and the keys that receive most.
/// `key_mass` is undefined unless it was asked for.
std::string summary(const AttentionMap& map, const Tensor& key_mass, const MapInputs& in,
                    const MapOptions& options);

/// All tensors of a map, or a window, under the names that --save promises. A key that a query does
/// not see weighs 0, as in `clearhead attend --save`; in figures it is −∞, which is drawn as
/// masked.
NamedTensors named_tensors(const Tensor& window);
NamedTensors named_tensors(const AttentionMap& map, const Tensor& key_mass);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_MAP_RESULTS_H_
