//! The many ways in which PC/SC says that there is no card to talk to, as one.

use autoenroll_model::HResult;
use autoenroll_world::CardGone;
use pcsc::Error;

/// What a failed PC/SC call means for the user of the card.
///
/// pcscd tells a removal in different words, depending on whether it has noticed it yet; a daemon that has gone, too.
#[must_use]
pub const fn card_gone(error: Error) -> CardGone {
    CardGone(match error {
        // The second is what a transmission gets between the removal and the next look at the reader.
        Error::RemovedCard | Error::NotTransacted | Error::CommDataLost => HResult::SCARD_W_REMOVED_CARD,
        // The last is what the library says when the daemon closes the connection: it has died, or refuses us.
        Error::NoService
        | Error::ServiceStopped
        | Error::CommError
        | Error::InternalError
        | Error::InvalidHandle
        | Error::Shutdown
        | Error::SecurityViolation => HResult::SCARD_E_NO_SERVICE,
        Error::NoReadersAvailable | Error::UnknownReader | Error::ReaderUnavailable => {
            HResult::SCARD_E_NO_READERS_AVAILABLE
        }
        // The library's numbers are those of Windows.
        other => HResult(other as u32),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_windows_and_synonyms_are_one() {
        let check = |error: Error, code: HResult| assert_eq!(card_gone(error), CardGone(code), "{error:?}");
        check(Error::RemovedCard, HResult::SCARD_W_REMOVED_CARD);
        check(Error::NotTransacted, HResult::SCARD_W_REMOVED_CARD);
        check(Error::ResetCard, HResult::SCARD_W_RESET_CARD);
        check(Error::UnpoweredCard, HResult::SCARD_W_UNPOWERED_CARD);
        check(Error::UnresponsiveCard, HResult::SCARD_W_UNRESPONSIVE_CARD);
        check(Error::NoSmartcard, HResult::SCARD_E_NO_SMARTCARD);
        check(Error::SharingViolation, HResult::SCARD_E_SHARING_VIOLATION);
        check(Error::Timeout, HResult::SCARD_E_TIMEOUT);
        check(Error::NoService, HResult::SCARD_E_NO_SERVICE);
        check(Error::InternalError, HResult::SCARD_E_NO_SERVICE);
        check(Error::SecurityViolation, HResult::SCARD_E_NO_SERVICE);
        check(Error::UnknownReader, HResult::SCARD_E_NO_READERS_AVAILABLE);
    }
}
