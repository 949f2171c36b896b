"""What media types mean: JSON, text, files, and streams of JSON values."""

from __future__ import annotations

JSON = "application/json"
_TEXTS = frozenset({f"application/{name}" for name in ("xml", "yaml", "x-yaml", "javascript", "graphql", "sql")})


def bare(media_type: str) -> str:
    """Return a media type without its parameters."""
    return media_type.partition(";")[0].strip().lower()


def parameters_of(media_type: str) -> set[str]:
    """Return the parameters of a media type, without its charset."""
    given = {parameter.strip().lower() for parameter in media_type.split(";")[1:]}
    return {parameter for parameter in given if not parameter.startswith("charset=")}


def is_json_type(base: str) -> bool:
    """Return whether bodies of a media type are JSON; some name it with their own words behind a plus."""
    return base in {JSON, "text/json"} or base.endswith("+json") or base.startswith(f"{JSON}+")


def is_watch(media_type: str) -> bool:
    """Return whether bodies of a media type are what Kubernetes calls a watch: JSON values, one for each line."""
    return bare(media_type) == JSON and "stream=watch" in parameters_of(media_type)


def is_text_type(base: str) -> bool:
    """Return whether bodies of a media type are text, as XML is."""
    return base.startswith("text/") or base.endswith("+xml") or base in _TEXTS


def is_file_type(media_type: str) -> bool:
    """Return whether bytes of a media type, or of several, are neither text nor JSON."""
    bases = [bare(one) for one in media_type.split(",")]
    return bool(media_type) and not any(is_json_type(base) or is_text_type(base) for base in bases)
