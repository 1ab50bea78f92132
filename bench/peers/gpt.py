"""GPT-2 in PyTorch, as it is trained there: fused attention, fused AdamW, and one product for
queries, keys and values."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, setting):
        super().__init__()
        C = setting.channels
        self.heads = setting.heads
        self.dropout = setting.dropout
        self.norm1 = nn.LayerNorm(C, bias=False)
        self.qkv = nn.Linear(C, 3 * C, bias=False)
        self.out = nn.Linear(C, C, bias=False)
        self.norm2 = nn.LayerNorm(C, bias=False)
        self.mlp_in = nn.Linear(C, 4 * C, bias=False)
        self.mlp_out = nn.Linear(4 * C, C, bias=False)

    def forward(self, x, cache=None):
        """x [B, T, C]; `cache`: this block's keys and values [2, B, H, context, D], and how many
        there are."""
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # [B, H, T, D]
            for part in self.qkv(self.norm1(x)).split(C, dim=2)
        )
        if cache is not None:
            kept, before = cache
            kept[0, :, :, before : before + T] = k
            kept[1, :, :, before : before + T] = v
            k, v = kept[:, :, :, : before + T]
        z = F.scaled_dot_product_attention(q, k, v, is_causal=T > 1)
        z = self.out(z.transpose(1, 2).reshape(B, T, C))
        x = x + F.dropout(z, self.dropout, self.training)
        y = self.mlp_out(F.gelu(self.mlp_in(self.norm2(x))))
        return x + F.dropout(y, self.dropout, self.training)


class GPT(nn.Module):
    def __init__(self, setting):
        super().__init__()
        self.setting = setting
        self.tokens = nn.Embedding(setting.vocabulary, setting.channels)
        self.positions = nn.Embedding(setting.context, setting.channels)
        self.blocks = nn.ModuleList(Block(setting) for _ in range(setting.layers))
        self.norm = nn.LayerNorm(setting.channels, bias=False)

    @torch.no_grad()
    def load(self, weights):
        """`weights`: arrays by clearhead's names."""
        weights = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.tokens.weight.copy_(weights["embed.W_E"])
        self.positions.weight.copy_(weights["pos_embed.W_pos"])
        self.norm.weight.copy_(weights["ln_final.w"])
        for i, block in enumerate(self.blocks):
            mine = {name.removeprefix(f"blocks.{i}."): value for name, value in weights.items()}
            block.norm1.weight.copy_(mine["ln1.w"])
            block.qkv.weight.copy_(torch.cat([mine[f"attn.W_{name}"] for name in "QKV"]))
            block.out.weight.copy_(mine["attn.W_O"])
            block.norm2.weight.copy_(mine["ln2.w"])
            block.mlp_in.weight.copy_(mine["mlp.W_in"])
            block.mlp_out.weight.copy_(mine["mlp.W_out"])

    def forward(self, tokens, caches=None, first=0):
        """tokens [B, T], at the positions from `first` on → logits [B, T, V]."""
        places = torch.arange(first, first + tokens.shape[1])
        x = self.tokens(tokens) + self.positions(places)
        x = F.dropout(x, self.setting.dropout, self.training)
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else (caches[i], first))
        return F.linear(self.norm(x), self.tokens.weight)

    def loss(self, tokens, targets):
        return F.cross_entropy(self(tokens).flatten(0, 1), targets.flatten())

    @torch.inference_mode()
    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        s = self.setting
        shape = (s.layers, 2, 1, s.heads, s.context, s.channels // s.heads)
        caches = torch.empty(shape, dtype=self.tokens.weight.dtype)
        written, new = [], torch.as_tensor(prompt)[None]
        first = 0
        for _ in range(count):
            logits = self(new, caches, first)
            first += new.shape[1]
            new = logits[:, -1].argmax(-1, keepdim=True)
            written.append(int(new))
        return written

    @torch.inference_mode()
    def shortfall(self, prompt, written):
        """How far, at most, the logit of a token written after prompt [T] lies below the
        likeliest's."""
        text = torch.as_tensor([*prompt, *written])[None]
        logits = self(text[:, :-1])[0, len(prompt) - 1 :]
        return float(
            (logits.amax(-1) - logits.gather(-1, text[0, len(prompt) :, None])[:, 0]).max()
        )


def optimizer(model):
    s = model.setting
    matrices = [weight for weight in model.parameters() if weight.dim() == 2]
    vectors = [weight for weight in model.parameters() if weight.dim() == 1]
    groups = [
        {"params": matrices, "weight_decay": s.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=s.learning_rate, betas=s.betas, fused=True)


def step(model, adamw, tokens, targets):
    """One step of training; returns the loss before it."""
    loss = model.loss(tokens, targets)
    adamw.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), model.setting.clip)
    adamw.step()
    return float(loss.detach())
