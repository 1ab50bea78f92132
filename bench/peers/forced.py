"""A run below what the processor has: CLEARHEAD_FORCE_TARGET names the target of clearhead's
kernels, and this limits its peers to the same. To be imported before NumPy and the peers, which
read these variables when they are loaded.
"""

import os

_OF_TARGET = {
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # PyTorch, OpenVINO
        "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "avx512_bf16": {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16",
        "ATEN_CPU_CAPABILITY": "avx512",
        "MKL_ENABLE_INSTRUCTIONS": "AVX512",
        "OPENBLAS_CORETYPE": "SkylakeX",
    },
}

TARGET = os.environ.get("CLEARHEAD_FORCE_TARGET")
LIMITS = _OF_TARGET.get(TARGET, {})  # of the peers
if TARGET and not LIMITS:
    raise SystemExit(
        f"CLEARHEAD_FORCE_TARGET={TARGET}: peers can only be limited to {', '.join(_OF_TARGET)}"
    )
os.environ.update(LIMITS)
