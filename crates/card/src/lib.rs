//! Virtual smart cards: APDU in, APDU out.
