//! A request in any of the forms that a CA takes ([MS-WCCE] 2.2.2.6), told apart by structure.

use crate::{
    Attributes, CertificationRequest, WireError,
    asn1::{self, tag},
    cmc::PkiData,
    cms::SignedMessage,
    oids,
};
use alloc::boxed::Box;

/// A request, as a CA receives it.
///
/// ```text
/// CertificationRequest                                   -- PKCS #10, RFC 2986
/// ContentInfo { SignedData { id-data, Request } }        -- CMS, RFC 5652
/// ContentInfo { SignedData { id-cct-PKIData, PKIData } } -- CMC full request, RFC 5272
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A bare PKCS #10.
    Pkcs10(CertificationRequest),
    /// A message that only signs another request: a renewal of a version 1 template, or a request on behalf of another.
    Cms {
        /// The SignedData, with the signers to verify.
        message: SignedMessage,
        /// The request it signs.
        inner: Box<Request>,
    },
    /// A CMC full request.
    Cmc {
        /// The message around it.
        message: SignedMessage,
        /// Its content.
        data: PkiData,
        /// Number of the part that is the PKCS #10.
        body_part: u32,
        /// The first PKCS #10 in it; Windows sends one.
        request: CertificationRequest,
    },
}

/// Messages within messages: the new key's, around it the agent's, and one to spare.
const MOST_MESSAGES: u8 = 3;

impl Request {
    /// Reads a request of any form.
    ///
    /// # Errors
    /// When it has none of the three forms, is malformed, or nests messages more than three deep.
    pub fn parse(der: &[u8]) -> Result<Request, WireError> {
        Request::parse_nested(der, MOST_MESSAGES)
    }

    fn parse_nested(der: &[u8], messages_left: u8) -> Result<Request, WireError> {
        let request = asn1::single("certificate request", der)?.expect(tag::SEQUENCE)?;
        // A ContentInfo begins with its type, a CertificationRequest with a SEQUENCE.
        if request.reader().peek() != Some(tag::OBJECT_IDENTIFIER) {
            return Ok(Request::Pkcs10(CertificationRequest::parse(der)?));
        }
        if messages_left == 0 {
            return Err(request.invalid("messages are nested too deep"));
        }
        let message = SignedMessage::parse(der)?;
        let content = message.content.as_deref().ok_or(request.invalid("the message holds no request"))?;
        if message.content_type.as_str() != oids::PKI_DATA {
            let inner = Request::parse_nested(content, messages_left - 1)?;
            return Ok(Request::Cms { message, inner: Box::new(inner) });
        }
        let data = PkiData::from_der(content)?;
        let first = data.pkcs10().next().map(|(body_part, request)| (body_part, request.clone()));
        let (body_part, first) = first.ok_or(request.invalid("the CMC request holds no PKCS #10"))?;
        Ok(Request::Cmc { message, data, body_part, request: first })
    }

    /// The PKCS #10 at the heart of it.
    #[must_use]
    pub fn pkcs10(&self) -> &CertificationRequest {
        match self {
            Request::Pkcs10(request) | Request::Cmc { request, .. } => request,
            Request::Cms { inner, .. } => inner.pkcs10(),
        }
    }

    /// The messages around it, outermost first.
    pub fn messages(&self) -> impl Iterator<Item = &SignedMessage> {
        core::iter::successors(Some(self), |request| match request {
            Request::Cms { inner, .. } => Some(inner.as_ref()),
            _ => None,
        })
        .filter_map(|request| match request {
            Request::Cms { message, .. } | Request::Cmc { message, .. } => Some(message),
            Request::Pkcs10(_) => None,
        })
    }

    /// The attributes of the PKCS #10, and behind them those that CMC controls add.
    ///
    /// # Errors
    /// When such a control is malformed.
    pub fn attributes(&self) -> Result<Attributes, WireError> {
        match self {
            Request::Pkcs10(request) => Ok(request.attributes.clone()),
            Request::Cms { inner, .. } => inner.attributes(),
            Request::Cmc { data, body_part, request, .. } => {
                let mut attributes = request.attributes.clone();
                attributes.0.extend(data.added_attributes(*body_part)?.0);
                Ok(attributes)
            }
        }
    }
}

#[cfg(test)]
mod tests;
