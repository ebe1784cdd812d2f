//! The enrollment core: a sans-IO state machine that decides which certificates a principal must have, and gets them.
