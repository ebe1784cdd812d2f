//! Every rule that the world itself decides, which are those of the Group Policy engine.

autoenroll_model::rules! {
    /// Every rule that the world itself can decide.
    pub const RULES;

    BACKGROUND_COMPUTER = "T2.1.background-computer", "[MS-GPOL] 3.2.1.17",
        "the policy of a computer is refreshed in the background after its interval and its offset";
    BACKGROUND_CONTROLLER = "T2.1.background-controller", "[MS-GPOL] 3.2.1.17",
        "the computer is a domain controller, whose policy is refreshed at an interval of its own";
    BACKGROUND_USER = "T2.1.background-user", "[MS-GPOL] 3.2.1.20, 3.2.2, 3.2.7.2",
        "the policy of a user who is logged on is refreshed in the background after its interval and its offset";
    COMPUTER_START = "T2.1.computer-start", "[MS-GPOL] 3.2.7.2",
        "the background timer of the computer starts at boot";
    CONFIGURABLE = "T2.1.configurable", "[MS-GPOL] 3.2.1.14, note 10",
        "the refresh interval is the configured one, where 0 means 7 seconds";
    FOREGROUND = "T2.1.foreground", "TechNet cc728032",
        "policy is applied in the foreground when the session begins";
    OFF = "T2.1.off", "[MS-GPOL] 3.2.1.21, note 14",
        "background refresh is switched off", Exception;
    OFFSET = "T2.3.offset", "inferred",
        "the offset stays as it was drawn when the session began";
}
