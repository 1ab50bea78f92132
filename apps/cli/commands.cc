// The table of commands.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/cli/attend/attend.h"
#include "apps/cli/bench/bench.h"
#include "apps/cli/claims_commands.h"
#include "apps/cli/classify/classify.h"
#include "apps/cli/command.h"
#include "apps/cli/compare/compare.h"
#include "apps/cli/completion.h"
#include "apps/cli/convert/convert.h"
#include "apps/cli/dump/dump.h"
#include "apps/cli/embed/embed.h"
#include "apps/cli/evaluate/evaluate.h"
#include "apps/cli/explain/explain.h"
#include "apps/cli/fill/fill.h"
#include "apps/cli/generate/generate.h"
#include "apps/cli/help.h"
#include "apps/cli/lab/lab.h"
#include "apps/cli/learn/learn.h"
#include "apps/cli/lens_commands.h"
#include "apps/cli/map/map.h"
#include "apps/cli/see/see.h"
#include "apps/cli/train/train.h"
#include "apps/cli/translate/translate.h"

namespace clearhead::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"see", "what every head of a trained network does, and what it predicts",
       "\"TEXT\" [OPTIONS]",
       R"(  Shakespeare, character by character; all heads, one of them large:
    clearhead see "First Citizen:"

  Head 1 of layer 2, and as a figure; where its weight for key 3 of query 9 comes from:
    clearhead see "First Citizen:" --layer 2 --head 1 --out head.png
    clearhead see "First Citizen:" --layer 2 --head 1 --explain 9,3

  What if head 3 of layer 2 were silent, or the last token not see the first?
    clearhead see "First Citizen:" --ablate "blocks.2.attn.hook_z[3]"
    clearhead see "First Citizen:" \
      --set "blocks.*.attn.hook_attn_scores[:,-1,0]=-inf"

  What does each French word look at? What hides behind the mask?
    clearhead see "two dogs play in the snow" --model en-fr
    clearhead see "two dogs <mask> in the snow" --model captions

  All numbers, under their names in TransformerLens:
    clearhead see "First Citizen:" --save hooks.safetensors
)",
       set_up_see},
      {"lens", "why a network predicts what it does: by layer, head, token", "COMMAND [OPTIONS]",
       "", nullptr, lens_commands()},
      {"explain", "where one number of a network's run comes from, step by step",
       "MODEL \"TEXT\" NAME[INDEX] [OPTIONS]",
       R"(  Where does component 2 of head 0 for token 5 come from, and its operands?
    clearhead explain shakespeare "First Citizen:" "blocks.3.attn.hook_z[0,5,2]"
    clearhead explain shakespeare "First Citizen:" "logits[-1,10]" --depth 2
)",
       set_up_explain},
      {"dump", "all activations of a run, in a file with TransformerLens's names",
       "MODEL \"TEXT\" --save FILE [OPTIONS]",
       R"(  Everything; and the patterns of all heads alone:
    clearhead dump shakespeare "First Citizen:" --save hooks.safetensors
    clearhead dump shakespeare "First Citizen:" --only "*.hook_pattern" \
      --save patterns.npz
)",
       set_up_dump},
      {"compare", "where two runs part: two prompts, two models, or a run and a file",
       "A B [OPTIONS]",
       R"(  Two prompts; a model and what another program saved of it:
    clearhead compare shakespeare shakespeare --text "First Citizen:" \
      --other-text "First Servant:"
    clearhead compare shakespeare hooks.safetensors --text "First Citizen:"
)",
       set_up_compare},
      {"learn", "twenty lessons, from one weight to a whole transformer", "[NUMBER] [OPTIONS]",
       R"(  Which lessons are there? The first of them, step by step:
    clearhead learn
    clearhead learn 1

  The same with another number, and with the answers to its exercises:
    clearhead learn 2 --set query=-0.5 --answers
)",
       set_up_learn},
      {"attend", "attention of tokens to tokens, with every step visible",
       "(--tokens N | --x FILE | --q FILE --k FILE --v FILE) [OPTIONS]",
       R"(  Three random tokens of dimension four, step by step:
    clearhead attend --tokens 3 --dim 4 --seed 7 --steps

  Where does component 1 of the result of token 2 (head 0) come from?
    clearhead attend --tokens 3 --explain 0,2,1
    clearhead attend --tokens 3 --explain 0,2,1 --depth all

  What if token 2 did not see token 1? If head 0 said nothing?
    clearhead attend --tokens 3 --set "hook_attn_scores[0,2,1]=-inf"
    clearhead attend --tokens 3 --ablate "hook_z[0]"

  How gradients flow back from component 1 of token 2, and where one comes from:
    clearhead attend --tokens 3 --gradients --gradients-of "hook_z[0,2,1]" \
      --explain "hook_pattern_grad[0,2,0]"

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
      {"lab", "what recurrence forgets, why it waits, what a GPT costs, measured",
       "memory|parallel|knobs|claims [OPTIONS]",
       R"(  RNN, LSTM, GRU and transformer of equal size recall a value seen N steps ago:
    clearhead lab memory --csv memory.csv --out memory.svg

  The same in a minute:
    clearhead lab memory --distances 8,16,32 --steps 300

  How long do they take for one sequence, and do more threads help?
    clearhead lab parallel --out parallel.svg

  What do dimension, heads, layers and length of a GPT cost, and what do they bring?
    clearhead lab knobs --csv knobs.csv --out knobs.svg

  What does a claim look at in its member's history, as it is and with another code?
    clearhead lab claims --data claims/ --claim C0000634 --out claim.svg
)",
       set_up_lab},
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
      {"generate", "a language model continues a text", "MODEL [OPTIONS]",
       R"(  What does it write by itself, and how does it go on from here?
    clearhead generate shakespeare
    clearhead generate shakespeare --prompt "ROMEO:" --tokens 500 --seed 7

  Bolder, but never among the unlikely:
    clearhead generate shakespeare --temperature 1.2 --top-p 0.9

  A model of your own, or a checkpoint of Hugging Face, always its likeliest token:
    clearhead generate runs/mine/model --prompt "Once upon" --greedy
    clearhead generate SmolLM2-135M/ --prompt "Once upon" --greedy
)",
       set_up_generate},
      {"translate", "a translation model translates lines", "MODEL [TEXT…] [OPTIONS]",
       R"(  A sentence, and the three best ways to say it:
    clearhead translate en-fr "A man is playing a guitar."
    clearhead translate en-fr "Two dogs run." --n-best 3

  A file, line by line, as fast as it goes:
    clearhead translate en-fr --file in.txt --out out.txt \
      --precision medium

  What another program says; and what begins with a dash:
    head in.txt | clearhead translate en-fr --beam 1
    clearhead translate en-fr -- "- A man is running."
)",
       set_up_translate},
      {"fill", "a masked model guesses hidden words", "MODEL TEXT [OPTIONS]",
       R"(  What may stand there, and how likely is it?
    clearhead fill captions "A man is <mask> a guitar."

  Several gaps, three guesses each:
    clearhead fill captions "Two <mask> are in the <mask>." --top 3
)",
       set_up_fill},
      {"embed", "an embedding model turns texts into vectors", "MODEL [TEXT…] [OPTIONS]",
       R"(  How alike are these, by a sentence encoder that others have trained?
    clearhead embed all-MiniLM-L6-v2/ "A man plays." "Music is made." "It rains."

  The vectors of all lines of a file:
    clearhead embed all-MiniLM-L6-v2/ --file lines.txt --out vectors.npy
)",
       set_up_embed},
      {"classify", "a classification model says what class a text is of", "MODEL [TEXT…] [OPTIONS]",
       R"(  Is it praise, by a classifier that others have trained?
    clearhead classify distilbert-sst-2/ "What a film!"

  Each line of a file:
    clearhead classify distilbert-sst-2/ --file lines.txt --top 1
)",
       set_up_classify},
      {"convert", "a model in Hugging Face's layout, or in ours", "MODEL --out FOLDER [OPTIONS]",
       R"(  A model of your own, as Hugging Face's transformers read it:
    clearhead convert shakespeare --out shakespeare-gpt2

  A checkpoint in half the bytes, and in files of at most 1 GB:
    clearhead convert SmolLM2-135M/ --out small --dtype bf16
    clearhead convert Llama-8B/ --out in-parts --shard-size 1GB
)",
       set_up_convert},
      {"evaluate", "how well a model predicts or translates what it has not seen",
       "MODEL (--file FILE | --source FILE --target FILE) [OPTIONS]",
       R"(  Loss, perplexity and bits a character of the last tenth of a text:
    clearhead evaluate shakespeare --file input.txt --skip 0.9

  How many hidden words are guessed:
    clearhead evaluate captions --file test.en

  BLEU, as `sacrebleu --lowercase` has it:
    clearhead evaluate en-fr --source test.en --target test.fr \
      --precision medium
)",
       set_up_evaluate},
      {"claims", "health-insurance claims: read them, see what is unusual and why",
       "COMMAND [OPTIONS]", "", nullptr, claims_commands()},
      {"completion", "print the completion script of a shell", "bash|zsh",
       R"(  For this session of bash:
    source <(clearhead completion bash)

  For every session of zsh, in a folder of $fpath:
    clearhead completion zsh > ~/.zsh/functions/_clearhead
)",
       set_up_completion},
      {"help", "what clearhead can do, or one of its commands", "[COMMAND]",
       R"(  clearhead help
  clearhead help see
)",
       set_up_help},
  };
  return all;
}

const Command* find_command(const std::vector<Command>& among, std::string_view name) {
  const auto found = std::find_if(among.begin(), among.end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == among.end() ? nullptr : &*found;
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

}  // namespace clearhead::cli
