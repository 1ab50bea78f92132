#include "apps/cli/attend/attend.h"
#include "apps/cli/bench/bench.h"
#include "apps/cli/command.h"
#include "apps/cli/completion.h"
#include "apps/cli/map/map.h"
#include "apps/cli/see/see.h"
#include "apps/cli/train/train.h"

namespace clearhead {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"see", "what a trained network does with a sentence: every head, and what it predicts",
       "\"TEXT\" [OPTIONS]",
       R"(  Shakespeare, character by character; all heads, one of them large:
    clearhead see "First Citizen:"

  Head 1 of layer 2, and as a figure; where its weight for key 3 of query 9 comes from:
    clearhead see "First Citizen:" --layer 2 --head 1 --out head.png
    clearhead see "First Citizen:" --layer 2 --head 1 --explain 9,3

  What does each French word look at? What hides behind the mask?
    clearhead see "two dogs play in the snow" --model en-fr
    clearhead see "two dogs <mask> in the snow" --model captions

  All numbers, under their names in TransformerLens:
    clearhead see "First Citizen:" --save hooks.safetensors
)",
       set_up_see},
      {"attend", "attention of tokens to tokens, with every step visible",
       "(--tokens N | --x FILE | --q FILE --k FILE --v FILE) [OPTIONS]",
       R"(  Three random tokens of dimension four, step by step:
    clearhead attend --tokens 3 --dim 4 --seed 7 --steps

  Where does component 1 of the result of token 2 (head 0) come from?
    clearhead attend --tokens 3 --explain 0,2,1
    clearhead attend --tokens 3 --explain 0,2,1 --depth all

  Your own table, a token a line; a figure for a paper and one to explore:
    clearhead attend --x words.csv --causal --out words.pdf --out words.html

  Queries that look elsewhere (cross-attention), all numbers kept:
    clearhead attend --q q.npy --k k.npy --v v.npy --save steps.safetensors

  Activations of a model, eight heads that share four key/value heads:
    clearhead attend --from hooks.safetensors --causal \
      --q blocks.0.attn.hook_rot_q --k blocks.0.attn.hook_rot_k \
      --v blocks.0.attn.hook_v
)",
       set_up_attend},
      {"bench", "the limits of this machine, and how far each kernel is from them", "[OPTIONS]",
       R"(  What can this machine do at best?
    clearhead bench --only limits

  How far are matrix products from that, on one thread?
    clearhead bench --only matmul --threads 1

  Everything, kept for later:
    clearhead bench --json bench.json
)",
       set_up_bench},
      {"map", "attention of sequences of any length: an overview, and any window of it",
       "--q FILE --k FILE [OPTIONS]",
       R"(  A million tokens at a glance, and in a page to explore:
    clearhead map --q q.npy --k k.npy --causal --precision medium \
      --out map.png --out map.html

  What stands there exactly: 512 queries and keys; what two queries look at most
    clearhead map --q q.npy --k k.npy --causal \
      --window 700000:700512,0:512 --out window.png
    clearhead map --q q.npy --k k.npy --causal --rows 700000,700001 --strongest 8

  Head 3 of a model's activations, all numbers kept:
    clearhead map --from hooks.safetensors --q blocks.0.attn.hook_rot_q \
      --k blocks.0.attn.hook_rot_k --head 3 --causal --save map.safetensors
)",
       set_up_map},
      {"train", "train a network by a recipe, on your own texts", "RECIPE [OPTIONS]",
       R"(  A small GPT on Shakespeare, as nanoGPT trains it on a processor:
    clearhead train recipes/shakespeare-small.json --data FOLDER_OF_THE_TEXT

  Stopped (Ctrl-C, or worse)? The same command goes on.

  What may a recipe say?
    clearhead train --schema
)",
       set_up_train},
      {"completion", "print the completion script of a shell", "bash|zsh",
       R"(  For this session of bash:
    source <(clearhead completion bash)

  For every session of zsh, in a folder of $fpath:
    clearhead completion zsh > ~/.zsh/functions/_clearhead
)",
       set_up_completion},
  };
  return all;
}

}  // namespace clearhead
