//! What registry values mean for enrollment, as one half of a policy.

use std::collections::BTreeMap;

use autoenroll_model::PolicyServer;
use autoenroll_wire::registry_pol::Data;

use super::certificate;
use super::merge::InForce;
use super::values::{
    AUTO_ENROLLMENT, AUTOMATIC_REQUESTS, BACKGROUND, CERTIFICATES, POLICY_SERVERS, SYSTEM, TEMPLATE_CACHE,
    concerns_certificates, shown_data, text,
};
use crate::finding::{Finding, Reason};
use crate::{Half, HalfPolicy};

/// The longest interval between refreshes, in minutes ([MS-GPOL] 3.2.1.14).
const MOST_INTERVAL: u32 = 64_800;
/// The largest offset, in minutes ([MS-GPOL] note 10).
const MOST_OFFSET: u32 = 1_440;

/// Takes over what values mean; the rest are findings, those about something else than certificates as one number for
/// each file.
pub(super) fn apply(values: &[InForce<'_>], half: Half, policy: &mut HalfPolicy, findings: &mut Vec<Finding>) {
    let mut servers = ServerKeys::default();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for one in values {
        let (key, value) = (one.setting.key.to_ascii_lowercase(), one.value.to_ascii_lowercase());
        if !concerns_certificates(&key, &value) {
            *others.entry(one.by.label()).or_default() += 1;
        } else if let Err(reason) = take_over(one, &key, &value, half, policy, &mut servers) {
            let object = format!("{}: {}", one.by.label(), one.setting.key);
            let value = if one.value.is_empty() { "(default)" } else { one.value };
            let certificate = if value == "Blob" { certificate::subject(&one.setting.data) } else { None };
            let shown = certificate.unwrap_or_else(|| shown_data(&one.setting.data));
            findings.push(Finding::new(&object, value, shown, reason));
        }
    }
    for server in servers.in_order {
        match server.finish() {
            Ok(server) => policy.servers.push(server),
            Err((object, lacks)) => {
                let reason = Reason::Malformed("URL and PolicyID in every key of a policy server".to_owned());
                findings.push(Finding::new(&object, lacks, "", reason));
            }
        }
    }
    for (file, number) in others {
        let reason = Reason::NoRule("values about something else than certificates, which are left out");
        findings.push(Finding::new(&file, "other settings", number.to_string(), reason));
    }
}

fn take_over(
    one: &InForce<'_>,
    key: &str,
    value: &str,
    half: Half,
    policy: &mut HalfPolicy,
    servers: &mut ServerKeys,
) -> Result<(), Reason> {
    let data = &one.setting.data;
    match (key, value) {
        (AUTO_ENROLLMENT, "aepolicy") => policy.ae_policy = Some(dword(data)?),
        (AUTO_ENROLLMENT, "offlineexpirationpercent") => {
            policy.expiration_percent = Some(at_most(data, 100, "100 per cent")?);
        }
        (AUTO_ENROLLMENT, "offlineexpirationstorenames") => {
            let names = text(data)?;
            let names = names.split([',', ' ']).filter(|name| !name.is_empty());
            policy.expiration_stores = Some(names.map(str::to_owned).collect());
        }
        (AUTO_ENROLLMENT, "enableballoonnotifications") => policy.expiration_balloons = Some(dword(data)? != 0),
        (SYSTEM, "grouppolicyrefreshtime") => policy.refresh = Some(interval(data)?),
        (SYSTEM, "grouppolicyrefreshtimeoffset") => {
            policy.refresh_offset = Some(at_most(data, MOST_OFFSET, "1,440 minutes ([MS-GPOL] note 10)")?);
        }
        (SYSTEM, "grouppolicyrefreshtimedc" | "grouppolicyrefreshtimeoffsetdc")
        | (BACKGROUND, "disablebkgndgrouppolicy")
            if half == Half::User =>
        {
            return Err(Reason::NoRule(
                "counts in the half for computers only, where it holds for their users as well ([MS-GPOL] notes 10, 11 and 14)",
            ));
        }
        (SYSTEM, "grouppolicyrefreshtimeoffsetdc") => {
            return Err(Reason::NoWord("the refreshes of a domain controller have no offset in the bench"));
        }
        (SYSTEM, "grouppolicyrefreshtimedc") => policy.refresh_controllers = Some(interval(data)?),
        (BACKGROUND, "disablebkgndgrouppolicy") => policy.background = Some(dword(data)? == 0),
        (POLICY_SERVERS, "") => {
            return Err(Reason::NoWord(
                "which policy is the default one matters to people who choose, not to autoenrollment",
            ));
        }
        (POLICY_SERVERS, "flags") => return Err(Reason::NoRule("nothing reads the flags of the whole list")),
        _ if key.starts_with(AUTOMATIC_REQUESTS) => {
            return Err(Reason::NoWord(
                "an Automatic Certificate Request Setting names its template inside of a signed list, which is not read: \
                 say the template with `automatic-requests` in the policy of the world",
            ));
        }
        _ if key.starts_with(CERTIFICATES) => {
            return Err(Reason::NoWord(
                "the trust of a world is that of the directory, and certificates that policy distributes are not taken \
                 over: a root that policy makes trusted can be named with `extra-roots` in the domain's `trust`",
            ));
        }
        _ if key.starts_with(TEMPLATE_CACHE) => {
            return Err(Reason::NoRule("the cache of templates is filled by clients, and is no policy"));
        }
        _ => {
            let below = key.strip_prefix(POLICY_SERVERS).and_then(|rest| rest.strip_prefix('\\'));
            // The name of the key as it is written.
            let name = below.and_then(|below| one.setting.key.get(key.len() - below.len()..));
            let Some(name) = name else { return Err(Reason::Unknown) };
            servers.of(name, &one.by.label(), &one.setting.key).set(value, data)?;
        }
    }
    Ok(())
}

fn dword(data: &Data) -> Result<u32, Reason> {
    match data {
        Data::Dword(number) => Ok(*number),
        Data::Text(_) | Data::Other { .. } => Err(Reason::Malformed("REG_DWORD".to_owned())),
    }
}

fn at_most(data: &Data, most: u32, limit: &str) -> Result<u32, Reason> {
    let number = dword(data)?;
    if number <= most { Ok(number) } else { Err(Reason::Malformed(format!("at most {limit}"))) }
}

fn interval(data: &Data) -> Result<u32, Reason> {
    at_most(data, MOST_INTERVAL, "64,800 minutes ([MS-GPOL] 3.2.1.14)")
}

/// A key below PolicyServers.
struct ServerKey {
    key: String,
    /// Object, file and whole key, for people.
    place: String,
    url: Option<String>,
    policy_id: Option<String>,
    flags: u32,
    auth_flags: u32,
    cost: u32,
}

/// All keys below PolicyServers.
#[derive(Default)]
struct ServerKeys {
    in_order: Vec<ServerKey>,
    by_name: BTreeMap<String, usize>,
}

impl ServerKeys {
    /// The server of that key, a new one when there is none.
    fn of(&mut self, key: &str, label: &str, whole: &str) -> &mut ServerKey {
        let at = *self.by_name.entry(key.to_ascii_lowercase()).or_insert_with(|| {
            let (key, place) = (key.to_owned(), format!("{label}: {whole}"));
            let server = ServerKey { key, place, url: None, policy_id: None, flags: 0, auth_flags: 0, cost: 0 };
            self.in_order.push(server);
            self.in_order.len() - 1
        });
        &mut self.in_order[at]
    }
}

impl ServerKey {
    fn set(&mut self, value: &str, data: &Data) -> Result<(), Reason> {
        match value {
            "url" => self.url = Some(text(data)?),
            "policyid" => self.policy_id = Some(text(data)?),
            "flags" => self.flags = dword(data)?,
            "authflags" => self.auth_flags = dword(data)?,
            "cost" => self.cost = dword(data)?,
            "friendlyname" => {
                return Err(Reason::NoWord("the friendly name of a policy is shown to people who choose only"));
            }
            _ => return Err(Reason::Unknown),
        }
        Ok(())
    }

    /// The server, or its place and what it lacks. A text of a scenario is never empty.
    fn finish(self) -> Result<PolicyServer, (String, &'static str)> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let Some(url) = said(self.url) else { return Err((self.place, "URL")) };
        let Some(policy_id) = said(self.policy_id) else { return Err((self.place, "PolicyID")) };
        let Self { key, flags, auth_flags, cost, .. } = self;
        Ok(PolicyServer { key, url, policy_id, flags, auth_flags, cost })
    }
}
