"""Text of files that people write, as their editors keep it."""

import codecs


def decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 where its mark says so (YAML 1.2.2, section 5.2), without the mark. Raises UnicodeDecodeError.

    Windows' editors write both, and what its shell sends into a file (`>`) is UTF-16.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")
