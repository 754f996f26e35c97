"""Text that is never shown."""

from hmac import compare_digest
from pathlib import Path

from keskidee_config.text import decoded


class Secret:
    """A password, token or key. Prints as `***`; only `reveal()` gives the text.

    It is no `str` on purpose: joined to text or given to `json.dumps` it raises TypeError instead of leaking.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def from_file(cls, path: Path) -> "Secret":
        """The first line of a file, without its line end. Raises OSError, and ValueError where that line is empty."""
        text = decoded(path.read_bytes()).partition("\n")[0].rstrip("\r")
        if not text:
            raise ValueError(f"{path} is empty")
        return cls(text)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
