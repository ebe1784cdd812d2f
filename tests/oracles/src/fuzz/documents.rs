//! LDIF, security descriptors and Registry.pol.

use autoenroll_import::{Half, Import, OidNames, ldif, registry_pol};
use autoenroll_model::{Ace, AceEffect, Right, SecurityDescriptor, Sid, Token, access_check, rights};
use autoenroll_wire::registry_pol::{Data, Setting};
use autoenroll_wire::{ldif as wire_ldif, registry_pol as wire_registry_pol, security_descriptor};

use super::mutate::{Dice, damage};
use crate::templates::{Generation, directory};

/// Files of one kind and what reads them.
pub(super) struct Documents {
    whole: Vec<Vec<u8>>,
    check: fn(&[u8]) -> Result<bool, String>,
}

impl Documents {
    /// The default templates of Windows with a CA, each object a file, and other kinds of records.
    pub(super) fn ldif() -> Self {
        let file = directory(Generation::Later).to_ldif("CN=Configuration,DC=contoso,DC=test");
        let mut whole: Vec<Vec<u8>> = file.split_inclusive("\n\n").map(|record| record.as_bytes().to_vec()).collect();
        whole.extend([
            b"version: 1\n# comment\n continued\ndn:: Q049QQ==\nchangetype: modify\nadd: cn\ncn: a\n-\nreplace: flags\nflags: 1\n".to_vec(),
            b"dn: CN=A\nchangetype: modrdn\nnewrdn: CN=B\ndeleteoldrdn: 1\n\ndn: CN=C\nchangetype: delete\n".to_vec(),
            "dn: CN=\u{dc}\ncn: \u{dc}\n".chars().flat_map(|c| (c as u16).to_le_bytes()).collect(),
            b"\xFE\xFF\0d\0n\0:\0 \0a\0\n".to_vec(),
        ]);
        Self { whole, check: check_ldif }
    }

    /// Lists with entries of every type.
    pub(super) fn security_descriptors() -> Self {
        let sid = |sid: &str| sid.parse::<Sid>().expect("a constant");
        let entry = |effect, object: Option<Right>, trustee: &str, conditional| Ace {
            effect,
            mask: rights::CONTROL_ACCESS,
            object: object.and_then(Right::guid).map(|guid| guid.parse().expect("a constant of the model")),
            trustee: sid(trustee),
            inherited: conditional,
            inherit_only: false,
            conditional,
        };
        let (allow, deny) = (AceEffect::Allow, AceEffect::Deny);
        let lists = [
            vec![],
            vec![entry(allow, None, ALICE, false)],
            vec![entry(allow, Some(Right::Enroll), ALICE, false), entry(allow, Some(Right::AutoEnroll), GROUP, false)],
            vec![entry(deny, Some(Right::Enroll), GROUP, false), entry(allow, None, Sid::AUTHENTICATED_USERS, false)],
            vec![entry(allow, Some(Right::Enroll), ALICE, true), entry(deny, None, OTHER, true)],
        ];
        let whole = lists.into_iter().map(|dacl| {
            security_descriptor::to_bytes(&SecurityDescriptor { owner: Some(sid(OTHER)), dacl: Some(dacl) })
        });
        Self { whole: whole.collect(), check: check_security_descriptor }
    }

    /// AEPolicy and policy servers.
    pub(super) fn registry_pol() -> Self {
        let key = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment";
        let server = r"Software\Policies\Microsoft\Cryptography\PolicyServers\37c9dc30f207f27f61a2f7c3aed598a6e2920b54";
        let setting = |key: &str, value: &str, data| Setting { key: key.into(), value: value.into(), data };
        let one = vec![setting(key, "AEPolicy", Data::Dword(7))];
        let many = vec![
            setting(key, "AEPolicy", Data::Dword(0x8000)),
            setting(key, "OfflineExpirationPercent", Data::Dword(10)),
            setting(key, "OfflineExpirationStoreNames", Data::Text("MY".into())),
            setting(server, "URL", Data::Text("LDAP:".into())),
            setting(server, "PolicyID", Data::Text("{6b8d0c4e-52f1-4a9b-8c3d-2f7e9a1b5c60}".into())),
            setting(server, "Flags", Data::Dword(0x10)),
            setting(server, "Cost", Data::Dword(0x7FFF_FFFD)),
            setting(server, "**delvals.", Data::Text(" ".into())),
            setting(key, "**del.AEPolicy", Data::Other { kind: 1, octets: b" \0\0\0".to_vec() }),
        ];
        Self {
            whole: [one, many].iter().map(|file| wire_registry_pol::to_bytes(file)).collect(),
            check: check_registry_pol,
        }
    }

    pub(super) fn input(&self, dice: &mut Dice) -> Vec<u8> {
        let mut octets = dice.one_of(&self.whole).clone();
        damage(dice, &mut octets, &self.whole);
        octets
    }

    pub(super) fn check(&self, input: &[u8]) -> Result<bool, String> {
        (self.check)(input)
    }
}

const ALICE: &str = "S-1-5-21-1-2-3-1104";
const GROUP: &str = "S-1-5-21-1-2-3-513";
const OTHER: &str = "S-1-5-21-1-2-3-500";

/// What was read is written and read again as the same.
fn check_ldif(input: &[u8]) -> Result<bool, String> {
    let import = ldif(input);
    told(&import)?;
    let again = wire_ldif::parse(import.to_ldif("DC=test").as_bytes());
    if !again.errors.is_empty() || again.records.len() != import.templates.len() + import.authorities.len() {
        return Err(format!("the export cannot be read: {:?}", again.errors));
    }
    Ok(!import.templates.is_empty())
}

/// A descriptor grants nothing that no entry of it grants, and is written and read again as the same.
fn check_security_descriptor(input: &[u8]) -> Result<bool, String> {
    let Ok(descriptor) = security_descriptor::from_bytes(input) else { return Ok(false) };
    let again = security_descriptor::from_bytes(&security_descriptor::to_bytes(&descriptor));
    let whole = descriptor.dacl.as_ref().is_none_or(|entries| entries.len() < 1000);
    if whole && again.as_ref() != Ok(&descriptor) {
        return Err(format!("written and read again it is {again:?}"));
    }
    let _ = security_descriptor::to_sddl(&descriptor);
    let token: Token = [ALICE, GROUP].iter().map(|sid| sid.parse::<Sid>().expect("a constant")).collect();
    for right in [Right::Read, Right::Enroll, Right::AutoEnroll] {
        let Some(entries) = &descriptor.dacl else { continue };
        let grants = |ace: &Ace| {
            ace.effect == AceEffect::Allow && !ace.conditional && !ace.inherit_only && token.has(&ace.trustee)
        };
        if access_check(&descriptor, &token, right) && !entries.iter().any(grants) {
            return Err(format!("{right} is granted, and by no entry: {}", security_descriptor::to_sddl(&descriptor)));
        }
    }
    Ok(true)
}

fn check_registry_pol(input: &[u8]) -> Result<bool, String> {
    let read = wire_registry_pol::from_bytes(input);
    if let Ok(settings) = &read
        && wire_registry_pol::from_bytes(&wire_registry_pol::to_bytes(settings)).as_ref() != Ok(settings)
    {
        return Err("written and read again it is not the same".to_owned());
    }
    let import = registry_pol(input, Half::Machine);
    told(&import)?;
    if read.is_err() && import.findings.is_empty() {
        return Err("it cannot be read, and nothing says so".to_owned());
    }
    Ok(read.is_ok())
}

/// Everything can be written in the language of scenarios, and every finding can be told.
fn told(import: &Import) -> Result<(), String> {
    let written = import.to_world(None, &OidNames::default());
    for finding in import.findings.iter().chain(&written.findings) {
        let _ = finding.to_string();
    }
    match written.text.parse::<toml::Table>() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the world is no TOML: {error}\n{}", written.text)),
    }
}
