"""The empty canonical spreadsheet by the name of a file: how a firm starts on the first evening."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from connectors.spreadsheet.columns import CANONICAL
from connectors.spreadsheet.template import template_workbook
from kit.errors import Rejected


def template_for(filename: str, *, now: datetime) -> bytes:
    """Return the empty spreadsheet as XLSX or CSV, by the file's extension; Rejected for another."""
    match filename.lower().rpartition(".")[2]:
        case "xlsx":
            return template_workbook(now=now)
        case "csv":
            text = io.StringIO()
            csv.writer(text).writerow(CANONICAL)
            return text.getvalue().encode("utf-8-sig")  # so that Excel reads it as UTF-8
        case _:
            raise Rejected(
                "template.kind", f"{filename} is neither .xlsx nor .csv.", remedy="Name it bills.xlsx."
            )
