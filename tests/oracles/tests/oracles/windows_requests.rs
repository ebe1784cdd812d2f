//! Requests that real Windows clients made, where a copy of them lies beside the project: what our CA decides on each
//! is compared with `windows-requests.toml`, which was written before.

use crate::suite;
use autoenroll_ca::Ca;
use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::{Disposition, EnrollmentFlags, GeneralFlags, HResult, NameFlags, Oid, Submission, Template};
use autoenroll_oracles::lab::{self, CA, alice, start};
use autoenroll_wire::{Certificate, Request, TemplateReference, oids};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    situation: Vec<Situation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    name: String,
    submitted: Vec<String>,
    template: Described,
    expect: Vec<Expected>,
}

/// What the template of the CA is like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Described {
    names: Names,
    minimal_key_size: u32,
    #[serde(default)]
    pend: bool,
    #[serde(default)]
    closed: bool,
    /// The template that the CMC request names, in this version.
    of_the_cmc_request: Option<String>,
    /// Another template of the CA.
    beside: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Names {
    Request,
    Directory,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    requests: Vec<String>,
    #[serde(default)]
    others: bool,
    decision: String,
    code: Option<u32>,
    names: Option<Names>,
    source: String,
}

impl Described {
    fn template(&self, name: &str, of_the_cmc_request: Option<(&Oid, &str)>) -> Template {
        let flags = if self.pend { EnrollmentFlags::PEND_ALL_REQUESTS } else { EnrollmentFlags::empty() };
        let mut template = Template {
            minimal_key_size: self.minimal_key_size,
            name_flags: match self.names {
                Names::Request => NameFlags::ENROLLEE_SUPPLIES_SUBJECT,
                Names::Directory => NameFlags::SUBJECT_REQUIRE_COMMON_NAME | NameFlags::SUBJECT_ALT_REQUIRE_DNS,
            },
            flags: GeneralFlags::MACHINE_TYPE,
            enrollment_flags: Some(flags),
            security: lab::security(!self.closed),
            ..lab::template(name)
        };
        if let Some((oid, version)) = of_the_cmc_request {
            let (major, minor) = version.split_once('.').expect("two numbers");
            template.oid = Some(oid.clone());
            template.revision = major.parse().expect("a number");
            template.minor = minor.parse().expect("a number");
        }
        template
    }

    fn ca(&self, oid: &Oid) -> Ca {
        let templates = match (&self.of_the_cmc_request, &self.beside) {
            (None, _) => vec![self.template("WebServer", None)],
            (Some(version), beside) => {
                let named = self.template("Named", Some((oid, version)));
                beside.iter().map(|name| self.template(name, None)).chain([named]).collect()
            }
        };
        lab::ca(KeyAlgorithm::P256, templates)
    }
}

impl Situation {
    /// What is expected of a file.
    fn of(&self, file: &str) -> &Expected {
        let number = file.split('_').next().expect("names begin with a number");
        let named = |expected: &&Expected| expected.requests.iter().any(|request| request == number);
        let mut expected = self.expect.iter().filter(named);
        let first = expected.next().or_else(|| self.expect.iter().find(|expected| expected.others));
        assert!(expected.next().is_none(), "{}: {file} stands in several lines", self.name);
        first.unwrap_or_else(|| panic!("{}: nothing is expected of {file}", self.name))
    }

    fn submission(&self, request: &[u8]) -> Submission {
        let pair = |pair: &String| {
            let (name, value) = pair.split_once(':').expect("name:value");
            (name.to_owned(), value.to_owned())
        };
        Submission {
            ca: CA.into(),
            host: "ca1.contoso.test".into(),
            flags: 0,
            attributes: self.submitted.iter().map(pair).collect(),
            request: request.to_vec(),
        }
    }
}

#[test]
fn the_ca_decides_on_windows_requests_as_the_table_says() {
    let table: Table = toml::from_str(include_str!("../../windows-requests.toml")).expect("the table");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/requests");
    if !folder.exists() {
        eprintln!("no real requests beside the project: nothing is checked here");
        return;
    }
    let requests = suite::files(&folder, ".der");
    let cmc = requests.iter().find(|(name, _)| name.starts_with("36_")).expect("the CMC request").1;
    let cmc = Request::parse(cmc).expect("a CMC request");
    let Ok(Some(TemplateReference::Oid { oid, .. })) = cmc.pkcs10().extensions().expect("well-formed").template()
    else {
        panic!("the CMC request names its template");
    };
    for situation in &table.situation {
        for (file, request) in &requests {
            check(situation, &oid, file, request);
        }
    }
}

fn check(situation: &Situation, oid: &Oid, file: &str, request: &[u8]) {
    let expected = situation.of(file);
    assert!(!expected.source.is_empty());
    let reply = situation.template.ca(oid).submit(start(), &alice(), &situation.submission(request));
    let wanted = match (expected.decision.as_str(), expected.code) {
        ("issued", None) => Disposition::Issued,
        ("pending", None) => Disposition::Pending,
        ("denied", Some(code)) => Disposition::Denied(HResult(code)),
        other => panic!("{}: {other:?} is no decision", situation.name),
    };
    assert_eq!(reply.disposition, wanted, "{}: {file}: {} ({})", situation.name, reply.message, expected.source);
    let Some(certificate) = reply.certificate else { return };
    let certificate = Certificate::parse(&certificate).expect("our own");
    let asked = Request::parse(request).expect("a real request");
    let asked = asked.pkcs10();
    assert_eq!(certificate.public_key, asked.public_key, "{file}");
    let alternative =
        |extensions: &autoenroll_wire::Extensions| extensions.get(oids::SUBJECT_ALT_NAME).map(|one| one.value.clone());
    match expected.names {
        Some(Names::Request) => {
            assert_eq!(certificate.subject_der, asked.subject_der, "{file}");
            assert_eq!(
                alternative(&certificate.extensions),
                alternative(&asked.extensions().expect("well-formed")),
                "{file}"
            );
        }
        Some(Names::Directory) => {
            assert_eq!(certificate.subject.common_name(), alice().dns, "{file}");
            assert_eq!(certificate.dns_name(), alice().dns, "{file}");
        }
        None => panic!("{}: where do the names come from?", situation.name),
    }
}
