//! The deterministic simulator: it drives core, CSP, card and CA under virtual time.
