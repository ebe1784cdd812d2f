//! Settings: what tables say of the rows of the simulator.

use autoenroll_world::spec::{Edit, Field, Setting};

use super::{duration, number_or_none, texts};
use crate::tree::Table;

/// Everything that a table of the world says of these settings.
pub(super) fn apply<S>(settings: &'static [Setting<S>], table: &Table, to: &mut S) {
    for setting in settings.iter().filter(|setting| setting.in_world.is_some()) {
        let said = edit(setting, table).or_else(|| match setting.field {
            Field::BitsAs(other, _) => value(setting, table, other),
            _ => None,
        });
        if let Some(edit) = said {
            edit.apply(to);
        }
    }
}

/// What a table says of a setting.
pub(super) fn edit<S>(setting: &'static Setting<S>, table: &Table) -> Option<Edit<S>> {
    value(setting, table, setting.name)
}

/// The setting with the value that a table has under that key.
fn value<S>(setting: &'static Setting<S>, table: &Table, key: &str) -> Option<Edit<S>> {
    table.get(key)?;
    match setting.field {
        Field::Flag(_) => setting.to(table.flag(key)?),
        Field::Duration(_) | Field::Minutes(..) => setting.to(duration(table, key)?),
        Field::Bits(_) | Field::BitsAs(..) => setting.to(number_or_none::<u32>(table, key, None)),
        Field::Percent(_) => setting.to(number_or_none::<u8>(table, key, None)),
        Field::Texts(_) => setting.to(texts(table, key)),
    }
}
