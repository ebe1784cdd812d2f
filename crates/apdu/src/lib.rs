//! Command and response APDUs, chaining, BER-TLV and the GIDS layouts both sides of the reader share.
