//! Codes in facts: number and name, as they are shown.

use autoenroll_model::{HRESULT_NAMES, HResult};

use crate::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggestion::suggestion;

/// A text that is not how records state a code: what is wrong with it, and what to write.
pub(super) fn code_problem(text: &str, span: Span) -> Option<Diagnostic> {
    let (number, name) = parts(text);
    if number.is_some_and(|code| code.to_string() == text) {
        return None;
    }
    let by_name = name.and_then(HResult::from_name);
    let suggestion = name.and_then(|name| suggestion(name, HRESULT_NAMES.iter().map(|(_, known)| *known)));
    let meant = number.or(by_name).or_else(|| suggestion.and_then(HResult::from_name));
    let write = |code: HResult| format!("write \"{code}\"");
    let (message, help) = match (number, name, by_name) {
        (Some(number), Some(name), Some(other)) if number != other => {
            let message = format!("{} and {name} are two codes", shown(number));
            let either = number.name().map_or_else(|| write(other), |_| format!("write \"{number}\" or \"{other}\""));
            (message, either)
        }
        (Some(number), Some(name), None) => (format!("no code is named `{name}`"), write(number)),
        (Some(number), ..) => (format!("`{text}` is not how the code is shown"), write(number)),
        (None, Some(name), None) => {
            let help = match meant {
                Some(code) => format!("did you mean \"{code}\"?"),
                None => "write number and name, as in \"0x80070005 E_ACCESSDENIED\"".to_owned(),
            };
            (format!("no code is named `{name}`"), help)
        }
        (None, ..) => {
            let help =
                meant.map_or_else(|| "write number and name, as in \"0x80070005 E_ACCESSDENIED\"".to_owned(), write);
            (format!("`{text}` is not how a code is written: number and name"), help)
        }
    };
    Some(Diagnostic::error(Code::Malformed, message, span).help(help))
}

/// The code that is written as a number.
pub(super) fn of_number(number: i64) -> Option<HResult> {
    // Programs also print them with a sign.
    let bits = u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))?;
    Some(HResult(bits)).filter(|code| code.name().is_some())
}

/// Number and name of a text, as far as they are there.
fn parts(text: &str) -> (Option<HResult>, Option<&str>) {
    let mut words = text.split_whitespace().peekable();
    let digits = words.peek().and_then(|word| word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")));
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).map(HResult);
    if number.is_some() {
        words.next();
    }
    (number, words.next())
}

fn shown(code: HResult) -> String {
    format!("0x{:08X}", code.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_code_is_told_with_the_code_to_write() {
        let check = |text: &str, message: &str, help: &str| {
            let problem = code_problem(text, Span::default()).unwrap_or_else(|| panic!("{text} is right"));
            assert_eq!((problem.message.as_str(), problem.help.as_deref()), (message, Some(help)), "{text}");
        };
        let blocked = "write \"0x8010006C SCARD_W_CHV_BLOCKED\"";
        check(
            "0x8010006c SCARD_W_CHV_BLOCKED",
            "`0x8010006c SCARD_W_CHV_BLOCKED` is not how the code is shown",
            blocked,
        );
        check("0x8010006C", "`0x8010006C` is not how the code is shown", blocked);
        check("0x8010006C SCARD_W_CHV_BLOKED", "no code is named `SCARD_W_CHV_BLOKED`", blocked);
        check("SCARD_W_CHV_BLOCKED", "`SCARD_W_CHV_BLOCKED` is not how a code is written: number and name", blocked);
        check(
            "0x8010006C E_ACCESSDENIED",
            "0x8010006C and E_ACCESSDENIED are two codes",
            "write \"0x8010006C SCARD_W_CHV_BLOCKED\" or \"0x80070005 E_ACCESSDENIED\"",
        );
        check("E_ACCESDENIED", "no code is named `E_ACCESDENIED`", "did you mean \"0x80070005 E_ACCESSDENIED\"?");
        assert_eq!(code_problem("0x8010006C SCARD_W_CHV_BLOCKED", Span::default()), None);
        assert_eq!(of_number(0x8010_006C), of_number(-2_146_434_964));
    }
}
