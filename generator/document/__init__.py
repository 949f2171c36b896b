"""The text of an OpenAPI document comes in; plain data goes out, each value with its place."""
