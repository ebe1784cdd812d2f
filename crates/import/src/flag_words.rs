//! Flags as words: certipy and BloodHound print the constants of [MS-CRTD] without their prefix, each in its own case.

use autoenroll_model::{EnrollmentFlags, NameFlags, PrivateKeyFlags};

/// Words of one attribute with their bits.
pub(crate) type Words = Vec<(String, u32)>;

/// Letters and digits only, in lower case.
fn bare(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Words of `msPKI-Certificate-Name-Flag`.
pub(crate) fn name_flags() -> Words {
    /// Flags without a name in [MS-CRTD] that other programs know.
    const UNNAMED: [(&str, u32); 3] = [("addemail", 0x2), ("addobjguid", 0x4), ("adddirectorypath", 0x100)];
    let named = NameFlags::WORDS.iter().map(|(word, flag)| (bare(word), flag.bits()));
    named.chain(UNNAMED.map(|(word, bit)| (word.to_owned(), bit))).collect()
}

/// Words of `msPKI-Enrollment-Flag`.
pub(crate) fn enrollment_flags() -> Words {
    EnrollmentFlags::WORDS.iter().map(|(word, flag)| (bare(word), flag.bits())).collect()
}

/// Words of `msPKI-Private-Key-Flag`.
pub(crate) fn private_key_flags() -> Words {
    PrivateKeyFlags::WORDS.iter().map(|(word, flag)| (bare(word), flag.bits())).collect()
}

/// The bits of a word: a constant with or without its prefix, or a number; none where it is not known.
pub(crate) fn bits(words: &Words, word: &str) -> Option<u32> {
    if let Ok(number) = word.trim().parse::<i64>() {
        return u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(|number| number as u32));
    }
    let word = bare(word);
    let word = ["ctflag", "ctprivatekeyflag"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    if matches!(word, "none" | "attestnone") {
        return Some(0);
    }
    words.iter().find(|(known, _)| known == word).map(|(_, bit)| *bit)
}

/// A flag word as the directory prints it: 32 bits, signed.
pub(crate) fn printed(bits: u32) -> String {
    (bits as i32).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_program_are_known() {
        let check =
            |words: &Words, word: &str, expected: Option<u32>| assert_eq!(bits(words, word), expected, "{word}");
        check(&name_flags(), "SubjectAltRequireUpn", Some(0x0200_0000));
        check(&name_flags(), "SUBJECT_ALT_REQUIRE_UPN", Some(0x0200_0000));
        check(&name_flags(), "CT_FLAG_SUBJECT_ALT_REQUIRE_UPN", Some(0x0200_0000));
        check(&name_flags(), "ADD_EMAIL", Some(2));
        check(&enrollment_flags(), "AUTO_ENROLLMENT", Some(0x20));
        check(&enrollment_flags(), "None", Some(0));
        check(&enrollment_flags(), "DANCE", None);
        check(&private_key_flags(), "CTPRIVATEKEY_FLAG_EXPORTABLE_KEY", Some(0x10));
        check(&private_key_flags(), "AttestNone", Some(0));
        check(&private_key_flags(), "-2147483648", Some(0x8000_0000));
        check(&private_key_flags(), "4294967296", None);
    }
}
