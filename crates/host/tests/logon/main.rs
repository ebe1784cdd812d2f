//! Certificates that stories leave on cards log on at real domains, with PKINIT: of MIT Kerberos and of Samba, whose
//! KDC is Heimdal's. The client is that of MIT Kerberos, which reaches the card through OpenSC's PKCS #11 module and a
//! pcscd of its own; the KDCs know nothing of us but the CA's certificate and revocation list. All run at the clock of
//! the world, by libfaketime.
//!
//! What they say, beside what the bench's own logon with a card says, are the tables of `docs/logon.md`, which these
//! tests keep.
//!
//! A missing program is an error when `CI` is set, and a skipped test otherwise. On Debian: `apt-get install pcscd
//! vsmartcard-vpcd opensc openssl krb5-admin-server krb5-kdc krb5-pkinit
//! krb5-user faketime samba samba-dsdb-modules samba-vfs-modules samba-ad-provision python3-samba`. Samba's domain is
//! made by root.

#[cfg(test)]
mod mit;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod realm;
#[cfg(test)]
mod samba;
#[cfg(test)]
mod story;
#[cfg(test)]
#[path = "../shared/suite.rs"]
mod suite;
#[cfg(test)]
mod table;
