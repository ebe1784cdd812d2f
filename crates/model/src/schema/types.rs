//! The schemas of single types.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Bytes, Name};
use crate::{Duration, Fact, Facts, Guid, Oid, Profile, Rule, SWITCHES, Sid};

/// Declares the schema of a type by its JSON.
macro_rules! schemas {
    ($( $name:ident: $json:tt; )*) => { $(
        impl JsonSchema for $name {
            fn schema_name() -> Name {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($json)
            }
        }
    )* };
}

schemas! {
    Bytes: {
        "description": "Bytes, as pairs of lower-case hexadecimal digits.",
        "type": "string",
        "pattern": "^([0-9a-f][0-9a-f])*$",
    };
    Duration: {
        "description": "A length of time: whole numbers with the units w, d, h, m, s, ms, us, ns, from long to short, each at most once.",
        "type": "string",
        "pattern": "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?([0-9]+ns)?$",
        "minLength": 2,
    };
    Guid: {
        "description": "A GUID in text form.",
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    };
    Oid: {
        "description": "An object identifier in dotted form.",
        "type": "string",
        "pattern": "^[0-2](\\.(0|[1-9][0-9]*))+$",
        "maxLength": 256,
    };
    Sid: {
        "description": "A security identifier in text form ([MS-DTYP] 2.4.2.1).",
        "type": "string",
        "pattern": "^S-1-[0-9]+(-[0-9]+){0,15}$",
    };
    Rule: {
        "description": "The id of a rule of the requirement catalogue, which `autoenroll explain` prints, or an id of the core's own.",
        "type": "string",
    };
}

/// A value is a flag, a whole number, a text, or a list of values.
impl JsonSchema for Fact {
    fn schema_name() -> Name {
        "Fact".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The value of a fact.",
            "anyOf": [
                { "type": "boolean" },
                { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX },
                { "type": "string" },
                { "type": "array", "items": generator.subschema_for::<Self>() },
            ],
        })
    }
}

impl JsonSchema for Facts {
    fn schema_name() -> Name {
        "Facts".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Named facts, as scenarios match them. The order is that in which timelines show them.",
            "type": "object",
            "additionalProperties": generator.subschema_for::<Fact>(),
        })
    }
}

/// Switches are an open list: a reader ignores those that it does not know, and takes the value of the named profile
/// for those that are missing.
impl JsonSchema for Profile {
    fn schema_name() -> Name {
        "Profile".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = "What the profile is called; switches that are set otherwise do not change it.";
        let mut properties = Schema::default();
        properties.insert("name".into(), json_schema!({ "description": text, "type": "string" }).to_value());
        for switch in SWITCHES {
            let about = alloc::format!("{} Values: {}.", switch.about.trim(), switch.values.join(", "));
            properties.insert(switch.name.into(), json_schema!({ "description": about, "type": "string" }).to_value());
        }
        json_schema!({
            "description": "A complete set of switches under a name, as `autoenroll profiles` lists them. A switch that is missing has \
                the value of the profile of that name.",
            "type": "object",
            "properties": properties,
            "required": ["name"],
        })
    }
}
