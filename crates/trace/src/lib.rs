//! What happened, with causes: canonical JSON lines, digest, rendering as text.
