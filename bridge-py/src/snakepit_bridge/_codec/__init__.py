"""Values and bytes: MessagePack with the extension types of ``docs/protocol.md``."""
