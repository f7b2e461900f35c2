"""What goes over the wire: messages, codecs, frame bytes, error and close codes. No I/O."""
