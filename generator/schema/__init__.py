"""Schemas of the document come in; Python types, models and aliases go out."""
