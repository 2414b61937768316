"""Table files from strangers: bytes to rows of cells, whatever the extension says, and never more than fits."""

from kit.tabular.cells import Book, Cell, Sheet
from kit.tabular.reading import read_book
from kit.tabular.values import day_of, header_key, minor_of, text_of

__all__ = ["Book", "Cell", "Sheet", "day_of", "header_key", "minor_of", "read_book", "text_of"]
