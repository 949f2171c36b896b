"""What every generated client runs on: errors, messages, codecs, retries and transports."""
