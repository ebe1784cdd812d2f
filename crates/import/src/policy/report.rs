//! Reports of Group Policy in XML: what `Get-GPOReport` and backups say of an object, and `gpresult /x` of a machine.

use autoenroll_wire::registry_pol::{Data, Setting};
use roxmltree::Node;

use super::backup::About;
use super::xml::{self, child, children, said};
use super::{order, values};
use crate::finding::{Finding, Reason};
use crate::{Half, Import, Policy, PolicyFile, PolicyGroup, PolicyObject};

/// The namespaces of reports, both of them.
const REPORTS: [&str; 2] =
    ["http://www.microsoft.com/GroupPolicy/Settings", "http://www.microsoft.com/GroupPolicy/Rsop"];

/// The name that AutoEnrollmentSettings get among the values of the registry: no published value says the same.
pub(super) const BALLOONS: &str = "EnableBalloonNotifications";

/// A report by itself, when the file is one.
pub(super) fn file(path: &str, bytes: &[u8]) -> Option<Import> {
    let text = xml::text(bytes)?;
    let begins = text.trim_start().starts_with('<');
    if !begins || !REPORTS.iter().any(|namespace| text.contains(namespace)) {
        return None;
    }
    let mut import = Import::default();
    match objects(path, &text, &mut import.findings) {
        Ok(objects) => {
            let objects = objects.into_iter().map(|(about, object)| about.applied(object, path, &mut import.findings));
            let objects: Vec<PolicyObject> = objects.collect();
            order::say(path, &objects, "in the order of the report", &mut import.findings);
            import.policy = Policy { groups: vec![PolicyGroup { source: path.to_owned(), objects }] };
        }
        Err(why) => import.findings.push(Finding::new(path, "file", "", Reason::Malformed(why))),
    }
    Some(import)
}

/// The objects of a report, each with what is said of it as a whole.
///
/// # Errors
/// When it is no report; what was expected.
pub(super) fn objects(
    path: &str,
    text: &str,
    findings: &mut Vec<Finding>,
) -> Result<Vec<(About, PolicyObject)>, String> {
    let document = xml::document(text).map_err(|error| format!("a report of Group Policy in XML ({error})"))?;
    let root = document.root_element();
    match root.tag_name().name() {
        "GPO" => Ok(vec![object(path, root, ["Computer", "User"], findings)]),
        "Rsop" => Ok(vec![object(path, root, ["ComputerResults", "UserResults"], findings)]),
        // Of `Get-GPOReport -All`.
        _ => {
            let all: Vec<_> = children(root, "GPO").collect();
            if all.is_empty() {
                return Err("a report of Group Policy in XML, with `GPO` or `Rsop` as its root".to_owned());
            }
            Ok(all.into_iter().map(|gpo| object(path, gpo, ["Computer", "User"], findings)).collect())
        }
    }
}

fn object(
    path: &str,
    node: Node<'_, '_>,
    [computer, user]: [&'static str; 2],
    findings: &mut Vec<Finding>,
) -> (About, PolicyObject) {
    let mut about = About { name: said(node, "Name"), ..About::default() };
    let name = about.name.clone().unwrap_or_else(|| path.to_owned());
    let mut object = PolicyObject { name, ..PolicyObject::default() };
    for (half, element, bit) in [(Half::Machine, computer, 2), (Half::User, user, 1)] {
        let Some(node) = child(node, element) else { continue };
        if said(node, "Enabled").is_some_and(|enabled| enabled == "false") {
            about.options |= bit;
        }
        let version = |name| said(node, name).and_then(|text| text.parse::<u32>().ok());
        let version = version("VersionDirectory").max(version("VersionSysvol"));
        match half {
            Half::Machine => about.machine_version = version,
            Half::User => about.user_version = version,
        }
        let label = format!("{} ({path})", object.name);
        let settings = settings(&label, half, node, findings);
        *object.half_mut(half) = Some(PolicyFile { path: path.to_owned(), settings });
    }
    (about, object)
}

fn settings(label: &str, half: Half, node: Node<'_, '_>, findings: &mut Vec<Finding>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let extensions = children(node, "ExtensionData").filter_map(|data| child(data, "Extension"));
    for extension in extensions {
        for node in children(extension, "AutoEnrollmentSettings").filter(|node| is_first(*node)) {
            auto_enrollment(node, &mut settings);
            let why = "follows from what the report says of autoenrollment; a Registry.pol has the number itself";
            let shown = settings.first().map(|first: &Setting| values::shown_data(&first.data));
            findings.push(Finding::new(label, "AEPolicy", shown.unwrap_or_default(), Reason::Kept(why.to_owned())));
        }
        for other in public_key_settings(extension) {
            let why = match child(other, "IssuedTo") {
                Some(_) => {
                    "is in the report, and not taken over: the trust of a world is that of the directory, where a root \
                     that policy makes trusted can be named with `extra-roots` of `trust`"
                }
                None => "is in the report, and a world has no word for it",
            };
            let issued_to = said(other, "IssuedTo").unwrap_or_default();
            findings.push(Finding::new(label, other.tag_name().name(), issued_to, Reason::NoWord(why)));
        }
        settings.extend(children(extension, "RegistrySetting").filter(|node| is_first(*node)).filter_map(registry));
        let named = children(extension, "Policy").count();
        if named > 0 {
            let why = "is how many administrative templates a report names by their titles, without values of the \
                       registry; times of refresh among them are not read: import the Registry.pol";
            let attribute = format!("administrative templates, {}", half.folder());
            findings.push(Finding::new(label, &attribute, named.to_string(), Reason::NoWord(why)));
        }
    }
    settings
}

/// What a report says of certificates beside autoenrollment: those that policy distributes, and how they are used.
fn public_key_settings<'a, 'input>(extension: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    const PUBLIC_KEY: &str = "http://www.microsoft.com/GroupPolicy/Settings/PublicKey";
    extension.children().filter(|node| {
        let name = node.tag_name();
        node.is_element() && name.namespace() == Some(PUBLIC_KEY) && name.name() != "AutoEnrollmentSettings"
    })
}

/// Whether it is the one in force, of a report that tells the others as well.
fn is_first(node: Node<'_, '_>) -> bool {
    said(node, "Precedence").is_none_or(|precedence| precedence == "1")
}

/// The two options are bits of AEPolicy: 6 renews, retrieves and revokes, 1 follows templates; 0x8000 is disabled
/// ([MS-CAESO] 4.4.5.1).
fn auto_enrollment(node: Node<'_, '_>, settings: &mut Vec<Setting>) {
    let yes = |node: Node<'_, '_>, name| said(node, name).is_some_and(|text| text == "true");
    let option = |name| child(node, "Options").is_some_and(|options| yes(options, name));
    let mut ae_policy = 0x8000;
    if yes(node, "EnrollCertificatesAutomatically") {
        ae_policy = if option("RenewUpdateRevoke") { 6 } else { 0 };
        ae_policy |= u32::from(option("UpdateTemplates"));
    }
    let mut set = |value: &str, data| {
        let key = values::AUTO_ENROLLMENT.to_owned();
        settings.push(Setting { key, value: value.to_owned(), data });
    };
    set("AEPolicy", Data::Dword(ae_policy));
    if let Some(balloons) = said(node, "ExpiryNotification") {
        set(BALLOONS, Data::Dword(u32::from(balloons == "true")));
    }
    let percent =
        child(node, "NotifyPercent").filter(|percent| said(*percent, "Present").is_none_or(|is| is != "false"));
    let number = percent.and_then(|percent| said(percent, "Value").or_else(|| said(percent, "SettingValue")));
    if let Some(number) = number.and_then(|number| number.parse().ok()) {
        set("OfflineExpirationPercent", Data::Dword(number));
    }
}

fn registry(node: Node<'_, '_>) -> Option<Setting> {
    let key = said(node, "KeyPath")?;
    let value = child(node, "Value")?;
    let data = match said(value, "Number").and_then(|number| number.parse().ok()) {
        Some(number) => Data::Dword(number),
        None => Data::Text(said(value, "String")?),
    };
    Some(Setting { key, value: said(value, "Name").unwrap_or_default(), data })
}
