//! Bytes to model and back: certificate requests, CMS and CMC messages, Microsoft's extensions and attributes,
//! certificates, directory attributes.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod algorithm;
pub mod asn1;
mod attributes;
mod error;
mod extensions;
pub mod general_name;
pub mod name;
pub mod oids;
mod pkcs10;
mod text;
mod time;

pub use algorithm::{DigestAlgorithm, SignedWith, signature_identifier};
pub use attributes::{Attribute, Attributes, ClientInfo, CspProvider, EncryptedKeyHash};
pub use error::{Problem, WireError};
pub use extensions::{
    BasicConstraints, Extension, Extensions, SMIME_CAPABILITIES_2003, SmimeCapability, TemplateReference,
};
pub use general_name::GeneralName;
pub use name::Name;
pub use pkcs10::{CertificationRequest, UnsignedRequest, key_identifier};
