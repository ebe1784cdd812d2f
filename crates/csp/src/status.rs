//! Status words as failure codes.
//!
//! Sources: minidriver specification for the codes each function returns; ISO 7816-4 table 6 for the status words.

use autoenroll_apdu::StatusWord;
use autoenroll_model::HResult;

use crate::script::Halt;

/// The code for a command that is not about a PIN or key. `verified` says whether a PIN was given and accepted, which tells
/// a card that wants a PIN from one that refuses it a right.
pub(crate) const fn code(sw: StatusWord, verified: bool) -> HResult {
    match sw {
        StatusWord::SECURITY_STATUS if verified => HResult::SCARD_W_SECURITY_VIOLATION,
        StatusWord::SECURITY_STATUS => HResult::SCARD_W_CARD_NOT_AUTHENTICATED,
        // X6.2.0x8010006C
        StatusWord::BLOCKED => HResult::SCARD_W_CHV_BLOCKED,
        StatusWord::FILE_NOT_FOUND | StatusWord::REFERENCE_NOT_FOUND => HResult::SCARD_E_FILE_NOT_FOUND,
        StatusWord::NO_SPACE => HResult::SCARD_E_WRITE_TOO_MANY,
        // X6.2.0x80100022
        StatusWord::NOT_SUPPORTED
        | StatusWord::WRONG_P1P2
        | StatusWord::INS_NOT_SUPPORTED
        | StatusWord::CLA_NOT_SUPPORTED => HResult::SCARD_E_UNSUPPORTED_FEATURE,
        // X6.3.0x80090020
        _ => HResult::NTE_FAIL,
    }
}

/// The code for a command about a key: to create, generate, choose or use it.
pub(crate) const fn key_code(sw: StatusWord, verified: bool) -> HResult {
    match sw {
        // X6.3.0x80090008
        StatusWord::WRONG_DATA | StatusWord::REFERENCE_NOT_USABLE => HResult::NTE_BAD_ALGID,
        StatusWord::FILE_NOT_FOUND | StatusWord::REFERENCE_NOT_FOUND => HResult::NTE_NO_KEY,
        _ => code(sw, verified),
    }
}

/// What VERIFY came to. A counter of 0 is still a wrong PIN; only the next one meets a blocked card.
pub(crate) fn verify(sw: StatusWord) -> Result<(), Halt> {
    match (sw, sw.retries()) {
        (StatusWord::OK, _) => Ok(()),
        (StatusWord::AUTHENTICATION_FAILED, _) => Err(Halt::WrongPin(None)),
        // K8.4.attempts, X6.2.0x8010006B
        (_, Some(tries)) => Err(Halt::WrongPin(Some(tries))),
        _ => Err(Halt::Failed(code(sw, false))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_tells_wrong_from_blocked() {
        let check = |sw: u16, expected: Result<(), Halt>| assert_eq!(verify(StatusWord(sw)), expected, "{sw:04X}");
        check(0x9000, Ok(()));
        check(0x63C2, Err(Halt::WrongPin(Some(2))));
        check(0x63C0, Err(Halt::WrongPin(Some(0))));
        check(0x6300, Err(Halt::WrongPin(None)));
        check(0x6983, Err(Halt::Failed(HResult::SCARD_W_CHV_BLOCKED)));
        check(0x6F00, Err(Halt::Failed(HResult::NTE_FAIL)));
    }

    #[test]
    fn codes_depend_on_what_was_asked() {
        let check = |sw: u16, file: HResult, key: HResult| {
            assert_eq!((code(StatusWord(sw), true), key_code(StatusWord(sw), true)), (file, key), "{sw:04X}");
        };
        check(0x6982, HResult::SCARD_W_SECURITY_VIOLATION, HResult::SCARD_W_SECURITY_VIOLATION);
        check(0x6A82, HResult::SCARD_E_FILE_NOT_FOUND, HResult::NTE_NO_KEY);
        check(0x6A88, HResult::SCARD_E_FILE_NOT_FOUND, HResult::NTE_NO_KEY);
        check(0x6A80, HResult::NTE_FAIL, HResult::NTE_BAD_ALGID);
        check(0x6A81, HResult::SCARD_E_UNSUPPORTED_FEATURE, HResult::SCARD_E_UNSUPPORTED_FEATURE);
        check(0x6A84, HResult::SCARD_E_WRITE_TOO_MANY, HResult::SCARD_E_WRITE_TOO_MANY);
        assert_eq!(code(StatusWord::SECURITY_STATUS, false), HResult::SCARD_W_CARD_NOT_AUTHENTICATED);
    }
}
