//! python-cryptography reads the template extension of every certificate as we wrote it.

use crate::suite;
use autoenroll_oracles::tools;
use autoenroll_wire::{Certificate, TemplateReference};

#[test]
fn cryptography_reads_the_same_template() {
    let Some(mut command) = tools::python("template_extension.py") else { return };
    let printed = tools::printed(command.arg(suite::folder()));
    let said = suite::lines(&printed);
    let mut named = 0;
    for (name, der) in suite::files(suite::folder(), ".cer.der") {
        let template =
            Certificate::parse(&der).expect("our own certificate").extensions.template_oid().expect("well-formed");
        let expected = match template {
            Some(TemplateReference::Oid { oid, major: Some(major), minor: Some(minor) }) => {
                format!("{oid} {major} {minor}")
            }
            Some(other) => panic!("{name}: {other}"),
            None => "none".to_owned(),
        };
        assert_eq!(said.get(name.as_str()), Some(&expected.as_str()), "{name}");
        named += usize::from(expected != "none");
    }
    assert!(named > 15, "there are certificates of version 2 templates");
}
