//! The rootDSE ([MS-ADTS] 3.1.1.3.2): what anybody may know of this server.

use autoenroll_model::FileTime;
use autoenroll_world::published::Published;

use super::control;
use super::tree::{Tree, generalized_time};

/// StartTLS (RFC 4511 4.14).
pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// "Who am I?" (RFC 4532).
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// Attributes and values. There are no `supportedSASLMechanisms`: none is offered.
pub(super) fn attributes(
    published: &Published,
    tree: &Tree,
    now: FileTime,
    has_tls: bool,
) -> Vec<(&'static str, Vec<String>)> {
    let base = &tree.base;
    let controller = published.controller().unwrap_or("none").to_owned();
    let configuration = format!("CN=Configuration,{base}");
    let schema = format!("CN=Schema,{configuration}");
    let server = format!("CN={controller},CN=Servers,CN=Default-First-Site-Name,CN=Sites,{configuration}");
    let host = format!("{}.{}", controller.to_lowercase(), published.dns());
    let one = |value: &str| vec![value.to_owned()];
    let extensions = std::iter::once(WHO_AM_I).chain(has_tls.then_some(START_TLS));
    vec![
        ("objectClass", one("top")),
        ("currentTime", one(&generalized_time(now))),
        ("subschemaSubentry", one(&format!("CN=Aggregate,{schema}"))),
        ("dsServiceName", one(&format!("CN=NTDS Settings,{server}"))),
        ("namingContexts", vec![base.clone(), configuration.clone(), schema.clone()]),
        ("defaultNamingContext", one(base)),
        ("schemaNamingContext", one(&schema)),
        ("configurationNamingContext", one(&configuration)),
        ("rootDomainNamingContext", one(base)),
        ("supportedControl", control::SUPPORTED.iter().map(|oid| (*oid).to_owned()).collect()),
        ("supportedExtension", extensions.map(str::to_owned).collect()),
        ("supportedLDAPVersion", one("3")),
        ("highestCommittedUSN", one(&published.usn().to_string())),
        ("dnsHostName", one(&host)),
        (
            "ldapServiceName",
            one(&format!("{}:{}$@{}", published.dns(), controller.to_lowercase(), published.dns().to_uppercase())),
        ),
        ("serverName", one(&server)),
        // Active Directory, of Windows 2000 to Server 2012 ([MS-ADTS] 3.1.1.3.4.3).
        (
            "supportedCapabilities",
            ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1935", "1.2.840.113556.1.4.2080"]
                .map(str::to_owned)
                .to_vec(),
        ),
        ("isSynchronized", one("TRUE")),
        ("domainFunctionality", one("7")),
        ("forestFunctionality", one("7")),
        ("domainControllerFunctionality", one("7")),
    ]
}
