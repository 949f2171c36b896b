"""How much of an OpenAPI document its generated client holds to: `python -m tests.generality DOCUMENT ...`."""
