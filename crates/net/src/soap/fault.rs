//! Faults: what answers a message that cannot be answered otherwise ([SOAP 1.2] part 1, 5.4).

use super::{Writer, message, ns};

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) subcode: Option<Subcode>,
    /// For people.
    pub(crate) reason: String,
    /// The message that it answers.
    pub(crate) relates_to: Option<String>,
    /// What the enrollment service says besides.
    pub(crate) detail: Option<EnrollmentDetail>,
    /// The header that was not understood.
    not_understood: Option<Box<Header>>,
}

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    namespace: String,
    name: String,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Sender,
    Receiver,
    VersionMismatch,
    MustUnderstand,
}

/// What exactly is wrong, in the words of the standard that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subcode {
    AddressingHeaderRequired,
    InvalidAddressing,
    ActionNotSupported,
    OnlyAnonymousAddress,
    /// No credentials where some are needed, or none of those that the service takes.
    InvalidSecurity,
    /// Credentials that are wrong.
    FailedAuthentication,
    UnsupportedSecurityToken,
    /// A signature that this service does not verify.
    FailedCheck,
    /// A request that is none.
    InvalidRequest,
    /// A request that the CA did not grant.
    RequestFailed,
}

impl Subcode {
    /// Prefix, namespace and name.
    const fn name(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AddressingHeaderRequired => ("a", ns::ADDRESSING, "MessageAddressingHeaderRequired"),
            Self::InvalidAddressing => ("a", ns::ADDRESSING, "InvalidAddressingHeader"),
            Self::ActionNotSupported => ("a", ns::ADDRESSING, "ActionNotSupported"),
            Self::OnlyAnonymousAddress => ("a", ns::ADDRESSING, "OnlyAnonymousAddressSupported"),
            Self::InvalidSecurity => ("o", ns::SECURITY, "InvalidSecurity"),
            Self::FailedAuthentication => ("o", ns::SECURITY, "FailedAuthentication"),
            Self::UnsupportedSecurityToken => ("o", ns::SECURITY, "UnsupportedSecurityToken"),
            Self::FailedCheck => ("o", ns::SECURITY, "FailedCheck"),
            Self::InvalidRequest => ("t", ns::TRUST, "InvalidRequest"),
            Self::RequestFailed => ("t", ns::TRUST, "RequestFailed"),
        }
    }
}

/// CertificateEnrollmentWSDetail ([MS-WSTEP] 3.1.4.1.3.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnrollmentDetail {
    /// What the CA answered, in base64.
    pub(crate) binary_response: Option<String>,
    /// An HRESULT, signed as xs:int is.
    pub(crate) error_code: Option<i32>,
    /// The CA denied it.
    pub(crate) invalid_request: bool,
    /// Number of the request at the CA.
    pub(crate) request_id: Option<u32>,
}

/// The action of answers that are faults of the framework ([WS-Addressing SOAP binding] 6).
const FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";

impl Fault {
    fn new(code: Code, reason: &str) -> Self {
        let reason = reason.to_owned();
        Self { code, subcode: None, reason, relates_to: None, detail: None, not_understood: None }
    }

    pub(crate) fn sender(reason: &str) -> Self {
        Self::new(Code::Sender, reason)
    }

    pub(crate) fn receiver(reason: &str) -> Self {
        Self::new(Code::Receiver, reason)
    }

    pub(crate) fn version(reason: &str) -> Self {
        Self::new(Code::VersionMismatch, reason)
    }

    pub(crate) fn not_understood(namespace: &str, name: &str) -> Self {
        let mut fault = Self::new(Code::MustUnderstand, "a header that must be understood is not");
        fault.not_understood = Some(Box::new(Header { namespace: namespace.to_owned(), name: name.to_owned() }));
        fault
    }

    pub(crate) fn with(mut self, subcode: Subcode) -> Self {
        self.subcode = Some(subcode);
        self
    }

    pub(crate) fn detailed(mut self, detail: EnrollmentDetail) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The same fault as the answer to that message.
    pub(crate) fn answering(mut self, message_id: Option<String>) -> Self {
        self.relates_to = self.relates_to.or(message_id);
        self
    }

    /// The message. It goes with the status 500, also where the sender is at fault and SOAP 1.2 has 400: clients look
    /// for faults at 500 alone.
    pub(crate) fn to_message(&self) -> String {
        let body = message(FAULT_ACTION, self.relates_to.as_deref(), |writer| self.write(writer));
        match &self.not_understood {
            None if self.code == Code::VersionMismatch => with_header(&body, &upgrade()),
            None => body,
            Some(header) => with_header(&body, &not_understood(&header.namespace, &header.name)),
        }
    }

    fn write(&self, writer: &mut Writer) {
        let code = match self.code {
            Code::Sender => "s:Sender",
            Code::Receiver => "s:Receiver",
            Code::VersionMismatch => "s:VersionMismatch",
            Code::MustUnderstand => "s:MustUnderstand",
        };
        writer.element("s:Fault", &[], |writer| {
            writer.element("s:Code", &[], |writer| {
                writer.text("s:Value", code);
                if let Some((prefix, namespace, name)) = self.subcode.map(Subcode::name) {
                    let declared = format!("xmlns:{prefix}");
                    writer.element("s:Subcode", &[(declared.as_str(), namespace)], |writer| {
                        writer.text("s:Value", format!("{prefix}:{name}"));
                    });
                }
            });
            writer.element("s:Reason", &[], |writer| {
                writer.element("s:Text", &[("xml:lang", "en-US")], |writer| writer.write(&self.reason));
            });
            if let Some(detail) = &self.detail {
                writer.element("s:Detail", &[], |writer| detail.write(writer));
            }
        });
    }
}

impl EnrollmentDetail {
    fn write(&self, writer: &mut Writer) {
        let namespaces = [("xmlns", ns::ENROLLMENT), ("xmlns:xsi", ns::INSTANCE)];
        writer.element("CertificateEnrollmentWSDetail", &namespaces, |writer| {
            writer.text_or_nil("BinaryResponse", self.binary_response.as_ref());
            writer.text_or_nil("ErrorCode", self.error_code);
            writer.text("InvalidRequest", self.invalid_request);
            writer.text_or_nil("RequestID", self.request_id);
        });
    }
}

/// The versions that are understood instead ([SOAP 1.2] part 1, 5.4.7).
fn upgrade() -> String {
    let mut writer = Writer::default();
    writer.element("s:Upgrade", &[], |writer| {
        writer.element("s:SupportedEnvelope", &[("qname", "s:Envelope")], |_| {});
    });
    writer.finish()
}

/// [SOAP 1.2] part 1, 5.4.8.
fn not_understood(namespace: &str, name: &str) -> String {
    let mut writer = Writer::default();
    let qualified = format!("h:{name}");
    writer.element("s:NotUnderstood", &[("xmlns:h", namespace), ("qname", qualified.as_str())], |_| {});
    writer.finish()
}

fn with_header(message: &str, header: &str) -> String {
    message.replacen("</s:Header>", &format!("{header}</s:Header>"), 1)
}
