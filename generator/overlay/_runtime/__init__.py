"""The runtime of a generated client: errors, messages, codecs, retries and transports."""
