//! What `certipy find -json` printed, versions 4.8.2 and 5.1.0, about the same directory.

use crate::files::file;

#[test]
fn both_versions_say_the_same() {
    let (four, five) = (file("certipy-find-4.json"), file("certipy-find-5.json"));
    assert_eq!(four.authorities, five.authorities);
    assert_eq!(five.templates.len(), 3);
    for (four, five) in four.templates.iter().zip(five.templates) {
        let (mut four, mut five) = (four.template.clone(), five.template);
        // Version 4 prints neither the version, nor periods of minutes; version 5 no flags without a name.
        five.schema = None;
        if four.validity.0 == 0 {
            five.validity = four.validity;
        }
        four.private_key_flags &= five.private_key_flags;
        assert_eq!(four, five);
    }
}
