//! Coverage marks: every decision the card takes, by instruction and outcome.
//!
//! A mark is the decision itself: the handlers return it, and the status word follows from it. So no answer can leave
//! without its mark, and a test can demand that all of them were seen.

use autoenroll_apdu::StatusWord;
use core::fmt;

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
}

impl Mark {
    /// The status word of the answer. `retries` is the retry counter of the PIN, which 63Cx carries.
    #[must_use]
    pub const fn status(self, retries: u8) -> StatusWord {
        match self.word() {
            0x63C0 => StatusWord::retries_left(retries),
            word => StatusWord(word),
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
