//! CMC (RFC 5272) as Windows speaks it: full requests around a PKCS #10, and full responses.

use crate::{
    Attribute, Attributes, CertificationRequest, WireError,
    algorithm::sha1,
    asn1::{self, Reader, Tlv, tag},
    cms::{SignerId, UnsignedMessage, UnsignedSigner},
    oids,
};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{Oid, SignatureAlgorithm};

/// The content of a full request (RFC 5272 3.2.1). Windows leaves the last two lists empty; what stands in them is not read.
///
/// ```text
/// PKIData ::= SEQUENCE {
///     controlSequence   SEQUENCE SIZE(0..MAX) OF TaggedAttribute,
///     reqSequence       SEQUENCE SIZE(0..MAX) OF TaggedRequest,
///     cmsSequence       SEQUENCE SIZE(0..MAX) OF TaggedContentInfo,
///     otherMsgSequence  SEQUENCE SIZE(0..MAX) OF OtherMsg }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PkiData {
    /// Controls, in their order.
    pub controls: Vec<Control>,
    /// Requests, in their order; Windows sends one.
    pub requests: Vec<TaggedRequest>,
}

/// A control (RFC 5272 3.2.1.1).
///
/// ```text
/// TaggedAttribute ::= SEQUENCE {
///     bodyPartID  BodyPartID,
///     attrType    OBJECT IDENTIFIER,
///     attrValues  SET OF AttributeValue }
/// BodyPartID ::= INTEGER(0..4294967295)
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Number of this part within the message.
    pub body_part: u32,
    /// Its type.
    pub oid: Oid,
    /// DER of each value.
    pub values: Vec<Vec<u8>>,
}

/// A request within a full request (RFC 5272 3.2.1.2).
///
/// ```text
/// TaggedRequest ::= CHOICE {
///     tcr  [0] TaggedCertificationRequest,
///     crm  [1] CertReqMsg,
///     orm  [2] SEQUENCE { ... } }
/// TaggedCertificationRequest ::= SEQUENCE {
///     bodyPartID            BodyPartID,
///     certificationRequest  CertificationRequest }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaggedRequest {
    /// PKCS #10.
    Pkcs10 {
        /// Number of this part within the message.
        body_part: u32,
        /// Parsed; its signature is not verified.
        request: CertificationRequest,
    },
    /// CRMF or another kind, DER.
    Other(Vec<u8>),
}

/// The control that adds attributes to parts of the message (szOID_CMC_ADD_ATTRIBUTES, [MS-WCCE] 2.2.2.6): AddExtensions of
/// RFC 5272 6.5.2 with attributes in place of the extensions.
///
/// ```text
/// SEQUENCE {
///     pkiDataReference  BodyPartID,
///     certReferences    SEQUENCE OF BodyPartID,
///     attributes        SET OF Attribute }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddAttributes {
    /// Which PKIData; 0 is the one that holds the control.
    pub data_reference: u32,
    /// To which parts.
    pub body_parts: Vec<u32>,
    /// What.
    pub attributes: Attributes,
}

/// Number of the PKCS #10 within the requests of Windows.
const REQUEST_PART: u32 = 1;
/// Number of the control within the requests of Windows.
const CONTROL_PART: u32 = 2;

/// The full request that Windows makes of a PKCS #10: one control that adds attributes (client info; hash of the archived
/// key), one request. The first signer is the new key, named by its identifier; a renewal or a registration authority adds
/// a signer and its certificate behind it.
///
/// # Errors
/// When the public key of the request is malformed.
pub fn full_request(
    request: &CertificationRequest,
    attributes: Vec<Attribute>,
    algorithm: SignatureAlgorithm,
) -> Result<UnsignedMessage, WireError> {
    let signer = UnsignedSigner::new(SignerId::KeyIdentifier(request.key_identifier()?.to_vec()), algorithm);
    Ok(full_request_unsigned(request, attributes).with_signer(signer))
}

/// As [`full_request`], without any signer yet.
#[must_use]
pub fn full_request_unsigned(request: &CertificationRequest, attributes: Vec<Attribute>) -> UnsignedMessage {
    let control =
        AddAttributes { data_reference: 0, body_parts: [REQUEST_PART].into(), attributes: Attributes(attributes) };
    let data = PkiData {
        controls: if control.attributes.0.is_empty() { Vec::new() } else { [control.to_control(CONTROL_PART)].into() },
        requests: [TaggedRequest::Pkcs10 { body_part: REQUEST_PART, request: request.clone() }].into(),
    };
    // O3.3.cmc-attributes
    UnsignedMessage::new(oids::PKI_DATA, data.to_der())
}

impl PkiData {
    /// Reads DER of PKIData.
    ///
    /// # Errors
    /// When the structure, or a PKCS #10 in it, is malformed. Controls are not looked into.
    pub fn from_der(der: &[u8]) -> Result<PkiData, WireError> {
        let mut reader = asn1::single("CMC request", der)?.expect(tag::SEQUENCE)?.reader();
        let controls = read_controls(&mut reader)?;
        let requests = reader.sequence()?.all()?;
        // Content infos and other messages, which Windows leaves empty.
        reader.sequence()?;
        reader.sequence()?;
        reader.finish()?;
        Ok(PkiData { controls, requests: requests.into_iter().map(TaggedRequest::read).collect::<Result<_, _>>()? })
    }

    /// DER of PKIData.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let requests: Vec<_> = self.requests.iter().map(TaggedRequest::to_der).collect();
        let empty = asn1::sequence::<Vec<u8>>(&[]);
        asn1::sequence(&[controls_der(&self.controls), asn1::sequence(&requests), empty.clone(), empty])
    }

    /// The PKCS #10 requests, with the numbers of their parts.
    pub fn pkcs10(&self) -> impl Iterator<Item = (u32, &CertificationRequest)> {
        self.requests.iter().filter_map(|request| match request {
            TaggedRequest::Pkcs10 { body_part, request } => Some((*body_part, request)),
            TaggedRequest::Other(_) => None,
        })
    }

    /// The attributes that controls add to a part.
    ///
    /// # Errors
    /// When such a control is malformed.
    pub fn added_attributes(&self, body_part: u32) -> Result<Attributes, WireError> {
        let mut added = Attributes::default();
        for control in self.controls.iter().filter(|control| control.oid.as_str() == oids::CMC_ADD_ATTRIBUTES) {
            for value in &control.values {
                let control = AddAttributes::from_der(value)?;
                if control.data_reference == 0 && control.body_parts.contains(&body_part) {
                    added.0.extend(control.attributes.0);
                }
            }
        }
        Ok(added)
    }
}

fn controls_der(controls: &[Control]) -> Vec<u8> {
    asn1::sequence(&controls.iter().map(Control::to_der).collect::<Vec<_>>())
}

fn read_controls(reader: &mut Reader<'_>) -> Result<Vec<Control>, WireError> {
    reader.sequence()?.all()?.into_iter().map(Control::read).collect()
}

impl Control {
    fn to_der(&self) -> Vec<u8> {
        let values = asn1::set_of(self.values.clone());
        asn1::sequence(&[asn1::integer(u64::from(self.body_part)), asn1::oid(&self.oid), values])
    }

    fn read(control: Tlv<'_>) -> Result<Control, WireError> {
        let mut reader = control.expect(tag::SEQUENCE)?.reader();
        let body_part = reader.read()?.number32()?;
        let oid = reader.read()?.oid()?;
        let values = reader.expect(tag::SET)?.reader().all()?;
        reader.finish()?;
        Ok(Control { body_part, oid, values: values.into_iter().map(|value| value.raw.to_vec()).collect() })
    }
}

impl TaggedRequest {
    const PKCS10: u8 = tag::constructed(0);

    fn to_der(&self) -> Vec<u8> {
        match self {
            TaggedRequest::Pkcs10 { body_part, request } => {
                asn1::tlv(Self::PKCS10, &[&asn1::integer(u64::from(*body_part)), request.raw.as_slice()].concat())
            }
            TaggedRequest::Other(der) => der.clone(),
        }
    }

    fn read(request: Tlv<'_>) -> Result<TaggedRequest, WireError> {
        if request.tag != Self::PKCS10 {
            return Ok(TaggedRequest::Other(request.raw.to_vec()));
        }
        let mut reader = request.reader();
        let body_part = reader.read()?.number32()?;
        let request = CertificationRequest::parse(reader.read()?.raw)?;
        reader.finish()?;
        Ok(TaggedRequest::Pkcs10 { body_part, request })
    }
}

impl AddAttributes {
    /// The control, as a part of this number.
    #[must_use]
    pub fn to_control(&self, body_part: u32) -> Control {
        let body_parts: Vec<_> = self.body_parts.iter().map(|part| asn1::integer(u64::from(*part))).collect();
        let value = asn1::sequence(&[
            asn1::integer(u64::from(self.data_reference)),
            asn1::sequence(&body_parts),
            asn1::tlv(tag::SET, &self.attributes.content()),
        ]);
        Control { body_part, oid: oids::known(oids::CMC_ADD_ATTRIBUTES), values: [value].into() }
    }

    /// Reads DER of the value of the control.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_der(der: &[u8]) -> Result<AddAttributes, WireError> {
        let mut reader = asn1::single("CMC attributes", der)?.expect(tag::SEQUENCE)?.reader();
        let data_reference = reader.read()?.number32()?;
        let body_parts = reader.sequence()?.all()?.into_iter().map(Tlv::number32).collect::<Result<_, _>>()?;
        let attributes = Attributes::read(reader.expect(tag::SET)?)?;
        reader.finish()?;
        Ok(AddAttributes { data_reference, body_parts, attributes })
    }
}

/// The content of a full response (RFC 5272 3.2.2). Windows leaves the last two lists empty; what stands in them is not read.
///
/// ```text
/// PKIResponse ::= SEQUENCE {
///     controlSequence   SEQUENCE SIZE(0..MAX) OF TaggedAttribute,
///     cmsSequence       SEQUENCE SIZE(0..MAX) OF TaggedContentInfo,
///     otherMsgSequence  SEQUENCE SIZE(0..MAX) OF OtherMsg }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PkiResponse {
    /// Controls, in their order.
    pub controls: Vec<Control>,
}

/// The state of a request, as of RFC 2797 5.1, which CAs of Windows write; `otherInfo` is not read.
///
/// ```text
/// CMCStatusInfo ::= SEQUENCE {
///     cMCStatus     CMCStatus,
///     bodyList      SEQUENCE SIZE (1..MAX) OF BodyPartID,
///     statusString  UTF8String OPTIONAL,
///     otherInfo     CHOICE {
///         failInfo  CMCFailInfo,
///         pendInfo  PendInfo } OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusInfo {
    /// What became of it.
    pub status: Status,
    /// Which parts of the request this is about.
    pub body_parts: Vec<u32>,
    /// A text for people.
    pub text: Option<String>,
}

/// What became of a request: CMCStatus (RFC 5272 6.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: granted.
    Success,
    /// 2: refused.
    Failed,
    /// 3: not yet decided.
    Pending,
    /// 4: the operation is not supported.
    NoSupport,
    /// Any other number.
    Other(u32),
}

impl Status {
    fn number(self) -> u32 {
        match self {
            Status::Success => 0,
            Status::Failed => 2,
            Status::Pending => 3,
            Status::NoSupport => 4,
            Status::Other(number) => number,
        }
    }

    fn from_number(number: u32) -> Status {
        match number {
            0 => Status::Success,
            2 => Status::Failed,
            3 => Status::Pending,
            4 => Status::NoSupport,
            _ => Status::Other(number),
        }
    }
}

/// The full response to a request of one PKCS #10: its status and, when a certificate was issued, the hash of it. The CA
/// adds its certificates and signs.
#[must_use]
pub fn full_response(status: Status, text: &str, issued: Option<&[u8]>) -> UnsignedMessage {
    let status = StatusInfo { status, body_parts: [REQUEST_PART].into(), text: Some(text.into()) };
    let issued = issued.map(|certificate| {
        // O3.3.issued-hash
        let hash = Attribute::new(oids::ISSUED_CERT_HASH, asn1::octet_string(&sha1(certificate)));
        AddAttributes { data_reference: 0, body_parts: [REQUEST_PART].into(), attributes: Attributes([hash].into()) }
    });
    let mut response = PkiResponse { controls: [status.to_control(1)].into() };
    response.controls.extend(issued.map(|attributes| attributes.to_control(CONTROL_PART)));
    UnsignedMessage::new(oids::PKI_RESPONSE, response.to_der())
}

impl PkiResponse {
    /// Reads DER of PKIResponse.
    ///
    /// # Errors
    /// When the structure is malformed. Controls are not looked into.
    pub fn from_der(der: &[u8]) -> Result<PkiResponse, WireError> {
        let mut reader = asn1::single("CMC response", der)?.expect(tag::SEQUENCE)?.reader();
        let controls = read_controls(&mut reader)?;
        reader.sequence()?;
        reader.sequence()?;
        reader.finish()?;
        Ok(PkiResponse { controls })
    }

    /// DER of PKIResponse.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let empty = asn1::sequence::<Vec<u8>>(&[]);
        asn1::sequence(&[controls_der(&self.controls), empty.clone(), empty])
    }

    /// Every status, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn statuses(&self) -> Result<Vec<StatusInfo>, WireError> {
        let controls = self.controls.iter().filter(|control| control.oid.as_str() == oids::CMC_STATUS_INFO);
        controls.flat_map(|control| &control.values).map(|value| StatusInfo::from_der(value)).collect()
    }

    /// SHA-1 of the issued certificate.
    ///
    /// # Errors
    /// When a control that adds attributes is malformed.
    pub fn issued_certificate_hash(&self) -> Result<Option<Vec<u8>>, WireError> {
        for control in self.controls.iter().filter(|control| control.oid.as_str() == oids::CMC_ADD_ATTRIBUTES) {
            for value in &control.values {
                let added = AddAttributes::from_der(value)?;
                let hash = added.attributes.get(oids::ISSUED_CERT_HASH).and_then(|attribute| attribute.values.first());
                if let Some(hash) = hash {
                    let hash = asn1::single("issued certificate hash", hash)?.expect(tag::OCTET_STRING)?;
                    return Ok(Some(hash.content.to_vec()));
                }
            }
        }
        Ok(None)
    }
}

impl StatusInfo {
    fn to_control(&self, body_part: u32) -> Control {
        let body_parts: Vec<_> = self.body_parts.iter().map(|part| asn1::integer(u64::from(*part))).collect();
        let value = asn1::sequence(&[
            asn1::integer(u64::from(self.status.number())),
            asn1::sequence(&body_parts),
            self.text.as_deref().map(asn1::utf8_string).unwrap_or_default(),
        ]);
        Control { body_part, oid: oids::known(oids::CMC_STATUS_INFO), values: [value].into() }
    }

    fn from_der(der: &[u8]) -> Result<StatusInfo, WireError> {
        let mut reader = asn1::single("CMC status", der)?.expect(tag::SEQUENCE)?.reader();
        let status = Status::from_number(reader.read()?.number32()?);
        let body_parts = reader.sequence()?.all()?.into_iter().map(Tlv::number32).collect::<Result<_, _>>()?;
        let text = reader.optional(tag::UTF8_STRING)?.map(Tlv::text).transpose()?;
        // Failure and pend information may follow.
        Ok(StatusInfo { status, body_parts, text })
    }
}

#[cfg(test)]
mod tests;
