"""The matrix of the benchmark: which calculations are measured, and the work that each counts."""

from dataclasses import dataclass

FORWARD = "attention forward"
BACKWARD = "attention backward"
DECODE = "decode"
MATMUL = "matmul"
FEW_ROWS = "few rows"  # of numbers times the weights of a layer, as when text is generated

READING = (DECODE, FEW_ROWS)  # where reading memory is the limit


@dataclass(frozen=True)
class Cell:
    """One calculation with one number of threads. In matmul, T is the size of square matrices; in
    few rows, T rows of D numbers are multiplied by weights [S, D]."""

    kind: str
    B: int
    H: int  # query heads
    G: int  # key/value heads
    T: int  # queries
    S: int  # keys
    D: int
    is_causal: bool
    threads: int

    @property
    def size(self):
        if self.kind == MATMUL:
            return f"{self.T}"
        if self.kind == FEW_ROWS:
            return f"{self.T} × {self.D} × {self.S}"
        heads = f"{self.H}" if self.H == self.G else f"{self.H}:{self.G}"
        length = f"{self.S}" if self.kind == DECODE else f"{self.T}"
        return f"{self.B}, {heads}, {length}, {self.D}"

    @property
    def mask(self):
        if self.kind not in (FORWARD, BACKWARD):
            return ""
        return "causal" if self.is_causal else "full"

    @property
    def key(self):
        words = [self.kind, self.size, self.mask, f"threads {self.threads}"]
        return "; ".join(word for word in words if word)

    @property
    def group(self):
        """Cells of one group have the same inputs, hence the same answer."""
        return (self.B, self.H, self.G, self.T, self.S, self.D, self.is_causal, self.kind)

    @property
    def flop(self):
        """4·B·H·T·S·D forward, 2.5 times that backward; half of it if causal. What a kernel really
        executes does not matter."""
        if self.kind == MATMUL:
            return 2.0 * self.T**3
        if self.kind == FEW_ROWS:
            return 2.0 * self.T * self.D * self.S
        flop = 4.0 * self.B * self.H * self.T * self.S * self.D
        if self.kind == BACKWARD:
            flop *= 2.5
        return flop / 2 if self.is_causal else flop

    def read_bytes(self, bytes_of_a_number):
        """Keys and values together, or the weights."""
        if self.kind == FEW_ROWS:
            return self.S * self.D * bytes_of_a_number
        return 2 * self.B * self.G * self.S * self.D * bytes_of_a_number


SHAPES = [  # B, H, G, T, D
    (12, 4, 4, 64, 32),
    (8, 6, 6, 256, 64),
    (1, 12, 12, 512, 64),
    (1, 12, 12, 1000, 64),
    (1, 12, 12, 1000, 80),
    (1, 32, 8, 1024, 128),
    (1, 12, 12, 2048, 64),
    (1, 8, 8, 2048, 128),
    (1, 4, 4, 8192, 64),
]
DECODE_SHAPES = [  # B, H, G, S, D
    (1, 12, 12, 4096, 64),
    (1, 32, 8, 4096, 128),
    (1, 12, 12, 32768, 64),
    (1, 32, 8, 32768, 128),
]
MATMUL_SIZES = [1024, 1536, 2048, 3072, 4096]
FEW_ROWS_SHAPES = [  # T, D, S; of GPT-2's feed-forward part, and of a Llama's attention
    (rows, *weights) for weights in ((768, 3072), (4096, 4096)) for rows in (1, 4, 8)
]

QUICK_SHAPES = [(2, 2, 2, 33, 16), (1, 4, 2, 33, 16)]
QUICK_DECODE_SHAPES = [(1, 4, 2, 200, 16)]
QUICK_MATMUL_SIZES = [64]
QUICK_FEW_ROWS_SHAPES = [(3, 64, 48)]


def cells(quick=False):
    """All cells, those with the same inputs one after the other."""
    result = []
    for T in QUICK_MATMUL_SIZES if quick else MATMUL_SIZES:
        for threads in (1, 2):
            result.append(Cell(MATMUL, 1, 1, 1, T, T, T, False, threads))
    for B, H, G, T, D in QUICK_SHAPES if quick else SHAPES:
        for is_causal in (False, True):
            for kind in (FORWARD, BACKWARD):
                for threads in (1, 2):
                    result.append(Cell(kind, B, H, G, T, T, D, is_causal, threads))
    for B, H, G, S, D in QUICK_DECODE_SHAPES if quick else DECODE_SHAPES:
        for threads in (1, 2):
            result.append(Cell(DECODE, B, H, G, 1, S, D, False, threads))
    for T, D, S in QUICK_FEW_ROWS_SHAPES if quick else FEW_ROWS_SHAPES:
        for threads in (1, 2):
            result.append(Cell(FEW_ROWS, 1, 1, 1, T, S, D, False, threads))
    return result
