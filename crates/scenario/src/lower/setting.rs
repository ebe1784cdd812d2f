//! Settings: what tables say of the rows of the simulator.

use autoenroll_model::Oid;
use autoenroll_world::spec::{Edit, Field, Setting, SettingValue};

use super::{Context, NameKind, duration, number_or_none, small, texts};
use crate::diagnostic::Diagnostics;
use crate::tree::Table;

/// Everything that a table of the world says of these settings.
pub(super) fn apply<S>(
    cx: &Context<'_>,
    settings: &'static [Setting<S>],
    table: &Table,
    to: &mut S,
    found: &mut Diagnostics,
) {
    for setting in settings.iter().filter(|setting| setting.in_world.is_some()) {
        let said = value(cx, setting, table, setting.name, found).or_else(|| match setting.field {
            Field::BitsAs(other, _) => value(cx, setting, table, other, found),
            _ => None,
        });
        if let Some(edit) = said {
            edit.apply(to);
        }
    }
}

/// What a table says of a setting.
pub(super) fn edit<S>(
    cx: &Context<'_>,
    setting: &'static Setting<S>,
    table: &Table,
    found: &mut Diagnostics,
) -> Option<Edit<S>> {
    value(cx, setting, table, setting.name, found)
}

/// Whether the templates exist that a table of the world names in these settings.
pub(super) fn check_templates<S>(
    cx: &Context<'_>,
    settings: &'static [Setting<S>],
    table: &Table,
    found: &mut Diagnostics,
) {
    for setting in settings.iter().filter(|setting| matches!(setting.field, Field::Templates(_))) {
        for name in table.texts(setting.name) {
            cx.names.has(NameKind::Template, name, found);
        }
    }
}

/// The setting with the value that a table has under that key.
fn value<S>(
    cx: &Context<'_>,
    setting: &'static Setting<S>,
    table: &Table,
    key: &str,
    found: &mut Diagnostics,
) -> Option<Edit<S>> {
    table.get(key)?;
    let value: SettingValue = match setting.field {
        Field::Flag(_) => table.flag(key)?.into(),
        Field::Duration(_) | Field::Minutes(..) => duration(table, key)?.into(),
        Field::Bits(_) | Field::BitsAs(..) => number_or_none::<u32>(table, key, None).into(),
        Field::Percent(_) => number_or_none::<u8>(table, key, None).into(),
        Field::Texts(_) | Field::Templates(_) | Field::Providers(_) | Field::Words { .. } => texts(table, key).into(),
        Field::Text(_) | Field::Word { .. } => table.text(key)?.value.to_owned().into(),
        Field::TextOrNone(_) => table.text(key).map(|text| text.value.to_owned()).into(),
        Field::Number(..) | Field::NumberOrAbsent(..) => small::<u32>(table, key)?.into(),
        Field::Depth(_) => small::<i32>(table, key)?.into(),
        Field::Oids(_) => {
            let oids = table.texts(key).filter_map(|text| cx.fixtures.oid(text, found));
            oids.collect::<Vec<Oid>>().into()
        }
    };
    setting.to(value)
}
