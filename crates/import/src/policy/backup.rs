//! What lies beside the settings of a Group Policy object: what a backup and GPT.INI say of it.

use super::xml::{self, child, children, said};
use crate::finding::{Finding, Reason};
use crate::{Half, PolicyFile, PolicyObject};

/// A Group Policy object, as its folder tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) name: Option<String>,
    /// The object that a backup is of, `{…}`.
    pub(super) guid: Option<String>,
    /// When a backup was made, as it is written: such times compare as texts.
    pub(super) time: Option<String>,
    /// 1 disables the half for users, 2 that for computers: the object's flags ([MS-GPOL] 3.2.5.1.6).
    pub(super) options: u32,
    /// Of the half for computers; zero is one that was never written.
    pub(super) machine_version: Option<u32>,
    /// Of the half for users.
    pub(super) user_version: Option<u32>,
}

impl About {
    /// The object without the halves that clients do not apply. `place` is its folder or file.
    pub(super) fn applied(&self, mut object: PolicyObject, place: &str, findings: &mut Vec<Finding>) -> PolicyObject {
        for half in [Half::Machine, Half::User] {
            if object.half(half).is_none_or(|file| file.settings.is_empty()) {
                continue;
            }
            let label = if object.name == place { place.to_owned() } else { format!("{} ({place})", object.name) };
            if self.disables(half) {
                let why = "is disabled, and no client applies it ([MS-GPOL] 3.2.5.1.6)".to_owned();
                findings.push(Finding::new(&label, half.folder(), "", Reason::NotApplied(why)));
                *object.half_mut(half) = Some(PolicyFile::default());
            } else if self.version(half) == Some(0) {
                let why = "has the version 0, and is taken over: where the directory's version is 0 as well, no client \
                           applies it ([MS-GPOL] 3.2.5.1.6)";
                findings.push(Finding::new(&label, half.folder(), "", Reason::Kept(why.to_owned())));
            }
        }
        object
    }

    fn disables(&self, half: Half) -> bool {
        let bit = match half {
            Half::User => 1,
            Half::Machine => 2,
        };
        self.options & bit != 0
    }

    fn version(&self, half: Half) -> Option<u32> {
        match half {
            Half::User => self.user_version,
            Half::Machine => self.machine_version,
        }
    }

    /// Takes what is not known yet.
    pub(super) fn complete(&mut self, other: Self) {
        self.name = self.name.take().or(other.name);
        self.guid = self.guid.take().or(other.guid);
        self.time = self.time.take().or(other.time);
        self.options |= other.options;
        self.machine_version = self.machine_version.or(other.machine_version);
        self.user_version = self.user_version.or(other.user_version);
    }
}

/// A backup as manifest.xml lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The name of its folder, `{…}`.
    pub(super) id: String,
    pub(super) about: About,
}

/// manifest.xml: the backups of a folder, in its order.
///
/// # Errors
/// When it cannot be read; what was expected.
pub(super) fn manifest(bytes: &[u8]) -> Result<Vec<Listed>, String> {
    let text = xml::text(bytes).ok_or("UTF-8 or UTF-16")?;
    let document = xml::document(&text)?;
    let listed = |node| Some(Listed { id: said(node, "ID")?, about: instance(node) });
    Ok(children(document.root_element(), "BackupInst").filter_map(listed).collect())
}

/// bkupInfo.xml: one backup.
///
/// # Errors
/// When it cannot be read; what was expected.
pub(super) fn information(bytes: &[u8]) -> Result<About, String> {
    let text = xml::text(bytes).ok_or("UTF-8 or UTF-16")?;
    Ok(instance(xml::document(&text)?.root_element()))
}

fn instance(node: roxmltree::Node<'_, '_>) -> About {
    let (name, guid) = (said(node, "GPODisplayName"), said(node, "GPOGuid"));
    About { name, guid, time: said(node, "BackupTime"), ..About::default() }
}

/// Backup.xml: the object that was saved.
///
/// # Errors
/// When it cannot be read; what was expected.
pub(super) fn core_settings(bytes: &[u8]) -> Result<About, String> {
    let text = xml::text(bytes).ok_or("UTF-8 or UTF-16")?;
    let document = xml::document(&text)?;
    let object = child(document.root_element(), "GroupPolicyObject");
    let Some(core) = object.and_then(|object| child(object, "GroupPolicyCoreSettings")) else {
        return Err("GroupPolicyCoreSettings".to_owned());
    };
    let number = |name| said(core, name).and_then(|text| text.parse().ok());
    Ok(About {
        name: said(core, "DisplayName"),
        guid: said(core, "ID"),
        time: None,
        options: number("Options").unwrap_or(0),
        machine_version: number("MachineVersionNumber"),
        user_version: number("UserVersionNumber"),
    })
}

/// GPT.INI: the version, 16 bits for each half, and in that of a local object what is disabled.
pub(super) fn gpt_ini(bytes: &[u8]) -> About {
    // The name that consoles write for every new object.
    const UNNAMED: &str = "New Group Policy Object";
    let mut about = About::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        match key.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().as_str() {
            "version" => {
                let version = value.parse::<u32>().ok();
                about.machine_version = version.map(|version| version & 0xFFFF);
                about.user_version = version.map(|version| version >> 16);
            }
            "options" => about.options = value.parse().unwrap_or(0),
            "displayname" if value != UNNAMED && !value.is_empty() => about.name = Some(value.to_owned()),
            _ => {}
        }
    }
    about
}

/// The two objects that every domain has from its beginning.
pub(super) fn well_known(guid: &str) -> Option<&'static str> {
    [
        ("{31B2F340-016D-11D2-945F-00C04FB984F9}", "Default Domain Policy"),
        ("{6AC1786C-016F-11D2-945F-00C04FB984F9}", "Default Domain Controllers Policy"),
    ]
    .into_iter()
    .find_map(|(known, name)| known.eq_ignore_ascii_case(guid).then_some(name))
}
