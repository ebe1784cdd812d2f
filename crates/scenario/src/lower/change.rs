//! Changes of the world: one table may say several, which are made in its order.

use autoenroll_model::{Duration, HResult, TrustStore};
use autoenroll_world::action::{CardFault, Change, PrincipalEdit, SettingsEdit, TemplateEdit};
use autoenroll_world::spec::{CaSpec, Pin, PolicySpec, TemplateSpec};

use super::{Context, NameKind, duration, instant_of, number_or_none, policy, security, setting, text_or_none, word};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::tree::Table;

/// The changes of a step or of the world itself. What cannot be understood is reported or has been.
pub(crate) fn changes(
    cx: &Context<'_>,
    word: Spanned<&str>,
    of: Option<Spanned<&str>>,
    set: &Table,
    span: Span,
    found: &mut Diagnostics,
) -> Vec<Change> {
    let thing = match word.value {
        "template" => Some(NameKind::Template),
        "ca" => Some(NameKind::Ca),
        "principal" | "settings" | "store" | "effect" => Some(NameKind::Principal),
        "group" => Some(NameKind::Group),
        "card" => Some(NameKind::Card),
        "policy-service" => Some(NameKind::PolicyService),
        "directory" if of.is_some() && !cx.names.controllers.is_empty() => Some(NameKind::Controller),
        _ => None,
    };
    if let Some((thing, of)) = thing.zip(of)
        && !cx.names.has(thing, of, found)
    {
        return Vec::new();
    }
    let name = match (word.value, of) {
        (_, Some(of)) => of.value.to_owned(),
        ("ca", None) => match cx.names.only(NameKind::Ca, "of", span, found) {
            Some(only) => only,
            None => return Vec::new(),
        },
        (_, None) => String::new(),
    };
    let made = set.0.iter().map(|entry| {
        let key = entry.key.value.as_str();
        match word.value {
            "template" => of_template(cx, &name, set, key, found),
            "policy" => of_policy(cx, set, key, found),
            "ca" => of_ca(cx, &name, set, key, found),
            "directory" => of_directory(&name, set, key),
            "clock" => instant_of(set, key).map(Change::WallClock),
            "principal" => of_principal(&name, set, key),
            "group" => membership(cx, &name, set, key, found),
            "settings" => of_settings(&name, set, key),
            "effect" => of_effect(&name, set, key),
            "trust" => trust(cx, of, set, key, found),
            "store" => delete(cx, &name, set, key, found),
            "card" => of_card(&name, set, key),
            "policy-service" => of_policy_service(cx, &name, set, key),
            _ => None,
        }
    });
    made.flatten().collect()
}

fn of_template(cx: &Context<'_>, name: &str, set: &Table, key: &str, found: &mut Diagnostics) -> Option<Change> {
    let template = name.to_owned();
    let edit = match key {
        "published" if set.flag(key)? => return Some(Change::Publish { template }),
        "published" => return Some(Change::Unpublish { template }),
        // Both keys together make one list; the first of them makes it.
        "allow" | "deny" if first_of(set, ["allow", "deny"]) == Some(key) => {
            TemplateEdit::Security(security::of_template(cx, set, found))
        }
        _ => {
            let row = std::slice::from_ref(TemplateSpec::setting(key)?);
            setting::check_templates(cx, row, set, found);
            TemplateEdit::Attribute(setting::edit(cx, &row[0], set, found)?)
        }
    };
    Some(Change::Template { template, edit })
}

fn first_of(set: &Table, keys: [&'static str; 2]) -> Option<&'static str> {
    set.0.iter().find_map(|entry| keys.into_iter().find(|key| *key == entry.key.value))
}

fn of_policy(cx: &Context<'_>, set: &Table, key: &str, found: &mut Diagnostics) -> Option<Change> {
    if key == "automatic-requests" {
        policy::automatic_requests(cx, set, found);
    }
    Some(Change::Policy(setting::edit(cx, PolicySpec::setting(key)?, set, found)?))
}

fn of_ca(cx: &Context<'_>, name: &str, set: &Table, key: &str, found: &mut Diagnostics) -> Option<Change> {
    let ca = name.to_owned();
    Some(match key {
        "replicated" if set.flag(key)? => Change::ReplicateTemplates { ca },
        "allow" | "deny" if first_of(set, ["allow", "deny"]) == Some(key) => {
            Change::CaRights { ca, rights: security::of_ca(cx, set, found) }
        }
        "offer" | "withdraw" => {
            let template =
                set.text(key).filter(|name| cx.names.has(NameKind::Template, *name, found))?.value.to_owned();
            match key {
                "offer" => Change::PublishTemplate { ca, template },
                _ => Change::Withdraw { ca, template },
            }
        }
        _ => Change::Ca { ca, edit: setting::edit(cx, CaSpec::setting(key)?, set, found)? },
    })
}

fn of_directory(name: &str, set: &Table, key: &str) -> Option<Change> {
    Some(match (key, name) {
        ("reachable", "") => Change::DirectoryReachable(set.flag(key)?),
        ("reachable", controller) => {
            Change::ControllerReachable { controller: controller.to_owned(), reachable: set.flag(key)? }
        }
        ("latency", _) => Change::DirectoryLatency(duration(set, key).unwrap_or(Duration::ZERO)),
        _ => return None,
    })
}

fn of_principal(name: &str, set: &Table, key: &str) -> Option<Change> {
    let edit = match key {
        "dn" => PrincipalEdit::Dn(set.text(key)?.value.to_owned()),
        "upn" => PrincipalEdit::Upn(text_or_none(set, key, None)),
        "mail" => PrincipalEdit::Mail(text_or_none(set, key, None)),
        "dns" => PrincipalEdit::Dns(text_or_none(set, key, None)),
        _ => return None,
    };
    Some(Change::Principal { principal: name.to_owned(), edit })
}

fn membership(cx: &Context<'_>, group: &str, set: &Table, key: &str, found: &mut Diagnostics) -> Option<Change> {
    let member = set.text(key).filter(|name| cx.names.has(NameKind::Member, *name, found))?;
    Some(Change::Membership { group: group.to_owned(), member: member.value.to_owned(), present: key == "add" })
}

fn of_settings(name: &str, set: &Table, key: &str) -> Option<Change> {
    let edit = match key {
        "express" => SettingsEdit::Express(set.flag(key)?),
        "local-policy" => SettingsEdit::LocalPolicy(number_or_none(set, key, None)),
        "log-level" => SettingsEdit::LogLevel(number_or_none(set, key, None)),
        "directory-cache" => SettingsEdit::ForgetDirectoryCache,
        _ => return None,
    };
    Some(Change::Settings { principal: name.to_owned(), edit })
}

fn of_effect(name: &str, set: &Table, key: &str) -> Option<Change> {
    let fails = number_or_none(set, key, None).map(HResult);
    Some(Change::Effect { principal: name.to_owned(), effect: key.parse().ok()?, fails })
}

fn trust(
    cx: &Context<'_>,
    of: Option<Spanned<&str>>,
    set: &Table,
    key: &str,
    found: &mut Diagnostics,
) -> Option<Change> {
    let of = of?;
    let container: TrustStore = match of.value.parse() {
        Ok(container) => container,
        Err(error) => {
            found.push(Diagnostic::error(Code::UnknownWord, format!("{error}"), of.span));
            return None;
        }
    };
    let certificate = set.text(key).filter(|name| cx.names.has(NameKind::Root, *name, found))?;
    Some(Change::Trust { container, certificate: certificate.value.to_owned(), present: key == "add" })
}

/// From MY or REQUEST of a principal; a CA or extra root from the root store of a computer.
fn delete(cx: &Context<'_>, name: &str, set: &Table, key: &str, found: &mut Diagnostics) -> Option<Change> {
    if key == "delete-request" {
        let template = set.text(key).filter(|name| cx.names.has(NameKind::Template, *name, found))?;
        return Some(Change::DeleteRequest { principal: name.to_owned(), template: template.value.to_owned() });
    }
    let certificate = set.text(key)?;
    if cx.names.knows(NameKind::Root, certificate.value) && cx.names.computers.has(name) {
        let (computer, certificate) = (name.to_owned(), certificate.value.to_owned());
        return Some(Change::DeleteTrusted { computer, store: TrustStore::Root, certificate });
    }
    // A certificate that is issued in the story is bound by a step, or has a label such as `User#1`.
    let later = certificate.value.starts_with('$') || certificate.value.contains('#');
    if !later && !cx.names.has(NameKind::Certificate, certificate, found) {
        return None;
    }
    Some(Change::DeleteCertificate { principal: name.to_owned(), certificate: certificate.value.to_owned() })
}

fn of_policy_service(cx: &Context<'_>, name: &str, set: &Table, key: &str) -> Option<Change> {
    let mut services = cx.world.tables("policy-service");
    let service = services.find(|service| service.text("name").is_some_and(|known| known.value == name))?;
    let url = service.text("url")?.value.to_owned();
    match key {
        "reachable" => Some(Change::PolicyServiceReachable { url, reachable: set.flag(key)? }),
        "failure" => Some(Change::PolicyServiceFailure { url, failure: number_or_none(set, key, None).map(HResult) }),
        _ => None,
    }
}

fn of_card(name: &str, set: &Table, key: &str) -> Option<Change> {
    let card = name.to_owned();
    Some(match key {
        "fault" => Change::CardFault { card, fault: word::<CardFault>(set, key)? },
        "pin" => Change::ResetPin { card, pin: Pin::new(set.text(key)?.value) },
        "unblock" if set.flag(key)? => Change::UnblockCard { card },
        _ => return None,
    })
}
