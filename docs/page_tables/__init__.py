"""The tables of the documentation, one function each; `docs/build_tables.py` puts them into the pages."""
