"""An OpenAPI document comes in; a typed Python client, with msgspec models, goes out."""
