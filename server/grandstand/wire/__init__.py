"""What goes over the wire: messages, payload codecs, frame bytes, error and close codes. No I/O."""
