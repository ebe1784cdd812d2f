//! Coverage marks: every decision the card takes, by instruction and outcome.
//!
//! A mark is the decision itself: the handlers return it, and the status word follows from it. So no answer can leave
//! without its mark, and a test can demand that all of them were seen.

use core::fmt;

use autoenroll_apdu::StatusWord;

use crate::profile::Applet;

/// Defines [`Mark`], its list and its status words from one table.
macro_rules! marks {
    ($( $(#[$doc:meta])* $name:ident = $sw:literal, )*) => {
        /// One decision of the card. The comment on each says when it is taken, the number is the status word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Mark { $( $(#[$doc])* $name, )* }

        impl Mark {
            /// All marks, in the order of their definition.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            const fn word(self) -> u16 {
                match self { $( Self::$name => $sw, )* }
            }
        }
    };
}

marks! {
    /// Bytes that are no command APDU.
    Malformed = 0x6700,
    /// A class other than 00 and 10.
    Class = 0x6E00,
    /// The application was terminated.
    Terminated = 0x6285,
    /// Any instruction but SELECT before the application is selected.
    NotSelected = 0x6D00,
    /// An instruction the card does not have.
    Instruction = 0x6D00,
    /// A piece of a chain that is not the last.
    ChainMore = 0x9000,
    /// Another command where the rest of a chain was expected.
    ChainBroken = 0x6883,
    /// A chain of more than 65,535 bytes.
    ChainTooLong = 0x6700,

    /// GET RESPONSE: more of the last answer. (61xx while something remains.)
    ResponseNext = 0x9000,
    /// GET RESPONSE: nothing is waiting.
    ResponseNone = 0x6985,
    /// GET RESPONSE: P1 P2 are not zero.
    ResponseP1P2 = 0x6A86,

    /// SELECT: the application, by its identifier.
    SelectApplication = 0x9000,
    /// SELECT: another application.
    SelectUnknownApplication = 0x6A82,
    /// SELECT: the application by 3FFF.
    SelectApplicationFile = 0x9000,
    /// SELECT: an elementary file.
    SelectFile = 0x9000,
    /// SELECT: no such file.
    SelectUnknownFile = 0x6A82,
    /// SELECT: P1 other than 00 and 04.
    SelectP1 = 0x6A86,
    /// SELECT: a P2 that is unknown, or asks an elementary file for what only the application has.
    SelectP2 = 0x6A86,
    /// SELECT: a file identifier that has not two bytes.
    SelectLength = 0x6700,

    /// VERIFY: the right PIN.
    VerifyRight = 0x9000,
    /// VERIFY: a wrong PIN; the counter goes down.
    VerifyWrong = 0x63C0,
    /// VERIFY: the PIN is blocked.
    VerifyBlocked = 0x6983,
    /// VERIFY: a PIN of a length no PIN has; the counter stays.
    VerifyLength = 0x63C0,
    /// VERIFY: no PIN was ever set.
    VerifyNoPin = 0x6A88,
    /// VERIFY without data: a PIN is needed.
    VerifyNeeded = 0x63C0,
    /// VERIFY without data: no PIN is needed now.
    VerifyNotNeeded = 0x9000,
    /// VERIFY: P2 names no PIN.
    VerifyP2 = 0x6A88,
    /// VERIFY: P1 is not zero.
    VerifyP1 = 0x6A86,
    /// VERIFY with P2 82: deauthenticated (GIDS).
    Deauthenticate = 0x9000,
    /// VERIFY with P2 82, and with data.
    DeauthenticateLength = 0x6700,

    /// CHANGE REFERENCE DATA: the old PIN was right, the new one is set.
    ChangeDone = 0x9000,
    /// CHANGE REFERENCE DATA: the old PIN was wrong; the counter goes down.
    ChangeWrong = 0x63C0,
    /// CHANGE REFERENCE DATA: the PIN is blocked.
    ChangeBlocked = 0x6983,
    /// CHANGE REFERENCE DATA: no old PIN, or a new one of a length no PIN has.
    ChangeLength = 0x6700,
    /// CHANGE REFERENCE DATA: no PIN was ever set.
    ChangeNoPin = 0x6A88,
    /// CHANGE REFERENCE DATA: PIN set before the card is operational.
    SetPinInitial = 0x9000,
    /// CHANGE REFERENCE DATA: PIN replaced by the user, who is logged in.
    SetPinVerified = 0x9000,
    /// CHANGE REFERENCE DATA: PIN not set, the user is not logged in.
    SetPinRefused = 0x6982,
    /// CHANGE REFERENCE DATA: P2 names no PIN; there is no PUK.
    ChangeP2 = 0x6A88,
    /// CHANGE REFERENCE DATA: P1 other than 00 and 01.
    ChangeP1 = 0x6A86,

    /// RESET RETRY COUNTER: new PIN set, counter reset, user and admin deauthenticated.
    ResetRetryCounterDone = 0x9000,
    /// RESET RETRY COUNTER: before the card is operational.
    ResetRetryCounterInitial = 0x6986,
    /// RESET RETRY COUNTER: no admin authentication.
    ResetRetryCounterRefused = 0x6982,
    /// RESET RETRY COUNTER: a new PIN of a length no PIN has.
    ResetRetryCounterLength = 0x6700,
    /// RESET RETRY COUNTER: P2 names no PIN.
    ResetRetryCounterP2 = 0x6A88,
    /// RESET RETRY COUNTER: P1 other than 02.
    ResetRetryCounterP1 = 0x6A86,

    /// CREATE FILE: done; the file is selected and waits for ACTIVATE FILE.
    CreateDone = 0x9000,
    /// CREATE FILE: the template is broken, contradicts itself or names a reserved identifier.
    CreateData = 0x6A80,
    /// CREATE FILE: neither PIN nor admin.
    CreateRefused = 0x6982,
    /// CREATE FILE: the identifier is taken.
    CreateExists = 0x6A89,
    /// CREATE FILE: no room for another user key.
    CreateContainers = 0x6A84,
    /// CREATE FILE: no memory left.
    CreateMemory = 0x6A84,
    /// CREATE FILE: P1 P2 are not zero.
    CreateP1P2 = 0x6A86,

    /// ACTIVATE FILE: the application becomes operational.
    ActivateApplication = 0x9000,
    /// ACTIVATE FILE: an elementary file becomes usable.
    ActivateFile = 0x9000,
    /// ACTIVATE FILE: it was active already.
    ActivateAgain = 0x9000,
    /// ACTIVATE FILE: neither PIN nor admin.
    ActivateRefused = 0x6982,
    /// ACTIVATE FILE: with data.
    ActivateLength = 0x6700,
    /// ACTIVATE FILE: P1 P2 are not zero.
    ActivateP1P2 = 0x6A86,

    /// DELETE FILE: done; the application is selected.
    DeleteDone = 0x9000,
    /// DELETE FILE: the application cannot be deleted.
    DeleteApplication = 0x6985,
    /// DELETE FILE: the file was not activated yet.
    DeleteInactive = 0x6985,
    /// DELETE FILE: its access condition is not met.
    DeleteRefused = 0x6982,
    /// DELETE FILE: with data.
    DeleteLength = 0x6700,
    /// DELETE FILE: P1 P2 are not zero.
    DeleteP1P2 = 0x6A86,

    /// TERMINATE DF: done, for good.
    TerminateDone = 0x9000,
    /// TERMINATE DF: no admin authentication.
    TerminateRefused = 0x6982,
    /// TERMINATE DF: with data.
    TerminateLength = 0x6700,
    /// TERMINATE DF: P1 P2 are not zero.
    TerminateP1P2 = 0x6A86,

    /// GET DATA: one data object.
    GetObject = 0x9000,
    /// GET DATA: all data objects of a file.
    GetAll = 0x9000,
    /// GET DATA: EF.ATR.
    GetAtr = 0x9000,
    /// GET DATA: state of the PIN.
    GetPinStatus = 0x9000,
    /// GET DATA: an object the application does not have, such as the state of a PUK.
    GetNoStatus = 0x6A88,
    /// GET DATA: a public key.
    GetKey = 0x9000,
    /// GET DATA: no such key file, or no key in it.
    GetNoKey = 0x6A88,
    /// GET DATA: the key may not be read.
    GetKeyRefused = 0x6982,
    /// GET DATA: the key's file was not activated yet.
    GetKeyInactive = 0x6985,
    /// GET DATA: neither a tag list nor a key template.
    GetSyntax = 0x6A80,
    /// GET DATA: no such file.
    GetNoFile = 0x6A82,
    /// GET DATA: a key file holds no data objects.
    GetKeyFile = 0x6981,
    /// GET DATA: the file was not activated yet.
    GetInactive = 0x6985,
    /// GET DATA: the access condition for reading is not met.
    GetRefused = 0x6982,
    /// GET DATA: no such data object.
    GetNoObject = 0x6A88,

    /// PUT DATA: written.
    PutObject = 0x9000,
    /// PUT DATA: an empty object written over an empty one, which deletes it.
    PutDeleted = 0x9000,
    /// PUT DATA: written, but the default flags of the container map were dropped (a quirk).
    PutWithoutDefault = 0x9000,
    /// PUT DATA: not exactly one data object.
    PutSyntax = 0x6A80,
    /// PUT DATA: no such file.
    PutNoFile = 0x6A82,
    /// PUT DATA: a key file holds no data objects.
    PutKeyFile = 0x6981,
    /// PUT DATA: the file was not activated yet.
    PutInactive = 0x6985,
    /// PUT DATA: the access condition for writing is not met.
    PutRefused = 0x6982,
    /// PUT DATA: the object is larger than the card allows.
    PutTooLarge = 0x6A84,
    /// PUT DATA: no memory left.
    PutMemory = 0x6A84,

    /// PUT KEY: the admin key.
    PutKeyAdmin = 0x9000,
    /// PUT KEY: a private key.
    PutKeyUser = 0x9000,
    /// PUT KEY: the template is broken, or its key is not one that fits the file.
    PutKeySyntax = 0x6A80,
    /// PUT KEY: no such key file.
    PutKeyNoFile = 0x6A88,
    /// PUT KEY: the key's file was not activated yet.
    PutKeyInactive = 0x6985,
    /// PUT KEY: the access condition is not met.
    PutKeyRefused = 0x6982,
    /// PUT KEY: the card does not have this algorithm, or cannot import it.
    PutKeyAlgorithm = 0x6A81,
    /// PUT KEY: the parts of the private key do not belong together.
    PutKeyParts = 0x6A80,
    /// PUT KEY: no memory left.
    PutKeyMemory = 0x6A84,

    /// GENERATE ASYMMETRIC KEY PAIR: done.
    GenerateDone = 0x9000,
    /// GENERATE ASYMMETRIC KEY PAIR: the template is broken.
    GenerateSyntax = 0x6A80,
    /// GENERATE ASYMMETRIC KEY PAIR: no user key has this reference.
    GenerateNoFile = 0x6984,
    /// GENERATE ASYMMETRIC KEY PAIR: the key's file was not activated yet.
    GenerateInactive = 0x6985,
    /// GENERATE ASYMMETRIC KEY PAIR: the access condition is not met.
    GenerateRefused = 0x6982,
    /// GENERATE ASYMMETRIC KEY PAIR: the card does not have this algorithm.
    GenerateAlgorithm = 0x6A81,
    /// GENERATE ASYMMETRIC KEY PAIR: the file was created for another algorithm.
    GenerateMismatch = 0x6A80,
    /// GENERATE ASYMMETRIC KEY PAIR: no memory left.
    GenerateMemory = 0x6A84,
    /// GENERATE ASYMMETRIC KEY PAIR: P1 P2 are not zero.
    GenerateP1P2 = 0x6A86,

    /// MSE SET: the admin key is set.
    MseAdmin = 0x9000,
    /// MSE SET: a user key is set.
    MseUser = 0x9000,
    /// MSE SET: the template is broken.
    MseSyntax = 0x6A80,
    /// MSE SET: no such key file.
    MseNoFile = 0x6A88,
    /// MSE SET: the key's file was not activated yet.
    MseInactive = 0x6985,
    /// MSE SET: the access condition is not met.
    MseRefused = 0x6982,
    /// MSE SET: the key is not permitted this use.
    MseNotPermitted = 0x6984,
    /// MSE SET: P1 P2 the card does not have.
    MseP1P2 = 0x6A86,

    /// PSO: a digital signature was computed.
    PsoSigned = 0x9000,
    /// PSO: deciphered.
    PsoDeciphered = 0x9000,
    /// PSO: no key was set for it by MSE SET.
    PsoNoKeySet = 0x6985,
    /// PSO: the access condition is not met any more.
    PsoRefused = 0x6982,
    /// PSO: the key file holds no key yet.
    PsoNoKey = 0x6A88,
    /// PSO: input of the wrong length.
    PsoLength = 0x6700,
    /// PSO: the block is, as a number, not below the modulus.
    PsoBlock = 0x6A80,
    /// PSO: wrong padding after deciphering.
    PsoPadding = 0x6A80,
    /// PSO: the key cannot do this (deciphering on an elliptic curve).
    PsoAlgorithm = 0x6A81,
    /// PSO: P1 P2 the card does not have.
    PsoP1P2 = 0x6A86,

    /// GENERAL AUTHENTICATE: a challenge for external authentication.
    AuthenticateChallenge = 0x9000,
    /// GENERAL AUTHENTICATE: the host's challenge answered by the card's.
    AuthenticateMutual = 0x9000,
    /// GENERAL AUTHENTICATE: the response to the challenge is right.
    AuthenticateRight = 0x9000,
    /// GENERAL AUTHENTICATE: the mutual response is right.
    AuthenticateMutualRight = 0x9000,
    /// GENERAL AUTHENTICATE: a wrong response; the challenge is forgotten.
    AuthenticateWrong = 0x6982,
    /// GENERAL AUTHENTICATE: a response without a challenge.
    AuthenticateNoChallenge = 0x6985,
    /// GENERAL AUTHENTICATE: the template is broken.
    AuthenticateSyntax = 0x6A80,
    /// GENERAL AUTHENTICATE: the admin key was not set by MSE SET.
    AuthenticateNoKeySet = 0x6985,
    /// GENERAL AUTHENTICATE: no admin key was ever set.
    AuthenticateNoKey = 0x6A88,
    /// GENERAL AUTHENTICATE: before the card is operational.
    AuthenticateInitial = 0x6986,
    /// GENERAL AUTHENTICATE: P1 P2 are not zero.
    AuthenticateP1P2 = 0x6A86,

    /// PIV SELECT: the application, by its identifier or the beginning of it.
    PivSelect = 0x9000,
    /// PIV SELECT: another application; PIV stays selected if it was.
    PivSelectUnknown = 0x6A82,
    /// PIV SELECT: P1 P2 other than 0400.
    PivSelectP1P2 = 0x6A86,

    /// PIV GET DATA: a data object.
    PivGetObject = 0x9000,
    /// PIV GET DATA: the discovery object.
    PivGetDiscovery = 0x9000,
    /// PIV GET DATA: an object that needs the PIN, be it there or not.
    PivGetRefused = 0x6982,
    /// PIV GET DATA: no such object.
    PivGetNoObject = 0x6A82,
    /// PIV GET DATA: not exactly one tag.
    PivGetSyntax = 0x6A80,
    /// PIV GET DATA: P1 P2 other than 3FFF.
    PivGetP1P2 = 0x6A86,

    /// PIV PUT DATA: written.
    PivPutObject = 0x9000,
    /// PIV PUT DATA: an empty value, which deletes.
    PivPutDeleted = 0x9000,
    /// PIV PUT DATA: the management key was not proved.
    PivPutRefused = 0x6982,
    /// PIV PUT DATA: not one tag and one value.
    PivPutSyntax = 0x6A80,
    /// PIV PUT DATA: an object that cannot be written, such as the discovery object.
    PivPutTag = 0x6A81,
    /// PIV PUT DATA: the object is larger than the card allows.
    PivPutTooLarge = 0x6A84,
    /// PIV PUT DATA: no memory left.
    PivPutMemory = 0x6A84,
    /// PIV PUT DATA: P1 P2 other than 3FFF.
    PivPutP1P2 = 0x6A86,

    /// PIV VERIFY: the right PIN.
    PivVerifyRight = 0x9000,
    /// PIV VERIFY: a wrong PIN; the counter goes down.
    PivVerifyWrong = 0x63C0,
    /// PIV VERIFY: a wrong global PIN; its counter goes down.
    PivVerifyGlobalWrong = 0x63C0,
    /// PIV VERIFY: that PIN is blocked.
    PivVerifyBlocked = 0x6983,
    /// PIV VERIFY: what no PIN can be; the counter stays.
    PivVerifyFormat = 0x6A80,
    /// PIV VERIFY without data: the PIN is needed.
    PivVerifyNeeded = 0x63C0,
    /// PIV VERIFY without data: the global PIN is needed.
    PivVerifyGlobalNeeded = 0x63C0,
    /// PIV VERIFY without data: that PIN was presented.
    PivVerifyNotNeeded = 0x9000,
    /// PIV VERIFY with P1 FF: that PIN counts as not presented.
    PivVerifyReset = 0x9000,
    /// PIV VERIFY: P1 other than 00, or FF with data.
    PivVerifyP1 = 0x6A86,
    /// PIV VERIFY: P2 names no PIN that the card has.
    PivVerifyP2 = 0x6A88,

    /// PIV CHANGE REFERENCE DATA: a new PIN.
    PivChangeDone = 0x9000,
    /// PIV CHANGE REFERENCE DATA: a new PUK.
    PivChangePukDone = 0x9000,
    /// PIV CHANGE REFERENCE DATA: the old PIN was wrong; the counter goes down.
    PivChangeWrong = 0x63C0,
    /// PIV CHANGE REFERENCE DATA: the old PUK was wrong; its counter goes down.
    PivChangePukWrong = 0x63C0,
    /// PIV CHANGE REFERENCE DATA: the old global PIN was wrong; its counter goes down.
    PivChangeGlobalWrong = 0x63C0,
    /// PIV CHANGE REFERENCE DATA: what is to be changed is blocked.
    PivChangeBlocked = 0x6983,
    /// PIV CHANGE REFERENCE DATA: an old value that none can be, or, after a right one, such a new value.
    PivChangeFormat = 0x6A80,
    /// PIV CHANGE REFERENCE DATA: P1 is not zero.
    PivChangeP1 = 0x6A86,
    /// PIV CHANGE REFERENCE DATA: P2 names neither a PIN that the card has nor the PUK.
    PivChangeP2 = 0x6A88,

    /// PIV RESET RETRY COUNTER: a new PIN, all tries are back.
    PivUnblockDone = 0x9000,
    /// PIV RESET RETRY COUNTER: a wrong PUK; its counter goes down, and the PIN counts as not presented.
    PivUnblockWrong = 0x63C0,
    /// PIV RESET RETRY COUNTER: the PUK is blocked.
    PivUnblockBlocked = 0x6983,
    /// PIV RESET RETRY COUNTER: what no PUK can be, or, after a right one, what no PIN can be.
    PivUnblockFormat = 0x6A80,
    /// PIV RESET RETRY COUNTER: P1 is not zero.
    PivUnblockP1 = 0x6A86,
    /// PIV RESET RETRY COUNTER: P2 does not name the PIN of the application.
    PivUnblockP2 = 0x6A88,

    /// PIV GENERAL AUTHENTICATE: a challenge for external authentication.
    PivAuthenticateChallenge = 0x9000,
    /// PIV GENERAL AUTHENTICATE: a witness for mutual authentication.
    PivAuthenticateWitness = 0x9000,
    /// PIV GENERAL AUTHENTICATE: the right response; the management key is proved.
    PivAuthenticateExternal = 0x9000,
    /// PIV GENERAL AUTHENTICATE: the right witness; the management key is proved on both sides.
    PivAuthenticateMutual = 0x9000,
    /// PIV GENERAL AUTHENTICATE: a wrong response or witness, or one to nothing.
    PivAuthenticateWrong = 0x6982,
    /// PIV GENERAL AUTHENTICATE: a template that the management key does not serve.
    PivAuthenticateSyntax = 0x6A80,
    /// PIV GENERAL AUTHENTICATE: another algorithm than the management key's.
    PivAuthenticateAlgorithm = 0x6A86,

    /// PIV GENERAL AUTHENTICATE: an RSA key applied to a block.
    PivAppliedRsa = 0x9000,
    /// PIV GENERAL AUTHENTICATE: an elliptic-curve signature.
    PivSigned = 0x9000,
    /// PIV GENERAL AUTHENTICATE: a shared secret.
    PivAgreed = 0x9000,
    /// PIV GENERAL AUTHENTICATE: P2 names no key.
    PivUseSlot = 0x6A86,
    /// PIV GENERAL AUTHENTICATE: a slot without key.
    PivUseNoKey = 0x6A86,
    /// PIV GENERAL AUTHENTICATE: another algorithm than the key's.
    PivUseAlgorithm = 0x6A86,
    /// PIV GENERAL AUTHENTICATE: the key needs the PIN.
    PivUseRefused = 0x6982,
    /// PIV GENERAL AUTHENTICATE: the key needs the PIN anew.
    PivUseAgain = 0x6982,
    /// PIV GENERAL AUTHENTICATE: the key needs a touch, and nobody touches the card.
    PivUseUntouched = 0x6982,
    /// PIV GENERAL AUTHENTICATE: a template that a private key does not serve.
    PivUseSyntax = 0x6A80,
    /// PIV GENERAL AUTHENTICATE: a block or hash of a length that the key does not take.
    PivUseLength = 0x6A80,
    /// PIV GENERAL AUTHENTICATE: the block is, as a number, not below the modulus.
    PivUseBlock = 0x6A80,
    /// PIV GENERAL AUTHENTICATE: no point of the key's curve, or an RSA key.
    PivUsePoint = 0x6A80,

    /// PIV GENERATE ASYMMETRIC KEY PAIR: done.
    PivGenerateDone = 0x9000,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: the management key was not proved.
    PivGenerateRefused = 0x6982,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: the template is broken.
    PivGenerateSyntax = 0x6A80,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: a rule for PIN or touch that there is not.
    PivGenerateRules = 0x6A80,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: the card does not have this algorithm.
    PivGenerateAlgorithm = 0x6A80,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: no memory left.
    PivGenerateMemory = 0x6A84,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: P2 names no slot.
    PivGenerateSlot = 0x6A86,
    /// PIV GENERATE ASYMMETRIC KEY PAIR: P1 is not zero.
    PivGenerateP1 = 0x6A86,

    /// PIV import of a key: done.
    PivImportDone = 0x9000,
    /// PIV import of a key: the management key was not proved.
    PivImportRefused = 0x6982,
    /// PIV import of a key: parts are missing or of the wrong length, or a rule that there is not.
    PivImportSyntax = 0x6A80,
    /// PIV import of a key: the numbers make no key of this algorithm.
    PivImportParts = 0x6A80,
    /// PIV import of a key: no memory left.
    PivImportMemory = 0x6A84,
    /// PIV import of a key: an algorithm that the card does not have, or no slot.
    PivImportP1P2 = 0x6A86,

    /// PIV version.
    PivVersion = 0x9000,
    /// PIV serial.
    PivSerial = 0x9000,
    /// PIV metadata of PIN or PUK.
    PivMetadataPin = 0x9000,
    /// PIV metadata of the management key.
    PivMetadataManagement = 0x9000,
    /// PIV metadata of a key.
    PivMetadataKey = 0x9000,
    /// PIV metadata of a slot without key.
    PivMetadataNone = 0x6A88,
    /// PIV, a maker's command: P1 P2 that it does not have.
    PivVendorP1P2 = 0x6A86,
    /// PIV new management key: done.
    PivSetManagementDone = 0x9000,
    /// PIV new management key: the old one was not proved.
    PivSetManagementRefused = 0x6982,
    /// PIV new management key: no key of an algorithm that there is.
    PivSetManagementSyntax = 0x6A80,
    /// PIV new numbers of tries: done; PIN and PUK are those that a card comes with.
    PivRetriesDone = 0x9000,
    /// PIV new numbers of tries: management key or PIN were not proved.
    PivRetriesRefused = 0x6982,
    /// PIV new numbers of tries: not 1 to 15.
    PivRetriesRange = 0x6A80,
    /// PIV reset: the card is as it came.
    PivResetDone = 0x9000,
    /// PIV reset: PIN or PUK is not blocked.
    PivResetRefused = 0x6985,
}

impl Mark {
    /// The status word of the answer. `retries` is the retry counter of the PIN or PUK, which 63Cx carries.
    #[must_use]
    pub const fn status(self, retries: u8) -> StatusWord {
        match self.word() {
            0x63C0 => StatusWord::retries_left(retries),
            word => StatusWord(word),
        }
    }

    /// Whether a card with this application can take the decision. What concerns APDUs and chains, any can.
    #[must_use]
    pub const fn belongs_to(self, applet: Applet) -> bool {
        // The table has the shared ones first, then those of GIDS, then those of PIV.
        let of_piv = self as usize >= Self::PivSelect as usize;
        let shared = (self as usize) < Self::SelectApplication as usize && !matches!(self, Self::Terminated);
        match applet {
            Applet::Gids => !of_piv,
            Applet::Piv(_) => of_piv || shared,
        }
    }

    /// Whether the command was carried out.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        self.word() == StatusWord::OK.0
    }
}

/// Set of marks.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks([u64; Self::WORDS]);

impl Marks {
    const WORDS: usize = Mark::ALL.len().div_ceil(64);

    /// Puts a mark in.
    pub fn set(&mut self, mark: Mark) {
        let index = mark as usize;
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// Whether a mark is in.
    #[must_use]
    pub fn contains(&self, mark: Mark) -> bool {
        let index = mark as usize;
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    /// Puts in all marks of another set.
    pub fn merge(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// The marks that are not in.
    pub fn missing(&self) -> impl Iterator<Item = Mark> {
        Mark::ALL.iter().copied().filter(|&mark| !self.contains(mark))
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Mark::ALL.iter().filter(|&&mark| self.contains(mark))).finish()
    }
}
