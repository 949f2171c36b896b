"""Makes a msgspec client from an OpenAPI document, by templates over openapi-python-client."""
