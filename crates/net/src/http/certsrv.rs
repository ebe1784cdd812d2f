//! Web enrollment: the pages of `/certsrv/` as far as programs read them.
//!
//! Programs look for words and addresses in these pages: PyPI's `certsrv` and `certipy` are the ones that it was
//! written for. Everything else of the pages is for people who look at what went over the wire.

use autoenroll_model::{CaReply, Disposition, HResult, Submission};
use autoenroll_wire::cms::certs_only;
use autoenroll_wire::flags::CR_IN_FORMATANY;
use autoenroll_wire::ldif::{from_base64, to_base64};
use autoenroll_world::Caller;

use super::ask::{Answer, Ask, value};
use super::{Connection, Web};
use crate::live::LiveWorld;

/// Attributes of a request.
const MOST_ATTRIBUTES: usize = 64;

impl Web {
    /// Answers for the pages of a CA.
    pub(super) fn certsrv(&self, connection: &mut Connection, ask: &Ask, ca: &str) -> Answer {
        let account = match self.reader(connection, ask) {
            Ok(account) => account,
            Err(answer) => return answer,
        };
        let path = ask.path.to_ascii_lowercase();
        let page = path.strip_prefix("/certsrv").unwrap_or_default().trim_start_matches('/');
        let caller = Caller::Account(account);
        let answered = self.live.with(|world| match (page, ask.reads(), ask.posts()) {
            ("" | "default.asp", true, _) => Answer::html(200, self::page("Welcome", &format!("<p>{}</p>", html(ca)))),
            ("certfnsh.asp", _, true) => submit(world, &caller, ca, &ask.form_pairs()),
            ("certcarc.asp", true, _) => {
                let script = "<script>\r\nvar nRenewals=0;\r\n</script>";
                Answer::html(200, self::page("Download a CA certificate, certificate chain, or CRL", script))
            }
            ("certnew.cer", true, _) => certificate(world, &caller, ca, ask),
            ("certnew.p7b", true, _) => chain(world, &caller, ca, ask),
            ("certcrl.crl", true, _) => Answer::text(307, ""),
            ("certfnsh.asp", _, _) => Answer::not_allowed("POST"),
            ("certcarc.asp" | "certnew.cer" | "certnew.p7b" | "certcrl.crl", _, _) => Answer::not_allowed("GET, HEAD"),
            _ => Answer::text(404, "web enrollment has no such page\n"),
        });
        match answered {
            Ok(answer) if answer.status == 307 => match self.revocation_list(ca) {
                Ok(list) => encoded(ask, "application/pkix-crl", "X509 CRL", list),
                Err(answer) => answer,
            },
            Ok(answer) => answer,
            Err(error) => Self::world_failed(&error),
        }
    }
}

/// certfnsh.asp: a request, and what the CA says to it.
fn submit(world: &mut LiveWorld, caller: &Caller, ca: &str, form: &[(String, String)]) -> Answer {
    if !value(form, "Mode").is_some_and(|mode| mode.to_ascii_lowercase().starts_with("newreq")) {
        return failed(HResult::E_INVALIDARG, "the form has no Mode newreq");
    }
    let Some(request) = value(form, "CertRequest").and_then(request) else {
        return failed(HResult::ERROR_INVALID_DATA, "CertRequest is no request in base64");
    };
    let attributes = value(form, "CertAttrib").unwrap_or_default().lines().take(MOST_ATTRIBUTES);
    let attributes = attributes.filter_map(|line| {
        let (name, value) = line.trim().split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    let attributes = attributes.collect();
    let submission = Submission { ca: ca.to_owned(), host: String::new(), flags: CR_IN_FORMATANY, attributes, request };
    match world.submit_from_outside(caller, &submission) {
        Ok(reply) => decided(&reply),
        Err(code) => failed(code, "the CA does not answer"),
    }
}

fn decided(reply: &CaReply) -> Answer {
    let id = reply.request_id;
    match reply.disposition {
        Disposition::Issued => {
            let link = |kind: &str, encoding: &str| {
                format!("<p><a href=\"certnew.{kind}?ReqID={id}&amp;Enc={encoding}\">{kind}, {encoding}</a></p>\r\n")
            };
            let links = [link("cer", "b64"), link("cer", "bin"), link("p7b", "b64"), link("p7b", "bin")].concat();
            let text = format!("<p>The certificate you requested was issued to you.</p>\r\n{links}");
            Answer::html(200, page("Certificate Issued", &text))
        }
        Disposition::Pending => {
            let text = format!(
                "<p>Your certificate request has been received. However, you must wait for an administrator to issue \
                 the certificate you requested.</p>\r\n<p>Your Request Id is {id}.</p>\r\n"
            );
            Answer::html(200, page("Certificate Pending", &text))
        }
        Disposition::Denied(code) | Disposition::Failed(code) => {
            let number = if id == 0 { String::new() } else { format!("<p>Your Request Id is {id}.</p>\r\n") };
            let text = format!(
                "<p>Your certificate request was denied.</p>\r\n{number}<p>The disposition message is \"{}\".</p>\r\n",
                message(code, &reply.message)
            );
            Answer::html(200, page("Certificate Request Denied", &text))
        }
    }
}

/// Disposition messages as the pages of Windows have them: what refused, the code, the text.
fn message(code: HResult, text: &str) -> String {
    let explained = match code {
        HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE => {
            "The request was for a certificate template that is not supported. "
        }
        _ => "",
    };
    let text = html(&text.replace('"', "'"));
    format!("Denied by Policy Module  0x{:08x}, {explained}{text}", code.0)
}

/// certnew.cer: a certificate by the number of its request, or the CA's own.
fn certificate(world: &mut LiveWorld, caller: &Caller, ca: &str, ask: &Ask) -> Answer {
    let query = ask.query_pairs();
    match value(&query, "ReqID") {
        Some(own) if own.eq_ignore_ascii_case("CACert") => match world.authority_chain(ca) {
            Ok(chain) => {
                encoded(ask, "application/pkix-cert", "CERTIFICATE", chain.into_iter().next().unwrap_or_default())
            }
            Err(unknown) => Answer::text(404, &format!("{unknown}\n")),
        },
        number => retrieve(world, caller, ca, number, |reply| {
            let issued = reply.certificate.clone();
            issued.map(|der| encoded(ask, "application/pkix-cert", "CERTIFICATE", der))
        }),
    }
}

/// certnew.p7b: the same with the certificates above.
fn chain(world: &mut LiveWorld, caller: &Caller, ca: &str, ask: &Ask) -> Answer {
    const KIND: &str = "application/x-pkcs7-certificates";
    let above = world.authority_chain(ca).unwrap_or_default();
    let list = |certificates: &[Vec<u8>]| match certs_only(certificates) {
        Ok(message) => encoded(ask, KIND, "CERTIFICATE", message.raw),
        Err(error) => failed(HResult::ERROR_INVALID_DATA, &error.to_string()),
    };
    let query = ask.query_pairs();
    match value(&query, "ReqID") {
        Some(own) if own.eq_ignore_ascii_case("CACert") => list(&above),
        number => retrieve(world, caller, ca, number, |reply| {
            let issued = reply.certificate.clone();
            issued.map(|der| list(&[vec![der], above.clone()].concat()))
        }),
    }
}

fn retrieve(
    world: &mut LiveWorld,
    caller: &Caller,
    ca: &str,
    number: Option<&str>,
    issued: impl FnOnce(&CaReply) -> Option<Answer>,
) -> Answer {
    let Some(number) = number.and_then(|number| number.parse().ok()) else {
        return failed(HResult::E_INVALIDARG, "ReqID is no number");
    };
    let reply = match world.retrieve_from_outside(caller, ca, number) {
        Ok(reply) => reply,
        Err(code) => return failed(code, "the CA does not answer"),
    };
    let (code, text) = match reply.disposition {
        Disposition::Issued => match issued(&reply) {
            Some(answer) => return answer,
            None => (HResult::ERROR_INVALID_DATA, "the CA sent no certificate".to_owned()),
        },
        Disposition::Pending => (HResult(0), "Taken Under Submission".to_owned()),
        Disposition::Denied(code) | Disposition::Failed(code) => (code, message(code, &reply.message)),
    };
    let empty = if code == HResult::CERTSRV_E_PROPERTY_EMPTY { "The requested property value is empty. " } else { "" };
    let error = if code.0 == 0 { String::new() } else { format!("<p>{empty}{}</p>\r\n", numbered(code)) };
    // Programs find the text behind the two tabulators.
    let text = format!("{error}<p>Disposition message:</p>\r\n\t\t{text}\r\n");
    Answer::html(200, page("Certificate Not Issued", &text))
}

/// A page about something that went wrong before a CA decided anything.
fn failed(code: HResult, what: &str) -> Answer {
    let text = format!("<p>Error Number: {}</p>\r\n<p>{}</p>\r\n", numbered(code), html(what));
    Answer::html(200, page("Error", &text))
}

/// `0x80094004 (-2146877436 CERTSRV_E_PROPERTY_EMPTY)`.
fn numbered(code: HResult) -> String {
    format!("0x{:08x} ({} {})", code.0, code.0.cast_signed(), code.name().unwrap_or("unknown"))
}

/// DER as it is, or in base64 with its two lines around it: what the client asks for, which is base64 when it says
/// nothing.
fn encoded(ask: &Ask, kind: &'static str, label: &str, der: Vec<u8>) -> Answer {
    let binary = value(&ask.query_pairs(), "Enc").is_some_and(|encoding| encoding.eq_ignore_ascii_case("bin"));
    Answer::octets(kind, if binary { der } else { pem(label, &der).into_bytes() })
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = to_base64(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\r\n");
    format!("-----BEGIN {label}-----\r\n{}-----END {label}-----\r\n", lines.collect::<String>())
}

/// A request in base64, with or without the lines that say what it is.
fn request(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("-----"));
    from_base64(&lines.flat_map(str::split_whitespace).collect::<String>()).filter(|der| !der.is_empty())
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<html>\r\n<head><title>Microsoft Active Directory Certificate Services</title></head>\r\n<body>\r\n\
         <h1>{title}</h1>\r\n{body}</body>\r\n</html>\r\n"
    )
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
