"""Attention for PyTorch: gradients flow through it, and transformers can use it.

    from clearhead.torch import attention, register

    y = attention(q, k, v, is_causal=True)          # as torch's scaled_dot_product_attention
    register()                                      # in transformers, under the name "clearhead"
    model = AutoModel.from_pretrained(folder, attn_implementation="clearhead")
    model(**inputs, output_attentions=True).attentions
"""

import torch
from torch.autograd.function import once_differentiable

import clearhead

__all__ = ["attention", "attention_for_transformers", "register"]


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query, key, value, attn_mask, options):
        operands = [None if x is None else x.detach() for x in (query, key, value, attn_mask)]
        kept = clearhead.attention_forward(
            *operands, **options, mask_gradient=bool(ctx.needs_input_grad[3])
        )
        output = kept.output
        ctx.save_for_backward(query, key, value, attn_mask, output)
        ctx.kept = kept
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        _ = ctx.saved_tensors  # says so if an operand or the output was changed in place
        gradients = list(ctx.kept.backward(grad.contiguous())) + [None, None]
        wanted = ctx.needs_input_grad
        return (*(g if w else None for g, w in zip(gradients[:4], wanted[:4])), None)


def attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
    **options,
):
    """As ``clearhead.scaled_dot_product_attention``, of tensors through which gradients flow.

    query [..., H, T, D], key [..., H, S, D], value [..., H, S, Dv] and a mask that broadcasts to
    [..., H, T, S], on the processor, give [..., H, T, Dv].
    """
    options |= dict(dropout_p=dropout_p, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa)
    operands = (query, key, value, attn_mask)
    if torch.is_autocast_enabled("cpu"):  # as torch's function
        dtype = torch.get_autocast_dtype("cpu")
        operands = [x.to(dtype) if x is not None and x.is_floating_point() else x for x in operands]
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in operands):
        return _Attention.apply(*operands, options)
    operands = (None if x is None else x.detach() for x in operands)
    return clearhead.scaled_dot_product_attention(*operands, **options)


def attention_for_transformers(
    module, query, key, value, attention_mask, scaling=None, dropout=0.0, softcap=None, **kwargs
):
    """Attention as a model of transformers calls it: the output [B, T, H, D], and the weights
    [B, H, T, S] where they are asked for by ``output_attentions``, else None. The output is fused
    all the same: weights are calculated beside it, without dropout, and no gradient flows through
    them."""
    for name in ("s_aux", "head_mask", "layer_head_mask"):
        if kwargs.get(name) is not None:
            raise clearhead.Error(
                f"{name}: this attention has none; load the model with "
                'attn_implementation="eager"'
            )
    is_causal = kwargs.get("is_causal")
    if is_causal is None:
        is_causal = getattr(module, "is_causal", True)
    options = dict(
        scale=scaling,
        softcap=softcap or 0.0,
        is_causal=bool(is_causal) and attention_mask is None and query.shape[2] > 1,
    )
    if kwargs.get("position_bias") is not None:
        bias = kwargs["position_bias"]
        if attention_mask is not None and attention_mask.dtype == torch.bool:
            bias = bias.masked_fill(~attention_mask, -torch.inf)
        elif attention_mask is not None:
            bias = bias + attention_mask
        attention_mask = bias
    enable_gqa = key.shape[1] != query.shape[1]
    seed = int(torch.randint(2**31, ())) if dropout else 0  # so torch.manual_seed decides
    output = attention(
        query, key, value, attention_mask, dropout, enable_gqa=enable_gqa, seed=seed, **options
    )
    weights = None
    if kwargs.get("output_attentions"):
        operands = (x.detach() for x in (query, key, value))
        mask = None if attention_mask is None else attention_mask.detach()
        *_, weights = clearhead.attention(*operands, mask, qk_matmul_output_mode=3, **options)
    return output.transpose(1, 2), weights


def register(name="clearhead", *, always_weights=False):
    """Makes it known to transformers: ``attn_implementation="clearhead"``.

    Models of some types (GPT-2) do not tell attention whether weights are asked for; for them,
    register it with ``always_weights``.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    function = attention_for_transformers
    if always_weights:

        def function(*operands, **options):
            return attention_for_transformers(*operands, **options | {"output_attentions": True})

    AttentionInterface.register(name, function)
    AttentionMaskInterface.register(name, sdpa_mask)
