//! Certificate templates: copies of the default ones, with what the scenario says on top.

use autoenroll_model::{
    CngSettings, Duration, EnrollmentFlags, GeneralFlags, NameFlags, Oid, PrivateKeyFlags, Template,
};
use autoenroll_world::spec::{ATTRIBUTES, GENERAL_FLAGS, TemplateSpec};

use super::{Context, moment, name_of, number_of, security, setting, small};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::library::Library;
use crate::source::Spanned;
use crate::suggestion::suggestion;
use crate::tree::Table;

/// All templates of the world. `old` says which generation of default templates is looked through first.
pub(super) fn all(cx: &Context<'_>, old: bool, found: &mut Diagnostics) -> Vec<TemplateSpec> {
    let defaults = Defaults::of(cx.fixtures, old, found);
    let mut list = Vec::new();
    for table in cx.world.tables("template") {
        let template = template(cx, table, &defaults, found);
        list.push(TemplateSpec { template, published: moment(cx, table, "published", found) });
    }
    for table in cx.world.tables("template") {
        setting::check_templates(cx, ATTRIBUTES, table, found);
    }
    list
}

/// A template as it is and what `table` changes of it.
pub(super) fn changed(
    cx: &Context<'_>,
    current: Template,
    table: &Table,
    old: bool,
    found: &mut Diagnostics,
) -> Template {
    setting::check_templates(cx, ATTRIBUTES, table, found);
    let start = match table.text("based-on") {
        Some(_) => template(cx, table, &Defaults::of(cx.fixtures, old, found), found),
        None => current,
    };
    let mut changed = apply(cx, start, table, FlagsKey::AnyField, found);
    if ["allow", "deny", "acl"].into_iter().any(|key| table.get(key).is_some()) {
        changed.security = security::of_template(cx, table, found);
    }
    changed
}

/// The user's own templates, and then the default ones, those of the wanted generation first.
struct Defaults<'a>(Vec<&'a Table>);

impl<'a> Defaults<'a> {
    fn of(library: &'a Library, old: bool, found: &mut Diagnostics) -> Self {
        let [win2003, later] = library.templates(found);
        let order = if old { [win2003, later] } else { [later, win2003] };
        let own = library.own_templates(found);
        Self(own.into_iter().chain(order).flat_map(|root| root.tables("template")).collect())
    }

    /// What to write instead of a name that no template has. The snap-in shows display names, so one of these may be
    /// meant.
    fn help(&self, wrong: &str) -> String {
        let displayed =
            || self.0.iter().filter_map(|table| Some((table.text("display-name")?.value, name_of(table).value)));
        if let Some((_, name)) = displayed().find(|(display, _)| display.eq_ignore_ascii_case(wrong)) {
            return format!("that is the display name of `{name}`: write based-on = \"{name}\"");
        }
        let names = self.0.iter().map(|template| name_of(template).value);
        match suggestion(wrong, names.chain(displayed().map(|(display, _)| display))) {
            Some(suggestion) => {
                let name = displayed().find(|(display, _)| *display == suggestion).map_or(suggestion, |(_, name)| name);
                format!("did you mean `{name}`?")
            }
            None => "`autoenroll fixtures` lists them".to_owned(),
        }
    }
}

fn template(cx: &Context<'_>, table: &Table, defaults: &Defaults<'_>, found: &mut Diagnostics) -> Template {
    let name = name_of(table);
    let start = match table.text("based-on") {
        None => empty(name.value),
        Some(base) => match defaults.0.iter().find(|default| name_of(default).value == base.value) {
            Some(default) => {
                let default = apply(cx, empty(base.value), default, FlagsKey::Attribute, found);
                if base.value == name.value { default } else { copy(default, name.value) }
            }
            None => {
                let message = format!("there is no default template `{}`", base.value);
                found.push(Diagnostic::error(Code::UnknownFixture, message, base.span).help(defaults.help(base.value)));
                empty(name.value)
            }
        },
    };
    let mut template = apply(cx, start, table, FlagsKey::AnyField, found);
    let is_copy = table.text("based-on").is_some_and(|base| base.value != name.value);
    if is_copy && template.schema_version() > 1 && table.get("application-policies").is_none() {
        // The copy of a version 1 template states its purposes in both attributes ([MS-CRTD] 2.12, 2.25).
        if template.application_policies.is_empty() {
            template.application_policies.clone_from(&template.eku);
        }
    }
    let said = table.get("oid").is_some() || table.get("malformed-oid").is_some();
    if template.schema_version() > 1 && template.oid.is_none() && !said {
        template.oid = Some(own_oid(name.value));
    }
    template.security = security::of_template(cx, table, found);
    template
}

/// No attribute but the periods of most default templates: a year, renewed six weeks before its end.
fn empty(name: &str) -> Template {
    // T2.4.default
    Template { validity: Duration::days(365), renewal_period: Duration::days(42), ..Template::empty(name) }
}

/// What the template snap-in makes of a default template when it is duplicated: at least version 2, an identity of its
/// own, no longer a default one.
fn copy(default: Template, name: &str) -> Template {
    let mut flags = default.flags;
    flags.remove(GeneralFlags::IS_DEFAULT);
    flags.insert(GeneralFlags::IS_MODIFIED);
    Template {
        name: name.to_owned(),
        display_name: name.to_owned(),
        oid: None,
        schema: Some(default.schema_version().max(2)),
        revision: 100,
        minor: 0,
        flags,
        enrollment_flags: Some(default.enrollment_flags.unwrap_or_default()),
        ..default
    }
}

/// An identity below the arc under which forests number their templates.
fn own_oid(name: &str) -> Oid {
    let number = number_of(name);
    let (high, low) = (number >> 36, number & 0x0FFF_FFFF);
    format!("1.3.6.1.4.1.311.21.8.{high}.{low}").parse().expect("numbers and dots are an object identifier")
}

/// What the key `flags` means.
#[derive(Clone, Copy)]
enum FlagsKey {
    /// In a file of default templates: the attribute of that name, all of it.
    Attribute,
    /// In a scenario: flags to set besides the inherited ones, in whatever field.
    AnyField,
}

/// The template with every attribute that the table says.
fn apply(
    cx: &Context<'_>,
    mut template: Template,
    table: &Table,
    flags: FlagsKey,
    found: &mut Diagnostics,
) -> Template {
    let t = &mut template;
    if table.get("oid").is_some() {
        t.oid = table.text("oid").and_then(|oid| cx.fixtures.oid(oid, found));
    }
    if let Some(text) = table.text("malformed-oid") {
        if let Some(oid) = table.get("oid") {
            let message = "the attribute is either an object identifier or malformed".to_owned();
            found.push(Diagnostic::error(Code::Exclusive, message, text.span).label(oid.span, "both stand here"));
        }
        (t.oid, t.malformed_oid) = (None, Some(text.value.to_owned()));
    }
    setting::apply(cx, GENERAL_FLAGS, table, t, found);
    setting::apply(cx, ATTRIBUTES, table, t, found);
    set_version(t, small(table, "client-version"), 24);
    set_version(t, small(table, "ca-version"), 16);
    match flags {
        FlagsKey::Attribute if table.get("flags").is_some() => {
            t.flags = table.texts("flags").filter_map(|word| GeneralFlags::from_word(word.value)).collect();
        }
        FlagsKey::Attribute => {}
        FlagsKey::AnyField => {
            table.texts("flags").for_each(|word| one_flag(t, word.value, true));
            table.texts("without-flags").for_each(|word| one_flag(t, word.value, false));
        }
    }
    if let Some(settings) = table.table("cng") {
        t.cng = Some(cng(settings));
    }
    template
}

/// Puts a version into its four bits of `msPKI-Private-Key-Flag`.
fn set_version(t: &mut Template, version: Option<u32>, shift: u32) {
    if let Some(version) = version {
        let others = t.private_key_flags.bits() & !(0x0F << shift);
        t.private_key_flags = PrivateKeyFlags::from_bits_retain(others | version << shift);
    }
}

/// Sets or clears a flag in the field it belongs to. A word of several fields belongs to the one that counts:
/// enrollment flags first, then private key, name and general flags.
fn one_flag(t: &mut Template, word: &str, on: bool) {
    if let Some(flag) = EnrollmentFlags::from_word(word).filter(|_| word != "add-template-name") {
        t.enrollment_flags.get_or_insert_default().set(flag, on);
    } else if let Some(flag) = PrivateKeyFlags::from_word(word) {
        t.private_key_flags.set(flag, on);
    } else if let Some(flag) = NameFlags::from_word(word) {
        t.name_flags.set(flag, on);
    } else if let Some(flag) = GeneralFlags::from_word(word) {
        t.flags.set(flag, on);
    }
}

fn cng(table: &Table) -> CngSettings {
    let text = |key: &str| table.text(key).map(|text| text.value.to_owned());
    CngSettings {
        asymmetric_algorithm: text("asymmetric-algorithm"),
        hash_algorithm: text("hash-algorithm"),
        key_usage: table.get("key-usage").map(|_| {
            let bit = |word: Spanned<&str>| match word.value {
                "decrypt" => 1,
                "sign" => 2,
                "agree" => 4,
                _ => 0x00FF_FFFF,
            };
            table.texts("key-usage").fold(0, |bits, word| bits | bit(word))
        }),
        symmetric_algorithm: text("symmetric-algorithm"),
        symmetric_key_length: small(table, "symmetric-key-length"),
        key_security: text("key-security"),
    }
}
