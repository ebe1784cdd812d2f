//! Exit codes: the one place where they are defined. `docs/exit-codes.md` shows this table.

use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything asked for was done, and every scenario passed.
    Ok,
    /// A scenario failed, a trace breaks an invariant, a core the protocol, a planted bug was not caught, or a file is
    /// not formatted.
    Failed,
    /// The arguments, or a file that they name, cannot be used.
    Usage,
    /// The bench itself failed: a fault of this program, of a foreign core, or of the machine.
    Bench,
    /// As a helper of certmonger, by its own table, which `autoenroll submit --help` has.
    Helper(u8),
}

impl Exit {
    /// Every way to end, in the order of their codes.
    pub const ALL: &'static [Self] = &[Self::Ok, Self::Failed, Self::Usage, Self::Bench];

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Bench => 3,
            Self::Helper(code) => code,
        }
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "everything asked for was done, and every scenario passed",
            Self::Failed => {
                "a scenario, trace or core-check failed, runs differ, a bug survived, or a file is unformatted"
            }
            Self::Usage => "the arguments, or a file that they name, cannot be used; nothing was run",
            Self::Bench => "the bench itself failed: a foreign core, the machine, or a fault of this program",
            Self::Helper(_) => "what certmonger is told",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The worse of two: a sum shows the worst.
impl std::ops::BitOrAssign for Exit {
    fn bitor_assign(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}
