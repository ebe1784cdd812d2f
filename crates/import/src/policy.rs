//! Group Policy from Registry.pol: AEPolicy, enrollment policy servers, expiry warnings, refresh.

use autoenroll_model::PolicyServer;
use autoenroll_wire::registry_pol::{self, Data, Setting};

use crate::finding::{Finding, Reason, shown};
use crate::{Half, HalfPolicy, Import};

const AUTO_ENROLLMENT: &str = r"software\policies\microsoft\cryptography\autoenrollment";
const POLICY_SERVERS: &str = r"software\policies\microsoft\cryptography\policyservers";
const AUTOMATIC_REQUESTS: &str = r"software\policies\microsoft\systemcertificates\acrs\ctls";
const SYSTEM: &str = r"software\policies\microsoft\windows\system";
const BACKGROUND: &str = r"software\microsoft\windows\currentversion\policies\system";

pub(crate) fn read(bytes: &[u8], half: Half) -> Import {
    let mut import = Import::default();
    let settings = match registry_pol::from_bytes(bytes) {
        Ok(settings) => settings,
        Err(error) => {
            let reason = Reason::Malformed(format!("a file of [MS-GPREG] 2.2.1 ({error})"));
            import.findings.push(Finding::new("Registry.pol", "file", "", reason));
            return import;
        }
    };
    let mut policy = HalfPolicy::default();
    let mut servers = Vec::new();
    for setting in in_force(settings) {
        if let Err(reason) = apply(&mut policy, &mut servers, &setting, half) {
            import.findings.push(Finding::new(&setting.key, &setting.value, data(&setting.data), reason));
        }
    }
    for server in servers {
        match server.finish() {
            Ok(server) => policy.servers.push(server),
            Err((key, lacks)) => {
                let reason = Reason::Malformed("URL and PolicyID in every key of a policy server".to_owned());
                import.findings.push(Finding::new(&format!("{POLICY_SERVERS}\\{key}"), lacks, "", reason));
            }
        }
    }
    match half {
        Half::Machine => import.policy.machine = Some(policy),
        Half::User => import.policy.user = Some(policy),
    }
    import
}

/// The settings that are left when the orders among them have been carried out ([MS-GPREG] 3.2.5.1), each value once.
fn in_force(settings: Vec<Setting>) -> Vec<Setting> {
    let mut left: Vec<Setting> = Vec::new();
    for setting in settings {
        let order = setting.value.to_ascii_lowercase();
        let same_key = |other: &Setting| other.key.eq_ignore_ascii_case(&setting.key);
        if order.starts_with("**delvals") {
            left.retain(|other| !same_key(other));
        } else if let Some(value) = order.strip_prefix("**del.") {
            left.retain(|other| !(same_key(other) && other.value.eq_ignore_ascii_case(value)));
        } else {
            left.retain(|other| !(same_key(other) && other.value.eq_ignore_ascii_case(&setting.value)));
            left.push(setting);
        }
    }
    left
}

fn apply(policy: &mut HalfPolicy, servers: &mut Vec<ServerKey>, setting: &Setting, half: Half) -> Result<(), Reason> {
    let (key, value) = (setting.key.to_ascii_lowercase(), setting.value.to_ascii_lowercase());
    match (key.as_str(), value.as_str()) {
        (AUTO_ENROLLMENT, "aepolicy") => policy.ae_policy = Some(dword(&setting.data)?),
        (AUTO_ENROLLMENT, "offlineexpirationpercent") => {
            let percent = dword(&setting.data)?;
            if percent > 100 {
                return Err(Reason::Malformed("at most 100 per cent".to_owned()));
            }
            policy.expiration_percent = Some(percent);
        }
        (AUTO_ENROLLMENT, "offlineexpirationstorenames") => {
            let names = text(&setting.data)?.split([',', ' ']).filter(|name| !name.is_empty());
            policy.expiration_stores = Some(names.map(str::to_owned).collect());
        }
        (SYSTEM, "grouppolicyrefreshtime") => policy.refresh = Some(dword(&setting.data)?),
        (SYSTEM, "grouppolicyrefreshtimeoffset") => policy.refresh_offset = Some(dword(&setting.data)?),
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
        (SYSTEM, "grouppolicyrefreshtimedc") => policy.refresh_controllers = Some(dword(&setting.data)?),
        (BACKGROUND, "disablebkgndgrouppolicy") => policy.background = Some(dword(&setting.data)? == 0),
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
        _ => match key.strip_prefix(POLICY_SERVERS).and_then(|rest| rest.strip_prefix('\\')) {
            Some(_) => {
                // The name of the key as it is written.
                let name = setting.key.get(POLICY_SERVERS.len() + 1..).unwrap_or_default();
                ServerKey::of(servers, name).set(&value, &setting.data)?;
            }
            None => return Err(Reason::NoRule("is not a setting of autoenrollment, or none that is known here")),
        },
    }
    Ok(())
}

fn dword(data: &Data) -> Result<u32, Reason> {
    match data {
        Data::Dword(number) => Ok(*number),
        Data::Text(_) | Data::Other { .. } => Err(Reason::Malformed("REG_DWORD".to_owned())),
    }
}

fn text(data: &Data) -> Result<&str, Reason> {
    match data {
        Data::Text(text) => Ok(text),
        Data::Dword(_) | Data::Other { .. } => Err(Reason::Malformed("REG_SZ".to_owned())),
    }
}

fn data(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        Data::Dword(number) => format!("{number:#x}"),
        Data::Other { kind, octets } => format!("type {kind}: {}", shown(octets)),
    }
}

/// A key below PolicyServers.
struct ServerKey {
    key: String,
    url: Option<String>,
    policy_id: Option<String>,
    flags: u32,
    auth_flags: u32,
    cost: u32,
}

impl ServerKey {
    /// The server of that key, a new one when there is none.
    fn of<'a>(servers: &'a mut Vec<Self>, key: &str) -> &'a mut Self {
        let known = servers.iter().position(|server| server.key.eq_ignore_ascii_case(key));
        let at = known.unwrap_or_else(|| {
            let server = Self { key: key.to_owned(), url: None, policy_id: None, flags: 0, auth_flags: 0, cost: 0 };
            servers.push(server);
            servers.len() - 1
        });
        &mut servers[at]
    }

    fn set(&mut self, value: &str, data: &Data) -> Result<(), Reason> {
        match value {
            "url" => self.url = Some(text(data)?.to_owned()),
            "policyid" => self.policy_id = Some(text(data)?.to_owned()),
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

    /// The server, or its key and what it lacks.
    fn finish(self) -> Result<PolicyServer, (String, &'static str)> {
        let (Some(url), Some(policy_id)) = (&self.url, &self.policy_id) else {
            return Err((self.key, if self.url.is_none() { "URL" } else { "PolicyID" }));
        };
        let (url, policy_id) = (url.clone(), policy_id.clone());
        let Self { key, flags, auth_flags, cost, .. } = self;
        Ok(PolicyServer { key, url, policy_id, flags, auth_flags, cost })
    }
}
