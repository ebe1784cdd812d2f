//! Every rule that the world itself decides: those of the Group Policy engine, those of a
//! logon with a card, and those of minidrivers of PIV cards.

autoenroll_model::rules! {
    /// Every rule that the world itself can decide.
    pub const RULES;

    // Group Policy.
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

    // Logon with a card: the computer, before the PIN is asked for.
    LOGON_READER = "L1.reader", "Win32 documentation: Authentication return values",
        "the card is in a reader of the computer";
    LOGON_DEFAULT = "L1.default", "Microsoft Learn: Certificate Requirements and Enumeration; TechNet cc737159",
        "only the default container of the card counts";
    LOGON_PURPOSE = "L1.purpose", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the certificate is for smart card logon";
    LOGON_OFFERED = "L1.offered", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the certificate is within its validity and so is offered";

    // The domain controller.
    KDC_ANSWERS = "L2.controller", "[MS-ERREF] 2.3.1",
        "a domain controller answers the computer";
    KDC_SIGNATURE = "L2.signature", "RFC 4556 3.2.2",
        "the signature verifies with the certificate's key";
    KDC_TIME = "L2.time", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the certificate is within its validity";
    KDC_CHAIN = "L2.chain", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the certificate's chain ends in a root that the controller trusts";
    KDC_REVOCATION = "L2.revocation", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the certificate is not revoked";
    KDC_NTAUTH = "L2.ntauth", "Microsoft Learn: Certificate Requirements and Enumeration",
        "the CA that issued the certificate is in the controller's NTAuth store";
    KDC_NAME = "L2.name", "[MS-PKCA] 3.1.5.2.1",
        "the user principal name in the certificate is the account's";
    KDC_SID = "L2.sid", "[MS-PKCA] 3.1.5.2.1.6",
        "the security identifier in the certificate is the account's";
    KDC_WEAK = "L2.weak", "Microsoft support KB 5014754",
        "a certificate without a security identifier may name its account by the name alone";
    KDC_BACKDATED = "L2.backdated", "Microsoft support KB 5014754, event 40",
        "the certificate is not older than the account that it names weakly";

    // PIV cards.
    PIV_READ_ONLY = "K8.7.read-only", "Windows driver documentation: Developer Guidelines, Read-Only Cards",
        "the card's minidriver is the one that Windows brings along, and refuses to write";
    PIV_DEFAULT = "K8.7.default", "inferred",
        "the default container is the one that carries the flag";
    PIV_FIRST_USE = "K8.7.first-use", "Yubico minidriver documentation: Setting PIN Unblock Code (PUK)",
        "the minidriver blocks a PUK that is the usual one, once it has found the usual management key";
    TOUCH = "U4.6.touch", "Yubico minidriver documentation: Setting Touch Policy",
        "the key asks for a touch before it is used";
    TOUCH_CACHED = "U4.6.cached", "Yubico minidriver documentation: Setting Touch Policy",
        "the card was touched in the last 15 seconds, and the key is content with that";
}
