"""For type checkers: what arrays are to the package."""

from typing import Any, Protocol, TypeVar


class Array(Protocol):
    """An array of NumPy, PyTorch or JAX."""

    @property
    def shape(self) -> Any: ...

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...


ArrayT = TypeVar("ArrayT", bound=Array)
"""Of the library that results are of."""
