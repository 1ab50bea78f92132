// The table of what a model is made of: every parameter is counted once, like blocks share a row.
#include "clearhead/models/summary.h"

#include "clearhead/models/decoder.h"
#include "clearhead/models/recurrent.h"
#include "tests/models/model_testing.h"

namespace clearhead {
namespace {

const SummaryRow& row_of(const ModelSummary& summary, const std::string& name) {
  for (const SummaryRow& row : summary.rows) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "there is no row " << name;
  return summary.rows.front();
}

TEST(Summary, HasARowForWhatAllBlocksHave) {
  TransformerConfig config = small(gpt2());
  config.layers = 12;
  const ModelSummary summary = summarize(Decoder(config, std::nullopt).parameters());
  // embed.W_E, pos_embed.W_pos, 4 matrices and biases of attention, 2 of the feed-forward part, 3
  // norms
  EXPECT_EQ(summary.rows.size(), 2 + 2 * 4 + 2 * 2 + 2 * 3);
  EXPECT_EQ(summary.rows.front().name, "embed.W_E");
  const SummaryRow& row = row_of(summary, "blocks.0–11.mlp.W_in");
  EXPECT_EQ(row.copies, 12);
  EXPECT_EQ(row.shape, (Shape{6, 8}));
  EXPECT_EQ(row.count(), 12 * 48);
}

TEST(Summary, CountsWhatTheModelHas) {
  for (const auto& [name, config] : presets()) {
    SCOPED_TRACE(name);
    const Decoder model(config);
    const ModelSummary summary = summarize(model.parameters());
    EXPECT_EQ(summary.count, model.parameters().count());
    EXPECT_EQ(summary.learned, summary.count);
    EXPECT_EQ(summary.bytes(DType::bf16), 2 * summary.count);
    EXPECT_EQ(summary.training_bytes(), 16 * summary.count);
  }
}

TEST(Summary, KeepsApartWhatHasAnotherShape) {
  const RecurrentLanguageModel model(
      {.vocabulary = kV, .kind = RecurrentKind::gru, .channels = 4, .hidden = 5, .layers = 3});
  const ModelSummary summary = summarize(model.parameters());
  EXPECT_EQ(row_of(summary, "layers.0.W").shape, (Shape{15, 4}));
  EXPECT_EQ(row_of(summary, "layers.1–2.W").shape, (Shape{15, 5}));
  EXPECT_EQ(row_of(summary, "layers.0–2.R").copies, 3);
}

TEST(Summary, TakesNoGradientsForStatistics) {
  TransformerConfig config = small(gpt2());
  config.norm = NormKind::batch;
  const ModelSummary summary = summarize(Decoder(config).parameters());
  EXPECT_FALSE(row_of(summary, "blocks.0–1.ln1.running_mean").learned);
  EXPECT_EQ(summary.count - summary.learned, 5 * 2 * 8);  // norms, statistics, channels
  EXPECT_EQ(summary.training_bytes(), 4 * (summary.count + 3 * summary.learned));
}

}  // namespace
}  // namespace clearhead
