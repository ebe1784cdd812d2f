//! Which service is at a path, and under which addresses a policy server tells of them.

use autoenroll_model::{CaUri, HResult};
use autoenroll_world::spec::PolicyServiceSpec;

use super::ask::{Ask, escape};
use crate::live::LiveWorld;

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authentication {
    Anonymous,
    Kerberos,
    UserName,
    Certificate,
}

impl Authentication {
    const ALL: [(Self, u32, &'static str); 4] = [
        (Self::UserName, 4, "UsernamePassword"),
        (Self::Certificate, 8, "Certificate"),
        (Self::Anonymous, 1, "Anonymous"),
        (Self::Kerberos, 2, "Kerberos"),
    ];

    /// By its number ([MS-XCEP] 3.1.4.1.3.5).
    fn of(number: u32) -> Self {
        let known = Self::ALL.iter().find(|(_, known, _)| *known == number);
        known.map_or(Self::Kerberos, |(found, _, _)| *found)
    }
}

/// A service at a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Service {
    /// The policy server; the one that the world describes, where it does.
    Policy { authentication: Authentication, service: Option<Box<PolicyServiceSpec>> },
    /// The enrollment web service of a CA; `failure` is the code with which it answers everything.
    Enrollment { ca: String, authentication: Authentication, failure: Option<HResult>, renewal_only: bool },
    /// A service that does not answer.
    Unreachable,
    /// Web enrollment of a CA.
    Web { ca: String },
    /// What everybody may read.
    Published(Document),
}

/// What everybody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    RevocationList { ca: String },
    Certificate { ca: String },
}

impl Service {
    /// The service that a question is for.
    pub(super) fn at(world: &LiveWorld, ask: &Ask) -> Option<Self> {
        let path = ask.decoded_path()?;
        let same = |uri: &str| path_of(uri).is_some_and(|known| known.eq_ignore_ascii_case(&path));
        if let Some(described) = world.policy_services().iter().find(|service| same(&service.url)) {
            let authentication = suffix(&described.url, "_CEP_").unwrap_or(Authentication::UserName);
            return Some(match described.reachable {
                true => Self::Policy { authentication, service: Some(Box::new(described.clone())) },
                false => Self::Unreachable,
            });
        }
        for ca in names(world) {
            if let Some(described) = world.enrollment_servers(&ca).iter().find(|server| same(&server.uri.uri)) {
                let authentication = Authentication::of(described.uri.client_authentication);
                let (failure, renewal_only) = (described.failure, described.uri.renewal_only);
                return Some(match described.reachable {
                    true => Self::Enrollment { ca, authentication, failure, renewal_only },
                    false => Self::Unreachable,
                });
            }
        }
        Self::undescribed(world, ask, &path)
    }

    /// The services that every world has.
    fn undescribed(world: &LiveWorld, ask: &Ask, path: &str) -> Option<Self> {
        let lower = path.to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix('/').and_then(|rest| rest.strip_suffix("/service.svc/cep")) {
            let authentication = suffix(name, "_CEP_").filter(|_| name.starts_with("adpolicyprovider_cep_"))?;
            return Some(Self::Policy { authentication, service: None });
        }
        if lower.ends_with("/service.svc/ces") {
            let name = path.get(1..path.len() - "/service.svc/ces".len())?;
            let authentication = suffix(name, "_CES_")?;
            let at = name.to_ascii_lowercase().rfind("_ces_")?;
            let ca = names(world).into_iter().find(|ca| ca.eq_ignore_ascii_case(&name[..at]))?;
            let renewal_only = authentication == Authentication::Anonymous;
            return Some(Self::Enrollment { ca, authentication, failure: None, renewal_only });
        }
        if lower == "/certsrv" || lower.starts_with("/certsrv/") {
            return Some(Self::Web { ca: ca_of_host(world, ask)? });
        }
        let named = lower.strip_prefix("/certenroll/").and_then(|name| name.rsplit_once('.'));
        let (ca, kind) = match (named, lower.as_str()) {
            (Some((name, kind)), _) => {
                (names(world).into_iter().find(|ca| ca.eq_ignore_ascii_case(name))?, kind.to_owned())
            }
            (None, "/ca.crl") => (ca_of_host(world, ask)?, "crl".to_owned()),
            (None, "/ca.crt") => (ca_of_host(world, ask)?, "crt".to_owned()),
            _ => return None,
        };
        match kind.as_str() {
            "crl" => Some(Self::Published(Document::RevocationList { ca })),
            "crt" | "cer" => Some(Self::Published(Document::Certificate { ca })),
            _ => None,
        }
    }
}

/// The addresses of the enrollment web services of a CA for clients that call this host so: those that the world
/// describes, at this host; otherwise those that every CA has.
pub(super) fn uris(world: &LiveWorld, ca: &str, host: &str, priority: u32) -> Vec<CaUri> {
    let described = world.enrollment_servers(ca);
    if !described.is_empty() {
        let here = |uri: &CaUri| -> Option<CaUri> {
            Some(CaUri { uri: format!("https://{host}{}", escape(&path_of(&uri.uri)?)), ..uri.clone() })
        };
        return described.iter().filter_map(|server| here(&server.uri)).collect();
    }
    let served = Authentication::ALL.iter().filter(|(kind, _, _)| *kind != Authentication::Kerberos);
    let uri = |(kind, number, name): &(Authentication, u32, &str)| CaUri {
        uri: format!("https://{host}{}", escape(&format!("/{ca}_CES_{name}/service.svc/CES"))),
        client_authentication: *number,
        priority,
        renewal_only: *kind == Authentication::Anonymous,
    };
    served.map(uri).collect()
}

/// The CA whose host the client names; the first one when it names another host.
fn ca_of_host(world: &LiveWorld, ask: &Ask) -> Option<String> {
    let all = names(world);
    let host = |ca: &&String| {
        let host = world.authority(ca).and_then(|spec| spec.host.as_deref());
        host.is_some_and(|host| host.eq_ignore_ascii_case(ask.host_name()))
    };
    all.iter().find(host).or_else(|| all.first()).cloned()
}

/// The CAs that are in the directory, in the order of their creation.
fn names(world: &LiveWorld) -> Vec<String> {
    world.published().authorities().map(|ca| ca.name.clone()).collect()
}

/// The authentication that a name ends with.
fn suffix(name: &str, before: &str) -> Option<Authentication> {
    let lower = name.to_ascii_lowercase();
    let (_, rest) = lower.rsplit_once(&before.to_ascii_lowercase())?;
    let word = rest.split('/').next().unwrap_or_default();
    Authentication::ALL.iter().find(|(_, _, known)| known.eq_ignore_ascii_case(word)).map(|(found, _, _)| *found)
}

/// The path of an address.
fn path_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let path = &rest[rest.find('/')?..];
    Ask { path: path.to_owned(), ..Ask::default() }.decoded_path()
}
