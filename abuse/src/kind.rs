//! The kinds of cases.

autoenroll_model::words! {
    /// What is damaged.
    pub enum Kind as "kind of case" {
        /// A scenario file, checked and played in this process.
        Scenario = "scenario",
        /// A scenario with names that want to be markup, shown as a page or a diagram.
        Page = "page",
        /// A scenario, trace or directory file, handed to the command.
        Command = "command",
        /// What a core says to the bench.
        Core = "core",
        /// What a bench says to the own core.
        Driver = "driver",
        /// Requests on their way to a CA, and its answers.
        Ca = "ca",
        /// Commands on their way to a card, and its answers.
        Card = "card",
        /// The bytes that one of the readers takes.
        Reader = "reader",
        /// Files and channels that fail under the command, as a process of its own.
        Files = "files",
    }
}

impl Kind {
    /// How many of a thousand cases are of that kind.
    pub(crate) const fn share(self) -> usize {
        match self {
            Self::Scenario => 700,
            Self::Page => 8,
            Self::Command => 20,
            Self::Core => 60,
            Self::Driver => 20,
            Self::Ca | Self::Card => 30,
            Self::Reader => 130,
            Self::Files => 2,
        }
    }
}
