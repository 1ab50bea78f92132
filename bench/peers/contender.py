"""What every contender of a cell is: somebody whose calls are timed.

A contender turns the inputs of a cell (f32 arrays) into a call without arguments; that call is
timed. What the call returns it turns into f32 arrays. Preparing converts and lays out the inputs as
the contender likes them best; what it then does to them to calculate (packing, rounding,
transposing) happens within the call.
"""


class Contender:
    """`numbers`: whose results these are comparable to: those of "f32", "high" or "bf16"."""

    is_peer = True
    # Seconds to wait before another one begins, so that idle threads of this one are asleep.
    pause = 0.005

    def __init__(self, name, numbers):
        self.name = name
        self.numbers = numbers

    def can(self, cell):
        raise NotImplementedError

    def begin(self, cell):
        """Sets the number of threads, and whatever else does not depend on the inputs."""

    def prepare(self, cell, inputs):
        raise NotImplementedError

    def arrays(self, cell, result):
        raise NotImplementedError

    def rest(self):
        """Called after each turn."""
