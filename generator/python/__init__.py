"""Any text of the document comes in; names, literals and docstrings that are safe in Python go out."""
