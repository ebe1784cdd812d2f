//! Every rule that this core decides: name, id in the requirement catalogue, source, statement.
//!
//! A statement says what holds when the decision is affirmative. Where no public document has the rule, its source is
//! `inferred`; the entry of the catalogue says from what.

autoenroll_model::rules! {
    /// Every rule that this core can decide.
    pub const RULES;

    // A. Policy gate.
    POLICY_OF_CONTEXT = "R001", "Samba captures of Registry.pol (bin_gpo)",
        "the policy hive of the run's own context has an AEPolicy value, which decides";
    LOCAL_POLICY = "R002", "activedirectoryservice.blogspot.com, June 2011",
        "without a policy value, the one configured locally in the same hive takes its place";
    POLICY_DISABLED = "R003", "[MS-CAESO] 4.4.5.1, as cited by Samba",
        "bit 0x8000 of AEPolicy switches autoenrollment off, whatever the other bits are", EndsRun, Exception;
    POLICY_BIT = "R004", "[MS-CAESO] 4.4.5.1, as cited by Samba",
        "AEPolicy has the bit for this part of the work: 0x1 enroll, 0x2 manage the store, 0x4 fetch pending requests";
    NO_POLICY_BITS = "R006", "inferred",
        "no bit of AEPolicy asks for work on templates", EndsRun, Exception;
    DOMAIN_MEMBER = "R007", "TechNet cc787781; [MS-CERSOD] 2.1.2.2.1",
        "the computer is a member of a domain", Trigger;
    UNCONFIGURED = "P7.3", "gradenegger.eu, the Public Key Services container",
        "without any configuration the run still synchronises trust", EndsRunOtherwise;

    // B. Triggers.
    BOOT_OR_LOGON = "R008", "TechNet cc737159, cc787781",
        "boot starts the run of the machine, an interactive logon that of the user", Trigger;
    POLICY_APPLIED = "R009", "TechNet cc737159, cc787781",
        "an application of Group Policy starts the run of its context", Trigger;
    TIMER_DUE = "R010", "TechNet cc787781",
        "the internal timer is due and starts a run", Trigger;
    UNLOCK_IS_NO_TRIGGER = "R011", "TechNet cc787781",
        "unlocking the workstation starts no run";
    MANUAL_PULSE = "R012", "TechNet cc737159, cc728032",
        "a manual pulse starts a run", Trigger;
    ONE_RUN_AT_A_TIME = "R014", "[MS-WCCE] 3.1.1.6",
        "a trigger during a run does not start a second one beside it";
    TIMER_PERIOD = "P7.1", "TechNet cc737159, cc787781; [MS-CERSOD] note 2",
        "the client has a timer";
    TIMER_CADENCE = "P7.47", "TechNet cc787781; obersginfra.blogspot.com, April 2015",
        "this activation sets the timer: any where the period counts from the last one, otherwise boot and logon alone";
    REFRESH_STARTS_RUN = "P7.2", "TechNet cc787781, cc728032; [MS-GPOL] 3.2.1.24",
        "this kind of policy refresh counts as a trigger", Trigger;
    TRIGGER_DURING_RUN = "P7.35", "inferred",
        "a trigger that arrives during a run is kept, and merged into one run afterwards";

    // C. Trust synchronisation.
    TRUST_FOR_MACHINE = "R015", "TechNet cc736434; [MS-WCCE] 2.2.2.11",
        "the run is the machine's, which downloads the trust stores";
    TRUST_CHANGED = "R016", "TechNet cc755801",
        "the directory has changed since the last download, or another domain controller answers";
    TRUST_MIRRORED = "R018", "TechNet cc736434",
        "the local store becomes what the container in the directory holds, with its additions and removals";
    LDAP_NOT_SIGNED = "R019", "TechNet cc755801; [MS-WCCE] 3.2.2.1.6",
        "the domain controller does not list the capability of signed LDAP (1.2.840.113556.1.4.1791)",
            EndsRun, Exception;
    DIRECTORY_UNREACHABLE = "R020", "Public event pages (detection-wiki)",
        "the directory or its policy cannot be read, which ends the run", EndsRun, Exception;
    STORE_DOWNLOAD_FAILED = "R021", "Windows 10 event manifests (jdu2600/Windows10EtwEvents)",
        "a failed download of one store is logged, and the run continues", EndsRunOtherwise;

    // D. Enrollment policy.
    POLICY_SERVERS = "R022", "[MS-CAESO] 4.4.5.3.2.2, as cited by Samba",
        "policy servers are configured under the PolicyServers key", Exception;
    END_POINT_ORDER = "R023", "[MS-CAESO] 4.4.5.3.2.3, as cited by Samba",
        "end points of one PolicyID form a group, in order of cost and then of authentication";
    CACHED_END_POINT = "V1.3.cached", "Microsoft, Certificate Enrollment Web Services primers",
        "an end point whose answer is kept, and is to be renewed latest, stands before cheaper ones of its group";
    NEXT_END_POINT = "V1.3.next", "[MS-CAESO] 4.4.5.3.2.4, as cited by Samba",
        "the end point failed, and the next one of its group is asked";
    SILENT_END_POINT = "V1.3.silent", "Microsoft support: error 0x80090022",
        "the end point failed only because no user may be asked, so the code of the one before it stays the group's";
    END_POINT_DISABLED = "R024", "[MS-CAESO] 4.4.5.3.2.4, as cited by Samba",
        "the first end point of the group lacks flag 0x10, and autoenrollment leaves the group alone", Exception;
    FOREST_POLICY_ID = "R025", "[MS-CAESO] 4.4.5.3.2.4, as cited by Samba",
        "the PolicyID of an LDAP group is the objectGUID of the forest root domain";
    END_POINT_PROTOCOL = "R026", "[MS-CAESO] 4.4.5.3.2.4, as cited by Samba",
        "the URL of the end point is \"LDAP:\" or begins with \"https://\"";
    NO_END_POINTS = "R027", "[MS-CAESO] 4.4.5.3.2, as cited by Samba; [MS-XCEP] 7",
        "no end point is configured, so the client behaves as with a single one of LDAP", Exception;
    USABLE_CA = "R028", "[MS-CAESO] 4.4.5.3.1.2, as cited by Samba; [MS-WCCE] 2.2.2.11.2",
        "the pKIEnrollmentService object has cn and dNSHostName, and is a CA that can be asked";
    POLICY_CACHE = "R030", "TechNet cc784923",
        "templates and CAs were read less than ten minutes ago, and are taken from the cache", FromCache, Exception;
    NO_CA = "R031", "inferred",
        "the directory knows no CA, and the run enrolls nothing", EndsRun, Exception;
    POLICY_NOT_CHANGED = "R032", "[MS-XCEP] 3.1.4.1.3.9, 3.1.4.1.3.23",
        "the policy server answers that nothing changed, and the cached policies stay", Exception;
    SERVER_PERMISSIONS = "R033", "[MS-XCEP] 3.1.4.1.3",
        "permissions, periods, superseded names and CAs are those that the policy server states";

    // E. Candidates.
    SCHEMA_KNOWN = "R034", "[MS-WCCE] notes 39, 42",
        "the client knows the template's schema version";
    CLIENT_VERSION = "R035", "[MS-WCCE] 3.1.2.4.2.2.2.8, note 64",
        "the client is not older than the private-key flags of the template demand";
    SCHEMA_TWO = "R036", "TechNet cc783873",
        "the template has schema version 2 or later";
    NO_TEMPLATE_OID = "R034.identity", "inferred",
        "the template of version 2 or later has no object identifier, or none that can be read, and is no candidate",
            Exception;
    MACHINE_TYPE = "R037", "[MS-WCCE] 3.1.2.4.2.2.1.1",
        "the machine-type flag of the template fits the context of the run";
    NOT_FOR_CAS = "R038", "[MS-WCCE] 3.1.2.4.2.2.1.1",
        "the template is neither for CAs nor for cross certification";
    AUTO_ENROLLMENT_FLAG = "R039", "[MS-CRTD] 2.26",
        "the template has the enrollment flag auto-enrollment";
    TEMPLATE_RIGHTS = "R040", "[MS-CRTD] 2.5; [MS-WCCE] 3.2.2.6.2.1.4.3",
        "the principal holds Read, Enroll and AutoEnroll on the template";
    MANUAL_RENEWAL = "P7.53", "gradenegger.eu, renewal of manually requested certificates",
        "without AutoEnroll a certificate that was enrolled by hand is renewed all the same, and a user is asked",
            Exception;
    DENYING_ACE = "R041", "[MS-CRTD] 2.5.1, 2.5.2",
        "a denying entry takes away a right on the template that the principal otherwise had";
    CA_ISSUES_TEMPLATE = "R042", "[MS-WCCE] 2.2.2.11.2.3",
        "at least one usable CA lists the template";
    CA_RIGHT = "R043", "[MS-WCCE] 3.2.1.4.2.1; [MS-XCEP] 3.1.4.1.3.2",
        "the CA lets the principal enroll, as the policy server announces";
    CA_ORDER = "P7.51", "inferred",
        "CAs that nothing else ranks are asked in the order of their names; otherwise as the directory lists them";
    CA_OF_SITE = "P7.52", "Microsoft TechNet wiki 14106; [MS-ADA2] msPKI-Site-Name",
        "the CA is of the computer's own site, and is asked before those of none and of other sites";
    SUPERSEDED = "R044", "[MS-CRTD] 2.21; TechNet cc755801",
        "another candidate supersedes the template, and is enrolled in its place";
    ONE_RA_SIGNATURE = "R045", "TechNet cc759203",
        "the template asks for at most one signature of a registration authority";
    ENROLLEE_SUPPLIES_SUBJECT = "R046", "[MS-CRTD] 2.28; [MS-WCCE] 3.1.2.4.2.2.2.10, note 65",
        "the template expects names from the enrollee, so that it cannot be enrolled for the first time";
    DIRECTORY_COPY = "R047", "[MS-CRTD] 2.26",
        "userCertificate in the directory holds a valid certificate of the template, which suppresses an enrollment";
    CONTROLLERS_OWN = "MC2.controller", "Microsoft Learn: Windows Hello for Business, domain controller certificates",
        "the template is the one that domain controllers enroll for by themselves", Exception;
    AUTOMATIC_REQUEST = "MC2.request-settings", "Microsoft Learn: certificate template concepts",
        "the Automatic Certificate Request Settings of policy name the version 1 template", Exception;
    SCHEMA_LIMIT = "P7.4", "[MS-WCCE] notes 37, 42",
        "the template's schema version is within the range of the client's release";

    // F. Stores.
    TEMPLATE_CERTIFICATE = "R049", "TechNet cc736434; [MS-WCCE] 2.2.2.7.7.1, 2.2.2.7.7.2",
        "the certificate names a template that exists in the directory, and is managed", Managed;
    SHARED_OID = "R049.shared", "inferred",
        "another template has the same object identifier, and every certificate of either counts for that one",
            Exception, Amiss;
    FIRST_ENROLLMENT = "R050", "TechNet cc787781",
        "no valid certificate of the template is there, and policy allows to enroll one", Due;
    NOTHING_NEEDED = "R051", "inferred",
        "the certificate is valid, current and outside its renewal window, so nothing is done", NeedsNothing;
    HIGHER_MAJOR_VERSION = "R052", "TechNet cc784923; [MS-WCCE] note 4",
        "the template's major version is above that in the certificate", Due, Exception;
    RENEWAL_WINDOW = "R053", "TechNet cc784923; [MS-CRTD] 2.15",
        "the rest of the certificate's life is at most the smaller of renewal period and a fifth of the life",
            Due, Exception;
    RENEWAL_SKIPPED = "R054", "[MS-CRTD] 2.26",
        "the template has the flag skip-auto-renewal, so a certificate that is due is not renewed", Exception;
    EXPIRED_OR_REVOKED = "R055", "Windows PowerShell: Set-CertificateAutoEnrollmentPolicy",
        "the certificate is expired, revoked or not yet valid, and does not satisfy its template", Exception;
    SUPERSEDED_CERTIFICATE = "R056", "TechNet cc783873",
        "the template supersedes that of a certificate in the store, which goes once the new one is there", Exception;
    UNUSABLE_CERTIFICATE = "R057", "inferred",
        "the certificate's key cannot be used or its chain does not verify, and it does not satisfy its template",
            Exception;
    KEY_ON_ABSENT_CARD = "R058", "inferred",
        "the key on a card counts as usable by the copy of its certificate in MY; the card may be absent";
    PENDING_ASKED = "R059", "[MS-WCCE] 3.1.1.4.3.7; TechNet cc759203",
        "policy lets the run ask the CA about a pending request", Plans, Due;
    PENDING_NOT_REPEATED = "R060", "inferred",
        "a request for the template is unfinished, and no second one is made", Exception;
    PENDING_OUTCOME = "R061", "[MS-WCCE] 3.1.1.6.1, 3.2.1.4.2.1.3",
        "the CA's answer to a pending request settles it: installed when issued, removed when denied";
    PENDING_FOR_CARD = "R062", "TechNet cc759203",
        "the issued certificate belongs to a key on a smart card, so the item waits for the user";
    RENEWAL_THRESHOLD = "P7.27", "inferred",
        "a certificate exactly at the threshold of its renewal window is due";
    DNS_MISMATCH = "P7.54", "Public catalogues of the event messages of certenroll.dll (libyal/winevt-kb)",
        "the computer no longer has the DNS name in its certificate, and the client's release replaces it", Exception;
    DNS_MISMATCH_DELAY = "P7.55", "inferred",
        "the delay since that was seen is over", Due, Exception;
    DNS_MISMATCH_GIVEN_UP = "MC3.repetition", "Public catalogues of the event messages of certenroll.dll",
        "the same error came so often that the certificate is left alone until it is over", Exception;
    UNFINISHED_REQUEST = "P7.39", "inferred",
        "an entry of the request store is resumed, or removed together with its key, and never requested twice",
            Plans, Due;

    // G. Work list.
    INTERACTIVE = "R063", "[MS-CRTD] 2.26, 2.27; TechNet cc778245, cc737159",
        "the item needs the user: consent, key protection, a smart card, an RA signature, or a renewal by hand",
            PlansAlways;
    MACHINE_HAS_NO_DESKTOP = "R064", "Win32 documentation: COM error codes",
        "the item needs a user and the run is the machine's, so it cannot succeed", Exception;
    SILENT_FIRST = "R065", "TechNet cc787781",
        "items that need no user come first", CompletesWorkList;
    TEMPLATE_ORDER = "R067", "inferred",
        "templates are processed by name, in ordinal order";

    // H. Request.
    REQUEST_FORMAT = "R068", "[MS-WCCE] 3.1.2.4.2.1",
        "a new request is a CMC full request; otherwise, for schema version 1, PKCS #10";
    RENEWAL_FORMAT = "R069", "[MS-WCCE] 3.1.2.4.2.1, 3.1.1.4.3.2",
        "a renewal is CMS around CMC; otherwise, for schema version 1, CMS around PKCS #10";
    RA_SIGNATURE_NO_RENEWAL = "R070", "[MS-WCCE] 3.1.2.4.2.1",
        "with the signature of a registration authority the request is a new one, not a renewal";
    SELF_RA = "R071", "TechNet cc759203; [MS-CRTD] 2.22, 2.23",
        "the principal holds a certificate that can co-sign as the template's registration authority";
    PREVIOUS_APPROVAL = "R072", "[MS-CRTD] 2.26; [MS-WCCE] 3.2.2.6.2.1.4.8",
        "the old certificate stands in for the registration authority's signature at a renewal";
    FRESH_KEY = "R073", "[MS-WCCE] 3.1.1.4.3.1, 3.1.1.4.3.2, note 61",
        "the request gets a fresh key pair";
    PROVIDER_ORDER = "R074", "[MS-CRTD] 2.8; [MS-WCCE] 3.1.2.4.2.2.1.6",
        "providers are tried by the number before their name, lowest first";
    KEY_ALGORITHM = "R075", "[MS-WCCE] 3.1.2.4.2.2.1.6, 3.1.2.4.2.2.2.1, 3.1.2.4.2.2.2.2, 3.1.2.4.2.2.2.5",
        "the template says algorithm and size of the key, and the hash of the signatures";
    EXPORTABLE = "R076", "[MS-CRTD] 2.9, 2.27",
        "the template has the flag exportable-key, so the key may be exported";
    EMPTY_SUBJECT = "R077", "[MS-WCCE] 3.1.2.4.2.2.2.10",
        "the request's subject is empty, and the CA fills it in";
    REQUEST_EXTENSIONS = "R078", "[MS-WCCE] 3.1.2.4.2.2.1.2, 3.1.2.4.2.2.2.3",
        "the request asks for the extensions of the template, critical where the template lists them";
    CLIENT_INFO = "R079", "[MS-WCCE] 2.2.2.7, notes 11, 23",
        "the request carries OS version, provider and client information, with the identifier of the client's release";
    KEY_ARCHIVAL = "R080", "[MS-WCCE] 3.1.1.4.3.6, 3.1.2.4.2.2.2.8",
        "the request carries the private key, encrypted to the CA's exchange certificate";
    EXTENSIONS_ATTRIBUTE = "P7.9", "[MS-WCCE] 2.2.2.7.7",
        "the extensions stand in Microsoft's own attribute; otherwise in that of PKCS #9";
    SAME_KEY_RENEWAL = "P7.11", "[MS-WCCE] note 61; [MS-CRTD] 2.26",
        "the client obeys the flag require-same-key-renewal and keeps the old key";
    RENEWAL_SUBJECT = "P7.12", "[MS-WCCE] note 65",
        "the renewal takes its names from the old certificate";
    NO_PROVIDERS = "P7.20", "inferred",
        "a template without providers gets the registered ones, in the order of their registration";
    REQUEST_HASH = "P7.44", "Requests of Windows 10 in the test suite of TameMyCerts",
        "a request whose template names no hash is signed with SHA-256; otherwise with SHA-1";

    // I. Submission.
    DISPOSITION = "R082", "[MS-WCCE] 3.1.1.4.3, 3.1.1.6.2",
        "the CA's disposition is issued (3) or pending (5); every other value is an error";
    NEXT_CA = "R083", "[MS-XCEP] 3.1.4.1.3.5",
        "another CA issues the template, and is asked after this one failed";
    RENEWAL_ONLY = "R087.renewal-only", "[MS-XCEP] 3.1.4.1.3.5",
        "the enrollment web service takes renewals only, and is not asked for a new certificate", Exception;
    SILENT_CA = "R087.silent", "Microsoft support: error 0x80090022",
        "the way to the CA failed only because no user may be asked, so the code of the one before it stays the item's";
    PENDING_REMEMBERED = "R086", "[MS-WCCE] 3.1.1.6.1",
        "CA, host and request ID of the pending request are kept with its entry";

    // J. Installation.
    INSTALLED = "R089", "[MS-GPEF], certificate property table; Windows SDK reference: ICertPropertyAutoEnroll",
        "the certificate is in MY, linked to its key, with the autoenrollment property (21) naming the template";
    OLD_ARCHIVED = "R090", "TechNet cc784923",
        "the replaced certificate is retired after the renewal";
    REMOVED_INSTEAD = "R091", "[MS-CRTD] 2.26; TechNet cc736434",
        "the old certificate is deleted instead of archived: its template says so, and it only signs", Exception;
    DIRECTORY_CLEANED = "R092", "TechNet cc736434",
        "expired and revoked certificates are taken out of userCertificate, as policy asks", Exception;
    REMOVAL_ALONE = "P7.48", "gradenegger.eu, event 10; TechNet cc736434",
        "a certificate that is no longer valid leaves the store although nothing replaces it", Exception;
    SUPERSEDED_COPIES = "P7.49", "Microsoft support KB 2884551",
        "the copies of superseded certificates leave the directory object", Exception;
    DIRECTORY_CLEANING = "P7.50", "TechNet cc736434; Microsoft support KB 2884551",
        "the client's release cleans the directory object", Exception;
    NOT_WHAT_WAS_ASKED_FOR = "MC1.ours", "Windows SDK reference: IX509Enrollment::InstallResponse",
        "what the CA sent is no certificate, or one for another key or template: entry and key go, the item fails",
            Exception;
    NEW_CERTIFICATE_REFUSED = "MC1.judged", "Windows SDK reference: InstallResponseRestrictionFlags",
        "the certificate that has come is not good: it is not installed, and the item fails with the reason", Exception;
    NEW_CERTIFICATE_LOOKED_AT_AGAIN = "MC1.judged-again", "inferred",
        "somebody was asked since the certificate was inspected, so it is inspected again before it is written to its card";
    REFUSED_FOR_GOOD = "MC1.lasting", "inferred",
        "it never becomes good, so that entry and key go; otherwise the entry stays for the next run", Exception;
    KEY_WAITS_FOR_CARD = "MC1.given-up", "inferred",
        "the key of a request that is over is on a card that is not at hand: its entry stays until the card is there",
            Exception;
    DEFAULT_CONTAINER = "R094", "TechNet cc737159",
        "the key and certificate made last become the default container of the card";
    DEFAULT_NOT_MOVED = "MC1.default-refused", "inferred",
        "the card's minidriver moves no default container: the certificate is on the card, and is installed all the same",
            Exception;
    DEFAULT_AT_GENERATE = "P7.36", "inferred",
        "the default container moves when the key is made; otherwise when the certificate is written";
    DEFAULT_LOOKED_AT_AGAIN = "MC1.look-again", "inferred",
        "time has gone by since the card said what its default container holds, or that was removed, so it is asked again before that gives way";
    KEY_OVERWRITTEN = "MC1.overwritten", "inferred",
        "a certificate's key was overwritten or removed for the new one, which takes its place too", Exception;
    REPLACE_OVERWRITES = "P7.38", "TechNet cc737159",
        "the new key overwrites the old container; otherwise it gets a container beside it";
    REMOVED_LAST = "MC1.removed-last", "inferred",
        "Yes means to overwrite, and the new key has a container of its own: the old one is removed when the certificate is in MY", Exception;

    // K. Reporting.
    RESULT_LOGGED = "R095", "TechNet cc737159",
        "the result of the item is written to the Application log";
    SUMMARY_FOR_FAILURES = "R096", "TechNet cc737159",
        "a request that involved the user failed, so the summary opens", Exception;
    SUCCESS_SILENT = "R097", "TechNet cc737159",
        "nothing on the screen announces a success";
    EXPIRY_WARNING = "R098", "Public event dump, pastebin HGn8mKu1",
        "the configured share of the certificate's life, or less, is left, and event 64 warns of it";
    EXPIRY_BALLOON = "R099", "Windows PowerShell: Set-CertificateAutoEnrollmentPolicy",
        "balloons about certificates near their end are switched on, and one appears", Exception;
    CANCELLED_IS_FAILED = "P7.31", "TechNet cc737159",
        "an item that the user cancelled counts as failed";
    EVENT_LEVEL = "P7.43", "TechNet cc737159; gradenegger.eu, logging of automatic certificate requests",
        "the log level lets the event be written";
    EXPIRY_EVENTS = "P7.18", "Windows PowerShell: Set-CertificateAutoEnrollmentPolicy",
        "the client's release reports certificates near their end";

    // The user-interface state machine.
    NO_INTERACTIVE_ITEMS = "S0.silent", "TechNet cc787781, cc737159",
        "no item is left that needs the user, and the run ends without showing anything", Desktop, Exception;
    INTERACTIVE_ITEMS = "S0.interactive", "inferred",
        "an item needs the user, and the balloon delay begins", Desktop, Exception;
    DELAY_ELAPSED = "S1.elapsed", "TechNet cc737159",
        "the delay is over and the balloon appears", Desktop, Exception;
    EXPRESS = "S1.express", "TechNet cc737159",
        "AEExpress is set, and the balloon appears at once", Desktop, Exception;
    ICON_ALONE = "P7.61", "Yubico support article 360013717780; libyal/winevt-kb",
        "an icon alone tells the user that certificates wait", Desktop, Exception;
    LOGOFF_IN_DELAY = "S1.logoff", "inferred",
        "logging off during the delay ends the run", Desktop, Exception;
    BALLOON_CLICKED = "S2.click", "TechNet cc737159",
        "a click on the balloon, or on the icon below it, opens the wizard", Desktop, Exception;
    BALLOON_TIMEOUT = "S2.timeout", "TechNet cc737159",
        "the balloon goes away after its time, and the icon stays", Desktop, Exception;
    BALLOON_CLOSED = "S2.close", "inferred",
        "closing the balloon leaves the icon", Desktop, Exception;
    ICON_CLICKED = "S3.click", "TechNet cc737159",
        "a click on the remaining icon opens the wizard", Desktop, Exception;
    NEXT_PULSE = "S3.next-pulse", "TechNet cc737159",
        "the next trigger ends a run that waits for a click, and evaluates anew", Desktop, Exception;
    WIZARD_START = "S4.start", "TechNet cc737159",
        "Start begins with the first item", Desktop, Exception;
    WIZARD_REMIND = "S4.remind", "TechNet cc737159",
        "Remind Me Later postpones the items without a failure", Desktop, Exception;
    WIZARD_DETAILS = "S4.details", "inferred",
        "View details lists the items, and the wizard stays open", Desktop, Exception;
    WIZARD_CLOSED = "S4.close", "inferred",
        "closing the first page postpones the items", Desktop, Exception;
    PROVIDER_NOT_INSTALLED = "S5.next", "[MS-CRTD] 2.8; [MS-WCCE] 3.1.2.4.2.2.1.6",
        "the provider is not installed, and is passed over", Exception;
    CARD_PROVIDER = "S5.card", "[MS-CRTD] 2.8; TechNet cc737159",
        "the provider is one of smart cards, and its cards are looked for", Exception;
    SOFTWARE_PROVIDER = "S5.software", "[MS-CRTD] 2.8; [MS-WCCE] 3.1.2.4.2.2.1.6",
        "the provider is a software provider, and no card is asked for", Exception;
    KEY_PROTECTION_OK = "S5s.ok", "[MS-CRTD] 2.27",
        "the user confirms the key protection, and the key is made", Exception;
    KEY_PROTECTION_CANCELLED = "S5s.cancel", "inferred",
        "the user cancels the key protection, and the item fails with the provider's code", Exception;
    ONE_CARD = "S6.one", "TechNet cc737159",
        "exactly one inserted card belongs to the provider, and is used without a prompt", Exception;
    SEVERAL_CARDS = "S6.several", "Windows SDK reference: SCardUIDlgSelectCard",
        "several cards match, and the user selects one", Exception;
    NO_CARD = "S6.none", "TechNet cc737159",
        "no inserted card matches, and the insert prompt appears", Exception;
    NO_READER = "P7.63", "libyal/winevt-kb, catalogue of the messages of certenroll.dll",
        "without a reader nobody is asked for a card, and the item fails", Exception;
    CARD_SELECTED = "S6a.ok", "Win32 documentation: Smart card user interface",
        "the user selects a card that matches, and the item goes on with it", Exception;
    SELECTION_CANCELLED = "S6a.cancel", "inferred",
        "the user cancels the selection, which counts as cancelling the provider", Exception;
    INSERT_OK = "S7.ok", "TechNet cc737159",
        "after OK a suitable card is inserted, and the item goes on with it", Exception;
    INSERT_OK_WRONG_CARD = "S7.ok-wrong", "Windows documentation: Smart Card Architecture",
        "after OK no suitable card is inserted, and the prompt returns", Exception;
    INSERT_CANCELLED = "S7.cancel", "TechNet cc737159",
        "Cancel gives up this provider, not yet the item", Exception;
    NEXT_PROVIDER = "S7c.next", "TechNet cc737159",
        "another provider is left, and is asked in the same way", Exception;
    PROVIDERS_EXHAUSTED = "S7c.exhausted", "Win32 documentation: COM error codes",
        "no provider is left, and the item fails with 0x8010006E", Exception;
    DEFAULT_EMPTY = "S8.empty", "TechNet cc737159",
        "the default container of the card is empty, and no question is asked", Exception;
    PROVIDER_ASKS = "U4.5.replace", "HID ActivClient documentation: Certificate Availability; TechNet cc737159",
        "the card's provider asks by itself whether its default container may be replaced", Exception;
    REPLACE_QUESTION = "P7.62", "TechNet cc737159",
        "the user is asked before an occupied default container gives way", Exception;
    DEFAULT_OCCUPIED = "S8.occupied", "TechNet cc737159",
        "the default container holds key and certificate, and the user is asked whether to replace them", Exception;
    REPLACE_YES = "S8q.yes", "TechNet cc737159",
        "Yes: the new key and certificate become the default of the card", Exception;
    REPLACE_NO = "S8q.no", "inferred",
        "No: what then happens is for P7.5 to say", Exception;
    PIN_RIGHT = "S9.right", "TechNet cc737159",
        "the PIN is right, and the item goes on", Exception;
    PIN_WRONG = "S9.wrong", "Smart card minidriver documentation: CardAuthenticatePin",
        "the PIN is wrong and tries are left, so it is asked for again", Exception;
    PIN_BLOCKED = "S9.blocked", "Smart card minidriver documentation: CardAuthenticatePin",
        "no try is left, and the item fails with 0x8010006C", Exception;
    PIN_CANCELLED = "S9.cancel", "inferred",
        "the user cancels the PIN prompt, and the item fails with 0x8010006E", Exception;
    PROVIDER_PIN = "U4.5.pin", "Win32 documentation: CryptAcquireContext; TechNet cc737159",
        "the card's provider asks for the PIN by itself", Exception;
    PIN_CACHED = "S9.cached", "Windows documentation: Smart Card Architecture",
        "a PIN that was right before is used without a prompt", Exception;
    KEY_MADE = "S10.ok", "TechNet cc737159",
        "the key pair is made, and the request follows", Exception;
    CARD_FULL_REUSE = "S10.full-reuse", "[MS-CRTD] 2.26",
        "the card is full at a renewal, and the template lets the old key be used again", Exception;
    CARD_FULL = "S10.full", "Win32 documentation: COM error codes",
        "the card is full, and the item fails with 0x80090023", Exception;
    KEY_UNSUPPORTED = "S10.unsupported", "Win32 documentation: COM error codes, CryptCreateHash",
        "length, algorithm, hash or a feature is not supported, and the item fails with the code for it", Exception;
    CARD_REMOVED_AT_KEY = "S10.removed", "Win32 documentation: COM error codes",
        "the card is removed while the key is made, and the item fails", Exception;
    ISSUED = "S11.issued", "[MS-WCCE] 3.1.1.6.1",
        "the CA issued the certificate, which is written next", Exception;
    PENDING = "S11.pending", "TechNet cc759203",
        "the CA answers pending, and the item ends without a failure", Exception;
    REQUEST_DENIED = "S11.denied", "[MS-WCCE] 3.1.1.6.2",
        "the CA denied the request or failed; the code is the item's unless another CA is left", Exception;
    CERTIFICATE_WRITTEN = "S12.ok", "TechNet cc737159",
        "the certificate is written to its store and to the card", Exception;
    CERTIFICATE_NOT_WRITTEN = "S12.error", "inferred",
        "the certificate could not be written, and the item fails", Exception;
    NEXT_ITEM = "S13.next", "inferred",
        "after one item the wizard goes on with the next", Exception;
    SUMMARY = "S14.summary", "TechNet cc737159",
        "an interactive item failed, and a dialog lists the failures", Exception;
    NO_SUMMARY = "S14.silent", "TechNet cc737159",
        "no interactive item failed, and the wizard ends without a dialog", Exception;
    PENDING_CARD_ARRIVES = "SP.arrives", "TechNet cc759203",
        "a pending certificate for a card was issued, and the user is led to the writing of it", Exception;
    REPLACE_NO_MEANS = "P7.5", "Windows SDK reference: ISCrdEnr::enroll",
        "No at the replace question has the consequence that the profile sets";
    WIZARD_CANCELLED = "P7.29", "inferred",
        "leaving the wizard at one of several items postpones the rest", Desktop;
    PIN_CACHE_LIFE = "P7.37", "Windows documentation: Smart Card Architecture",
        "the PIN is still cached, for as long as the profile keeps it";
    CARD_OF_EXISTING_KEY = "P7.40", "inferred",
        "only the card that holds the key will do, and Cancel keeps the entry instead of trying another provider";
    CARD_PULLED = "P7.41", "inferred",
        "the card was pulled under the prompt, which is withdrawn, and the card is asked for again";
    INSERT_PROMPT_CLOSES = "P7.42", "TechNet cc737159",
        "the insert prompt closes by itself when a matching card arrives";
    BALLOON_DURATION = "P7.45", "inferred",
        "the balloon stays as long as the profile says, before only the icon is left";

    // Effects that fail. What Windows does then is in no public document unless the source says so.
    SETTINGS_UNREADABLE = "F.settings", "inferred",
        "policy and registry cannot be read, and the run ends with an entry in the event log", EndsRun, Exception;
    TRUST_NOT_WRITTEN = "F.trust", "inferred",
        "a trust store cannot be written: the others still are, and the next run downloads again", Exception;
    DIRECTORY_CACHE_NOT_WRITTEN = "F.directory-cache", "inferred",
        "the state of the download cannot be remembered, and the next run downloads again", Exception;
    POLICY_SERVER_FAILED = "F.policy-server", "[MS-CAESO] 4.4.5.3.2, as cited by Samba",
        "no policy server of a group answers: that is logged, and the other groups are asked",
            Exception, FailsSource;
    STORES_UNREADABLE = "F.stores", "inferred",
        "MY and REQUEST cannot be read, and the run ends with an entry in the event log", EndsRun, Exception;
    CERTIFICATES_NOT_INSPECTED = "F.inspect", "inferred",
        "chains and keys cannot be inspected, and the run ends with an entry in the event log", EndsRun, Exception;
    HOUSEKEEPING_FAILED = "F.housekeeping", "inferred",
        "a certificate cannot be archived, deleted or removed from the directory, and stays for the next run", Exception;
    NEW_CERTIFICATE_NOT_INSPECTED = "F.inspect-new", "inferred",
        "a certificate that has come cannot be inspected: it is not installed, and the next run looks again", Exception;
    READERS_UNREADABLE = "F.readers", "inferred",
        "the readers cannot be listed, and the item fails with the code", Exception;
    CARD_FAILED = "F.card", "inferred",
        "a card cannot describe itself or verify, though it is there, and the item fails with the code", Exception;
    PIN_CHANGED = "F.pin", "inferred",
        "a card refuses a PIN that it took a moment ago, and the item fails without asking again", Exception;
    KEY_NOT_MADE = "F.generate", "inferred",
        "the provider makes no key for another reason than those of S10, and the item fails with the code", Exception;
    KEY_NOT_USABLE = "F.sign", "inferred",
        "the new key cannot sign or be archived: the item fails, and the next run removes key and entry", Exception;
    REQUEST_NOT_NOTED = "F.request-store", "inferred",
        "REQUEST cannot be written: the item fails, and a key that nothing else knows of is deleted", Exception;
    LEFTOVER_NOT_REMOVED = "F.leftovers", "inferred",
        "a key or an entry that is left over cannot be removed; a key keeps its entry", Exception;
    PENDING_NOT_ANSWERED = "F.retrieve", "inferred",
        "the CA does not answer about a pending request: the item fails, and the next run asks again", Exception;
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn no_rule_is_listed_twice() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(!RULES[..at].iter().any(|earlier| earlier.id == rule.id), "{}", rule.id);
        }
    }
}
