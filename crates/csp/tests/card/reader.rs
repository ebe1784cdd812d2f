//! A reader with a virtual card in it, and the operations that tests run on it.

use autoenroll_apdu::gids::{CardCacheFile, FileId, commands, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, Response, StatusWord, describe, get_response};
use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_csp::{CardAnswer, MinidriverSettings, Operation, Pin, Step, Target, container_name, step};
use autoenroll_keys::Seed;
use autoenroll_model::{
    CardDescription, CardOperation, CardSerial, EffectResult, HResult, KeyAlgorithm, KeyPlace, KeySpec, ProviderDialogs,
};

pub(crate) const PIN: &str = "1234";
const SERIAL: [u8; 16] = *b"alice's new card";

pub(crate) struct Reader {
    pub(crate) card: Card,
    /// One line for each APDU sent so far.
    pub(crate) trace: Vec<String>,
    /// New containers named so far.
    named: u8,
    /// How the card is spoken to.
    pub(crate) minidriver: MinidriverSettings,
}

/// What goes wrong at the n-th command of an operation, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// The card is pulled and never sees the command.
    PulledBefore(usize),
    /// The card carries it out and is pulled; the answer is lost.
    PulledAfter(usize),
    /// The card stays, but refuses the command.
    Refused(usize, StatusWord),
}

impl Reader {
    /// With a card that is initialised and holds nothing.
    pub(crate) fn with(profile: &str) -> Self {
        let mut reader = Self::with_blank(profile);
        reader.card.personalise(&Personalisation::new(PIN.as_bytes(), [7; 24])).unwrap();
        reader
    }

    pub(crate) fn with_blank(profile: &str) -> Self {
        let card = Card::new(CardProfile::named(profile).unwrap(), SERIAL, Seed::from(1));
        Self { card, trace: Vec::new(), named: 0, minidriver: MinidriverSettings::default() }
    }

    /// Runs an operation to its end, with the right PIN.
    pub(crate) fn run(&mut self, operation: CardOperation) -> EffectResult {
        self.run_with(operation, Some(PIN))
    }

    pub(crate) fn run_with(&mut self, operation: CardOperation, pin: Option<&str>) -> EffectResult {
        let operation = self.perform(operation, pin);
        done(self.run_into(Fault::None, &operation).0)
    }

    /// The operation as a driver starts it, with a name for a new container.
    pub(crate) fn perform(&mut self, operation: CardOperation, pin: Option<&str>) -> Operation {
        if matches!(operation, CardOperation::Generate { overwrite: None, .. }) {
            self.named += 1;
        }
        let new_key = KeyPlace {
            provider: "Base CSP".into(),
            container: container_name(&[self.named; 32]),
            card: Some(CardSerial("this card".into())),
        };
        let max_containers = self.card.profile().capacity.containers;
        Operation::Perform {
            operation,
            pin: pin.map(Pin::new),
            target: Box::new(Target {
                new_key,
                minidriver: self.minidriver.clone(),
                max_containers,
                pin_lengths: self.card.profile().pin.lengths(),
                entropy: [0x5A; 32],
                dialogs: ProviderDialogs::default(),
            }),
        }
    }

    /// Runs an operation in which something may go wrong; gives the last step and the number of commands sent.
    pub(crate) fn run_into(&mut self, fault: Fault, operation: &Operation) -> (Step, usize) {
        self.card.power_on();
        let mut answers = Vec::new();
        let mut commands = Vec::new();
        let last = loop {
            let command = match step(operation, &answers) {
                Step::Send(command) => command,
                last => break last,
            };
            commands.push(command.clone());
            assert!(commands.len() <= 1_024, "an operation without end");
            let now = commands.len();
            answers.push(match fault {
                Fault::PulledBefore(at) if at == now => {
                    self.card.power_off();
                    CardAnswer::CardGone(HResult::SCARD_W_REMOVED_CARD)
                }
                Fault::PulledAfter(at) if at == now => {
                    self.transmit(&command);
                    self.card.power_off();
                    CardAnswer::Response(Vec::new())
                }
                Fault::Refused(at, sw) if at == now => {
                    // A card that refuses a piece of a chain forgets the chain; any other command makes this one do so.
                    self.card.transmit(&get_response(256).encode().unwrap());
                    CardAnswer::Response(Response::status(sw).encode())
                }
                _ => self.transmit(&command),
            });
        };
        // A suspended operation is nothing but its answers so far.
        for (sent, command) in commands.iter().enumerate() {
            assert_eq!(step(operation, &answers[..sent]), Step::Send(command.clone()), "replayed after {sent}");
        }
        (last, commands.len())
    }

    fn transmit(&mut self, command: &Command) -> CardAnswer {
        let bytes = command.encode().unwrap();
        assert!(bytes.len() <= 261, "a short APDU: {}", describe(command));
        let answer = self.card.transmit(&bytes);
        let status = match Response::parse(&answer) {
            Ok(response) if response.sw.is_ok() => String::new(),
            Ok(response) => format!("{} {}", response.sw, response.sw.describe()),
            Err(_) => "no answer".into(),
        };
        self.trace.push(format!("  {:<44} {status}", describe(command)).trim_end().to_owned());
        CardAnswer::Response(answer)
    }

    pub(crate) fn describe(&mut self) -> CardDescription {
        match self.run_with(CardOperation::Describe, None) {
            EffectResult::Card(description) => description,
            other => panic!("not described: {other:?}"),
        }
    }

    /// The value of a data object that everyone may read.
    pub(crate) fn object(&mut self, file: FileId, object: Tag) -> Vec<u8> {
        self.card.power_on();
        self.card.transmit(&commands::select_application().encode().unwrap());
        let answer = self.card.transmit(&commands::get_data(file, object).encode().unwrap());
        let response = Response::parse(&answer).unwrap();
        tlv::read_only(&response.data, object).unwrap().to_vec()
    }

    /// The card cache file.
    pub(crate) fn cache(&mut self) -> CardCacheFile {
        CardCacheFile::parse(&self.object(FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE)).unwrap()
    }

    /// Makes a container with an RSA-1024 exchange key; gives its name.
    pub(crate) fn generate(&mut self) -> String {
        match self.run(generate(KeyAlgorithm::Rsa1024)) {
            EffectResult::Generated { key, .. } => key.container,
            other => panic!("not generated: {other:?}"),
        }
    }
}

pub(crate) fn done(step: Step) -> EffectResult {
    match step {
        Step::Done(result) => result,
        other => panic!("not done: {other:?}"),
    }
}

/// Generation of an exchange key in a new container, not the default.
pub(crate) fn generate(algorithm: KeyAlgorithm) -> CardOperation {
    CardOperation::Generate { algorithm, key_spec: KeySpec::Exchange, make_default: false, overwrite: None }
}

/// The same, with the default flag moved to it.
pub(crate) fn generate_default() -> CardOperation {
    CardOperation::Generate {
        algorithm: KeyAlgorithm::Rsa1024,
        key_spec: KeySpec::Exchange,
        make_default: true,
        overwrite: None,
    }
}

/// Generation over what a container holds.
pub(crate) fn overwrite(container: &str) -> CardOperation {
    CardOperation::Generate {
        algorithm: KeyAlgorithm::Rsa1024,
        key_spec: KeySpec::Exchange,
        make_default: false,
        overwrite: Some(container.into()),
    }
}

pub(crate) fn write_certificate(container: &str, certificate: &[u8]) -> CardOperation {
    CardOperation::WriteCertificate { container: container.into(), certificate: certificate.to_vec() }
}

pub(crate) fn read_certificate(container: &str) -> CardOperation {
    CardOperation::ReadCertificate { container: container.into() }
}

pub(crate) fn set_default(container: &str) -> CardOperation {
    CardOperation::SetDefault { container: container.into() }
}

pub(crate) fn delete(container: &str) -> CardOperation {
    CardOperation::Delete { container: container.into() }
}

/// Bytes that compress about as well as a certificate: hardly.
pub(crate) fn certificate(length: usize, salt: u8) -> Vec<u8> {
    let noise = (0_u32..).flat_map(|block| autoenroll_keys::sha256(&[&block.to_be_bytes()[..], &[salt]].concat()));
    noise.take(length).collect()
}

/// A description on one line: `0 name [default] [key] [certificate], ...; free n; tries n`.
pub(crate) fn summary(description: &CardDescription) -> String {
    let containers = description.containers.iter().map(|container| {
        let words =
            [(container.default, " default"), (container.has_key, " key"), (container.has_certificate, " cert")];
        let words: String = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        format!("{} {}{words}", container.index, &container.name[..container.name.len().min(8)])
    });
    let containers: Vec<String> = containers.collect();
    let tries = description.tries_left.map_or("unknown".into(), |tries| tries.to_string());
    format!("[{}] free {}, tries {tries}", containers.join(", "), description.free_containers)
}
