//! One process of a core under test, spoken to without a scenario.

use std::sync::Arc;
use std::time::Instant;

use autoenroll_model::{
    Context, CoreError, EffectId, FileTime, Identity, Input, Now, Output, OutputBody, Profile, SimTime, Trigger,
    TriggerCause,
};
use serde_json::{Value, json};

use crate::breach::Breach;
use crate::limits::Limits;
use crate::process::Command;
use crate::protocol::{FromCore, ToCore, VERSION};
use crate::wire::Wire;

/// A process of the core under test.
pub(super) struct Session {
    pub(super) wire: Wire,
    handled: u32,
    /// Whether messages have fields that no version defines.
    pub(super) unknown: bool,
    /// Octets by which each message is longer than it need be.
    pub(super) padding: usize,
    /// Whether the core answered `error`.
    refused: bool,
}

impl Session {
    pub(super) fn start(command: &Command, limits: Limits) -> Result<Self, CoreError> {
        let wire = Wire::start(command, limits, Arc::default())?;
        Ok(Self { wire, handled: 0, unknown: false, padding: 0, refused: false })
    }

    fn say(&self, word: &str, message: &ToCore) -> Result<Instant, CoreError> {
        let mut message: Value = serde_json::to_value(message).map_err(|error| CoreError::failed(error.to_string()))?;
        if self.unknown {
            let unknown = json!({ "nested": [1] });
            message[word]["a-field-of-no-version"] = unknown.clone();
            for part in ["identity", "now"] {
                if let Some(Value::Object(fields)) = message[word].get_mut(part) {
                    fields.insert("a-field-of-no-version".to_owned(), unknown.clone());
                }
            }
        }
        if self.padding > 0 {
            message[word]["padding"] = "x".repeat(self.padding).into();
        }
        Ok(self.wire.say(&message)?)
    }

    pub(super) fn hear(&mut self, until: Instant) -> Result<FromCore, CoreError> {
        let message = self.wire.hear(until)?;
        if let FromCore::Error(error) = message {
            self.refused = true;
            return Err(error);
        }
        Ok(message)
    }

    pub(super) fn begin(&mut self, protocol: u32) -> Result<(), CoreError> {
        let identity = Identity {
            principal: "alice".into(),
            computer: "WKS01".into(),
            domain: "CONTOSO".into(),
            context: Context::User,
            domain_member: true,
            domain_controller: false,
            profile: Profile::server_2003_sp1(),
        };
        let until = self.say("start", &ToCore::Start { protocol, features: Vec::new(), identity })?;
        match self.hear(until)? {
            FromCore::Ready { protocol: found, .. } if found == protocol => Ok(()),
            FromCore::Ready { protocol: found, core, .. } => Err(Breach::Version { core, found }.into()),
            other => Err(Breach::Unexpected { expected: "`ready`", found: other.word() }.into()),
        }
    }

    pub(super) fn ask(&mut self, mono: u64, input: Input) -> Result<(Vec<Output>, Option<SimTime>), CoreError> {
        self.handled += 1;
        let expected = self.handled;
        let now = Now { mono: SimTime(mono), wall: FileTime(134_169_120_000_000_000) };
        let until = self.say("handle", &ToCore::Handle { number: expected, now, input })?;
        let mut outputs = Vec::new();
        loop {
            let message = self.hear(until)?;
            let word = message.word();
            let found = match message {
                FromCore::Output(output) if output.number == expected => {
                    if outputs.len() == self.wire.limits.outputs {
                        return Err(Breach::TooManyOutputs { number: expected, most: outputs.len() }.into());
                    }
                    outputs.push((*output).into());
                    continue;
                }
                FromCore::Idle { number, deadline } if number == expected => return Ok((outputs, deadline)),
                FromCore::Output(output) => output.number,
                FromCore::Idle { number, .. } => number,
                FromCore::Ready { .. } | FromCore::Error(_) => {
                    return Err(Breach::Unexpected { expected: "`output` or `idle`", found: word }.into());
                }
            };
            return Err(Breach::OtherInput { expected, message: word, found }.into());
        }
    }

    /// The first input of a user's core: the outputs and the deadline.
    pub(super) fn log_on(&mut self) -> Result<(Vec<Output>, Option<SimTime>), CoreError> {
        self.begin(VERSION)?;
        self.ask(0, Input::Trigger(Trigger::of(TriggerCause::Logon)))
    }

    pub(super) fn first_effect(&mut self) -> Result<EffectId, CoreError> {
        let (outputs, _) = self.log_on()?;
        let effect = outputs.iter().find_map(|output| match output.body {
            OutputBody::Effect { id, .. } => Some(id),
            _ => None,
        });
        effect.ok_or_else(|| CoreError::failed("expected an effect after a logon, such as `read-settings`, found none"))
    }

    /// Says what is no message of any version, after the start; the core has to answer with `error`.
    pub(super) fn must_refuse(&mut self, message: &Value) -> Result<(), CoreError> {
        let until = self.wire.say(message)?;
        let answered = self.hear(until).map(|message| message.word());
        self.refused(answered)
    }

    /// The core has answered with `error`, of whichever form.
    pub(super) fn refused<T>(&self, answered: Result<T, CoreError>) -> Result<(), CoreError> {
        match answered {
            Err(_) if self.refused => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(CoreError::failed("expected `error`, found an answer")),
        }
    }
}
