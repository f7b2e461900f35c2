"""The only code that talks to Redis or Valkey: keys, scripts, pub/sub, the embedded store."""
