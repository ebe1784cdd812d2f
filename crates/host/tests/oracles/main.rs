//! OpenSC's unmodified tools, OpenSSL and pcscd judge the card: what they are told to do, what they must say, and what
//! is on the card afterwards.
//!
//! A missing program is an error when `CI` is set, and a skipped test otherwise. On Debian:
//! `apt-get install pcscd vsmartcard-vpcd opensc openssl libengine-pkcs11-openssl python3-pyscard
//! yubico-piv-tool gnutls-bin libnss3-tools openssh-client scdaemon python3-pykcs11 default-jdk-headless
//! curl openvpn faketime libpam-pkcs11`.
//!
//! OpenSC's own `p11test` is not here: it is not packaged, and needs OpenSC's source to be built. Against a fresh card
//! with one RSA key it should end with 8 passed, 3 skipped, 0 failed.

#[cfg(test)]
mod desk;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod life;
#[cfg(test)]
mod log;
#[cfg(test)]
mod others;
#[cfg(test)]
mod pin;
#[cfg(test)]
mod piv;
#[cfg(test)]
mod python;
#[cfg(test)]
mod scripts;
#[cfg(test)]
#[path = "../shared/suite.rs"]
mod suite;
