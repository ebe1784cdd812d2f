//! Bytes to model and back: certificate requests, CMS and CMC messages, Microsoft's extensions and attributes,
//! certificates; templates as directory objects, LDIF, security descriptors, Registry.pol.
//!
//! Everything that is read keeps the bytes it was read from: signatures are verified over those, and writing a message
//! that was read gives the same bytes again. There is no key in here: what is built hands out the bytes to sign (`tbs`)
//! and takes a signature. Hashes are computed only where the formats themselves demand them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod algorithm;
pub mod asn1;
mod attributes;
mod certificate;
pub mod cmc;
pub mod cms;
mod error;
mod extensions;
pub mod flags;
pub mod general_name;
pub mod ldif;
pub mod name;
pub mod oids;
mod pkcs10;
mod public_key;
pub mod registry_pol;
mod request;
pub mod security_descriptor;
pub mod sid;
pub mod template;
#[cfg(test)]
mod testing;
mod text;
mod time;

pub use algorithm::{SignedWith, digest, signature_identifier};
pub use attributes::{Attribute, Attributes, ClientInfo, CspProvider, EncryptedKeyHash};
pub use certificate::{Certificate, UnsignedCertificate, thumbprint};
pub use cms::{SignedMessage, SignerId};
pub use error::{Problem, WireError};
pub use extensions::{
    BasicConstraints, Extension, Extensions, SMIME_CAPABILITIES_2003, SmimeCapability, TemplateReference,
};
pub use general_name::GeneralName;
pub use name::Name;
pub use pkcs10::{CertificationRequest, UnsignedRequest};
pub use public_key::{SubjectPublicKeyInfo, key_identifier};
pub use request::Request;
