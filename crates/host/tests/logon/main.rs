//! Certificates that stories leave on cards log on at a real domain: MIT Kerberos with PKINIT, whose client reaches the
//! card through OpenSC's PKCS #11 module and a pcscd of its own, and whose KDC knows nothing of us but the CA's
//! certificate and revocation list. Both run at the clock of the world, by libfaketime.
//!
//! What they say, beside what the bench's own logon with a card says, is the table of `docs/logon.md`, which these
//! tests keep.
//!
//! A missing program is an error when `CI` is set, and a skipped test otherwise. On Debian: `apt-get install pcscd
//! vsmartcard-vpcd opensc openssl krb5-admin-server krb5-kdc krb5-pkinit
//! krb5-user faketime`.

#[cfg(test)]
mod realm;
#[cfg(test)]
mod story;
#[cfg(test)]
#[path = "../shared/suite.rs"]
mod suite;
#[cfg(test)]
mod table;
