//! TLS: a server certificate by a CA of the world, and certificates of clients as what they are: exactly those that a
//! CA of the world has issued.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm, draw};
use autoenroll_model::{Duration, KeyUsage};
use autoenroll_wire::{Certificate, Extension, Extensions, GeneralName, Name, UnsignedCertificate, oids};
use autoenroll_world::CaHost as _;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

use crate::live::{Live, LiveError, machine_time};
use crate::processor::{ProcessorLacks, provider};

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// The world cannot go on.
    Live(LiveError),
    /// The world has no CA that could certify the server.
    NoAuthority,
    /// The processor cannot do it.
    Processor(ProcessorLacks),
    /// The certificate, or the key, cannot be used.
    Certificate(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(error) => error.fmt(f),
            Self::Processor(lacks) => lacks.fmt(f),
            Self::NoAuthority => f.write_str("the world has no CA that could certify its servers; add one to it"),
            Self::Certificate(reason) => write!(f, "the server's certificate cannot be made: {reason}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// TLS for servers of those names (DNS names, or addresses), with a certificate that the first CA of the world signs
/// for as long as it is valid itself. It is in no database: it belongs to the bench, and not to the story.
///
/// # Errors
/// [`TlsError`].
pub fn acceptor(live: &Live, names: &[String]) -> Result<TlsAcceptor, TlsError> {
    let (chain, key) = certified(live, names)?;
    of(chain, &key)
}

/// TLS for a server of that name (a DNS name, or an address), with a certificate that no CA has signed; and that
/// certificate, DER, for whoever is to trust it. It is valid from yesterday, for a year.
///
/// # Errors
/// [`TlsError::Certificate`].
pub fn own(name: &str) -> Result<(TlsAcceptor, Vec<u8>), TlsError> {
    let key = PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(0).below("net", "server key", name, 0));
    let subject = Name::default().with(oids::COMMON_NAME, name).to_der();
    let now = machine_time();
    let unsigned = UnsignedCertificate {
        serial: vec![1],
        issuer_der: subject.clone(),
        subject_der: subject,
        not_before: now - Duration::DAY,
        not_after: now + Duration::days(365),
        public_key: key.public().spki_der(),
        extensions: Extensions(vec![
            Extension::extended_key_usage(&[oids::known(oids::SERVER_AUTH)]),
            Extension::subject_alt_name(&[alternative(name)]),
        ]),
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let wrong = |error: &dyn fmt::Display| TlsError::Certificate(error.to_string());
    let signature = key.sign(SignatureAlgorithm::EcdsaSha256, &unsigned.tbs()).map_err(|error| wrong(&error))?;
    let certificate = unsigned.signed(&signature).map_err(|error| wrong(&error))?.raw;
    Ok((of(vec![certificate.clone()], &key)?, certificate))
}

fn of(chain: Vec<Vec<u8>>, key: &PrivateKey) -> Result<TlsAcceptor, TlsError> {
    let wrong = |error: &dyn fmt::Display| TlsError::Certificate(error.to_string());
    let chain: Vec<CertificateDer<'static>> = chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.pkcs8_der()));
    let provider = Arc::new(provider().map_err(TlsError::Processor)?);
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_client_cert_verifier(Arc::new(AnyKey(provider)))
        .with_single_cert(chain, key)
        .map_err(|error| wrong(&error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The certificate with those above it, but for the root; and its key.
fn certified(live: &Live, names: &[String]) -> Result<(Vec<Vec<u8>>, PrivateKey), TlsError> {
    let made = live.with(|world| {
        let ca = world.published().authorities().next().map(|ca| ca.name.clone()).ok_or(TlsError::NoAuthority)?;
        let identity = world.hosts().cas.ca(&ca, |ca| ca.identity().clone()).ok_or(TlsError::NoAuthority)?;
        let own =
            Certificate::parse(identity.certificate()).map_err(|error| TlsError::Certificate(error.to_string()))?;
        let words = names.join(" ");
        let seed = Seed::from(u64::from_be_bytes(own.sha1()[..8].try_into().unwrap_or_default()));
        let key = PrivateKey::from_seed(KeyAlgorithm::P256, &seed.below("net", "server key", &words, 0));
        let mut serial = draw(&seed, "net", "server certificate", &words, 0)[..16].to_vec();
        serial[0] = serial[0] & 0x3F | 0x40;
        let alternatives: Vec<GeneralName> = names.iter().map(|name| alternative(name)).collect();
        let first = names.first().map_or("localhost", String::as_str);
        let algorithm = match identity.public_key().is_rsa() {
            true => SignatureAlgorithm::RsaSha256,
            false => SignatureAlgorithm::EcdsaSha256,
        };
        let unsigned = UnsignedCertificate {
            serial,
            issuer_der: identity.subject().to_vec(),
            subject_der: Name::default().with(oids::COMMON_NAME, first).to_der(),
            not_before: own.not_before,
            not_after: own.not_after,
            public_key: key.public().spki_der(),
            extensions: Extensions(vec![
                Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT).critical(true),
                Extension::extended_key_usage(&[oids::known(oids::SERVER_AUTH)]),
                Extension::subject_alt_name(&alternatives),
                Extension::subject_key_identifier(&key.public().key_identifier()),
                Extension::authority_key_identifier(&identity.public_key().key_identifier()),
            ]),
            algorithm,
        };
        let signature = identity.private_key().sign(algorithm, &unsigned.tbs());
        let signature = signature.map_err(|error| TlsError::Certificate(error.to_string()))?;
        let signed = unsigned.signed(&signature).map_err(|error| TlsError::Certificate(error.to_string()))?;
        let mut chain = vec![signed.raw];
        if !identity.is_root() {
            let above = identity.chain();
            chain.extend(above.iter().take(above.len().saturating_sub(1)).cloned());
        }
        Ok((chain, key))
    });
    made.unwrap_or_else(|error| Err(TlsError::Live(error)))
}

/// dNSName, or iPAddress for what is an address (RFC 5280 4.2.1.6).
fn alternative(name: &str) -> GeneralName {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => GeneralName::Ip(address.octets().to_vec()),
        Ok(IpAddr::V6(address)) => GeneralName::Ip(address.octets().to_vec()),
        Err(_) => GeneralName::Dns(name.to_owned()),
    }
}

/// Takes every certificate whose key the client proves to have, and none as well: what it is worth the world says when
/// it is used, by its own clock and its own revocations.
#[derive(Debug)]
struct AnyKey(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
