//! What is said, row by row.

use std::sync::Mutex;

use crate::mit::Mit;
use crate::realm::{Ground, Kdc, Realm};
use crate::samba::Samba;
use crate::story::play;
use crate::suite::root;

/// A story, who logs on after it, and what each side says.
#[derive(Clone, Copy, Debug)]
struct Row {
    story: &'static str,
    variant: Option<&'static str>,
    card: &'static str,
    user: &'static str,
    /// Who asks for a ticket, where it is not the user of the story.
    principal: Option<&'static str>,
    pin: &'static str,
    /// What is added to the module's name.
    identity: &'static str,
    kdc: Kdc,
    /// Tries that the card has left, where the story leaves another number.
    tries: Option<u8>,
    /// What is special, in words.
    with: &'static str,
    /// What the bench says to a logon with this card in the story; nothing when there is none.
    bench: &'static str,
    /// What `kinit` says; nothing when there is a ticket.
    client: &'static str,
    /// What the KDC writes; nothing when it is not asked.
    kdc_says: &'static str,
    /// Tries left afterwards.
    left: u8,
}

const ISSUED: &str = "ISSUE";

const LOGON: Row = Row {
    story: "logon/a-card-logs-its-owner-on",
    variant: None,
    card: "alice-card",
    user: "alice",
    principal: None,
    pin: "1234",
    identity: "",
    kdc: Kdc::Mit(Mit::Usual),
    tries: None,
    with: "",
    bench: "logs on (upn)",
    client: "",
    kdc_says: ISSUED,
    left: 3,
};

const FOUNDING: Row =
    Row { story: "founding/second-provider", identity: ":certid=01", with: "`certid=01`", bench: "", ..LOGON };

const MIT: &[Row] = &[
    FOUNDING,
    LOGON,
    Row { story: "logon/the-new-certificate-after-yes", identity: ":certid=01", with: "`certid=01`", ..LOGON },
    Row {
        identity: "",
        with: "two certificates, and none named",
        client: "There are 2 certs, but there must be exactly one.",
        kdc_says: "",
        ..FOUNDING
    },
    Row {
        story: "logon/a-revoked-certificate",
        bench: "0xC0000389 STATUS_SMARTCARD_CERT_REVOKED, KDC_ERR_REVOKED_CERTIFICATE",
        client: "Revoked certificate",
        kdc_says: "certificate revoked",
        ..LOGON
    },
    Row {
        story: "logon/an-expired-certificate",
        bench: "0xC000038D STATUS_SMARTCARD_CERT_EXPIRED, KDC_ERR_CLIENT_NOT_TRUSTED",
        client: "Failed to verify own certificate (depth 0): certificate has expired",
        kdc_says: "",
        ..LOGON
    },
    Row {
        story: "logon/somebody-elses-certificate",
        variant: Some("certificate-of-bob"),
        bench: "0xC00002F9 STATUS_PKINIT_NAME_MISMATCH, KDC_ERR_CLIENT_NAME_MISMATCH",
        client: "Client name mismatch",
        kdc_says: "Client name mismatch",
        ..LOGON
    },
    Row {
        story: "logon/a-certificate-without-a-sid",
        bench: "0xC000006D STATUS_LOGON_FAILURE, KDC_ERR_CERTIFICATE_MISMATCH",
        ..LOGON
    },
    Row {
        story: "logon/a-certificate-without-a-trusted-root",
        kdc: Kdc::Mit(Mit::Stranger),
        with: "its CA is no anchor of the KDC",
        bench: "0xC000038C STATUS_PKINIT_CLIENT_FAILURE, KDC_ERR_CANT_VERIFY_CERTIFICATE",
        client: "Can't verify certificate",
        kdc_says: "unable to get local issuer certificate",
        ..LOGON
    },
    Row {
        story: "logon/a-ca-that-is-not-in-ntauth",
        bench: "0xC000038A STATUS_ISSUING_CA_UNTRUSTED, KDC_ERR_CLIENT_NOT_TRUSTED",
        ..LOGON
    },
    Row {
        story: "logon/nothing-on-the-card",
        variant: Some("not-for-logon"),
        bench: "0x8010002C SCARD_E_NO_SUCH_CERTIFICATE",
        client: "Inconsistent key purpose",
        kdc_says: "Inconsistent key purpose",
        ..LOGON
    },
    Row {
        story: "logon/nothing-on-the-card",
        variant: Some("key-alone"),
        bench: "0x8010002C SCARD_E_NO_SUCH_CERTIFICATE",
        client: "Pre-authentication failed: Preauthentication failed",
        kdc_says: "",
        ..LOGON
    },
    Row {
        story: "logon/a-wrong-pin",
        variant: Some("blocked"),
        pin: "9999",
        with: "PIN 9999",
        bench: "0x8010006B SCARD_W_WRONG_CHV",
        client: "PKCS11 C_Login failed: pin incorrect",
        kdc_says: "",
        left: 2,
        ..LOGON
    },
    Row {
        story: "logon/a-wrong-pin",
        variant: Some("blocked"),
        tries: Some(0),
        with: "no tries left",
        bench: "0x8010006C SCARD_W_CHV_BLOCKED",
        client: "PKCS11 C_Login failed: pin locked",
        kdc_says: "",
        left: 0,
        ..LOGON
    },
    Row {
        kdc: Kdc::Mit(Mit::NoList),
        with: "the KDC has no revocation list, and `pkinit_require_crl_checking`",
        client: "Revocation status unknown",
        kdc_says: "unable to get certificate CRL",
        ..LOGON
    },
    Row {
        story: "logon/a-revoked-certificate",
        kdc: Kdc::Mit(Mit::NoListWanted),
        with: "the KDC has no revocation list",
        bench: "0xC0000389 STATUS_SMARTCARD_CERT_REVOKED, KDC_ERR_REVOKED_CERTIFICATE",
        ..LOGON
    },
    Row {
        kdc: Kdc::Mit(Mit::NoNames),
        with: "without `pkinit_allow_upn`",
        client: "Client name mismatch",
        kdc_says: "Client name mismatch",
        ..LOGON
    },
    Row {
        kdc: Kdc::Mit(Mit::OwnPurpose),
        with: "without `pkinit_eku_checking = scLogin`",
        client: "Inconsistent key purpose",
        kdc_says: "Inconsistent key purpose",
        ..LOGON
    },
    Row {
        kdc: Kdc::Mit(Mit::Capitals),
        with: "the realm is CONTOSO.TEST, the name alice@contoso.test",
        client: "Client name mismatch",
        kdc_says: "Client name mismatch",
        ..LOGON
    },
    Row {
        kdc: Kdc::Mit(Mit::CapitalsAndSubject),
        with: "the same, `pkinit_cert_match` names the subject, and the module `pkinit_san` is off",
        ..LOGON
    },
];

const AT_SAMBA: Row = Row { kdc: Kdc::Samba(Samba::Usual), ..LOGON };

const SAMBA: &[Row] = &[
    Row { kdc: Kdc::Samba(Samba::Usual), ..FOUNDING },
    AT_SAMBA,
    Row { story: "logon/the-new-certificate-after-yes", identity: ":certid=01", with: "`certid=01`", ..AT_SAMBA },
    Row {
        kdc: Kdc::Samba(Samba::Usual),
        identity: "",
        with: "two certificates, and none named",
        client: "There are 2 certs, but there must be exactly one.",
        kdc_says: "",
        ..FOUNDING
    },
    Row {
        story: "logon/a-revoked-certificate",
        bench: "0xC0000389 STATUS_SMARTCARD_CERT_REVOKED, KDC_ERR_REVOKED_CERTIFICATE",
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-revoked-certificate",
        kdc: Kdc::Samba(Samba::List),
        with: "`pkinit_revoke` names the list in which it is",
        bench: "0xC0000389 STATUS_SMARTCARD_CERT_REVOKED, KDC_ERR_REVOKED_CERTIFICATE",
        ..AT_SAMBA
    },
    Row {
        story: "logon/an-expired-certificate",
        bench: "0xC000038D STATUS_SMARTCARD_CERT_EXPIRED, KDC_ERR_CLIENT_NOT_TRUSTED",
        client: "Failed to verify own certificate (depth 0): certificate has expired",
        kdc_says: "",
        ..AT_SAMBA
    },
    Row {
        story: "logon/somebody-elses-certificate",
        variant: Some("certificate-of-bob"),
        bench: "0xC00002F9 STATUS_PKINIT_NAME_MISMATCH, KDC_ERR_CLIENT_NAME_MISMATCH",
        client: "Client name mismatch",
        kdc_says: "PKINIT no matching principals for CN=bob",
        ..AT_SAMBA
    },
    Row {
        story: "logon/somebody-elses-certificate",
        variant: Some("renamed"),
        kdc: Kdc::Samba(Samba::OtherName),
        with: "the `userPrincipalName` is alice.smith@contoso.test, the account alice",
        bench: "0xC00002F9 STATUS_PKINIT_NAME_MISMATCH, KDC_ERR_CLIENT_NAME_MISMATCH",
        ..AT_SAMBA
    },
    Row {
        story: "logon/somebody-elses-certificate",
        variant: Some("renamed"),
        principal: Some("alice.smith"),
        kdc: Kdc::Samba(Samba::OtherAccount),
        with: "the account is alice.smith as well, who asks",
        bench: "0xC00002F9 STATUS_PKINIT_NAME_MISMATCH, KDC_ERR_CLIENT_NAME_MISMATCH",
        client: "Client name mismatch",
        kdc_says: "PKINIT no matching principals for CN=alice",
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-certificate-without-a-sid",
        bench: "0xC000006D STATUS_LOGON_FAILURE, KDC_ERR_CERTIFICATE_MISMATCH",
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-certificate-without-a-trusted-root",
        kdc: Kdc::Samba(Samba::Stranger),
        with: "its CA is no anchor of the KDC",
        bench: "0xC000038C STATUS_PKINIT_CLIENT_FAILURE, KDC_ERR_CANT_VERIFY_CERTIFICATE",
        client: "Password incorrect",
        kdc_says: "Failed to find issuer for certificate with subject: 'CN=alice,CN=Users,DC=contoso,DC=test'",
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-ca-that-is-not-in-ntauth",
        bench: "0xC000038A STATUS_ISSUING_CA_UNTRUSTED, KDC_ERR_CLIENT_NOT_TRUSTED",
        ..AT_SAMBA
    },
    Row {
        story: "logon/nothing-on-the-card",
        variant: Some("not-for-logon"),
        bench: "0x8010002C SCARD_E_NO_SUCH_CERTIFICATE",
        ..AT_SAMBA
    },
    Row {
        story: "logon/nothing-on-the-card",
        variant: Some("key-alone"),
        bench: "0x8010002C SCARD_E_NO_SUCH_CERTIFICATE",
        client: "Pre-authentication failed: Preauthentication failed",
        kdc_says: "",
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-wrong-pin",
        variant: Some("blocked"),
        pin: "9999",
        with: "PIN 9999",
        bench: "0x8010006B SCARD_W_WRONG_CHV",
        client: "PKCS11 C_Login failed: pin incorrect",
        kdc_says: "",
        left: 2,
        ..AT_SAMBA
    },
    Row {
        story: "logon/a-wrong-pin",
        variant: Some("blocked"),
        tries: Some(0),
        with: "no tries left",
        bench: "0x8010006C SCARD_W_CHV_BLOCKED",
        client: "PKCS11 C_Login failed: pin locked",
        kdc_says: "",
        left: 0,
        ..AT_SAMBA
    },
    Row {
        kdc: Kdc::Samba(Samba::Off),
        with: "without `enable-pkinit`",
        client: "Password incorrect",
        kdc_says: "PKINIT request but PKINIT not enabled",
        ..AT_SAMBA
    },
    Row {
        kdc: Kdc::Samba(Samba::NoNames),
        with: "`pkinit_principal_in_certificate = no`",
        client: "Client name mismatch",
        kdc_says: "PKINIT no matching principals for CN=alice",
        ..AT_SAMBA
    },
    Row {
        kdc: Kdc::Samba(Samba::Disabled),
        with: "the account is disabled",
        client: "Client's credentials have been revoked",
        kdc_says: "Account for user 'alice@CONTOSO.TEST' was disabled.",
        ..AT_SAMBA
    },
    Row {
        kdc: Kdc::Samba(Samba::Expired),
        with: "the account has expired",
        client: "Client's credentials have been revoked",
        kdc_says: "Account for user 'alice@CONTOSO.TEST' has expired.",
        ..AT_SAMBA
    },
    Row { kdc: Kdc::Samba(Samba::MustChange), with: "the password must be changed", ..AT_SAMBA },
    Row { principal: Some("ALICE"), with: "ALICE asks", ..AT_SAMBA },
];

/// So many rows at a time: most of the time is spent waiting for pcscd.
const AT_ONCE: usize = 4;

#[test]
fn every_row_is_what_mit_kerberos_says() {
    let Some(ground) = Ground::mit() else { return };
    check_all(MIT, &ground);
}

#[test]
fn every_row_is_what_samba_says() {
    let Some(ground) = Ground::samba() else { return };
    check_all(SAMBA, &ground);
}

fn check_all(rows: &[Row], ground: &Ground) {
    let (rows, wrong) = (Mutex::new(rows.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { break };
                    wrong.lock().unwrap().extend(check(row, ground).err());
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn check(row: &Row, ground: &Ground) -> Result<(), String> {
    let left = play(row.story, row.variant, row.user, row.card);
    let realm = Realm::after(&left, ground, row.kdc, row.tries);
    let (ticket, said) = kinit(row, &realm);
    let (log, trace) = (realm.log(), realm.trace());
    let bench = if row.bench.is_empty() { left.bench.is_empty() } else { left.bench.iter().any(|it| it == row.bench) };
    let client = ticket == row.client.is_empty() && (said.contains(row.client) || trace.contains(row.client));
    let (asked, issued) = match row.kdc {
        Kdc::Mit(_) => (&["verify failure", ISSUED][..], ISSUED),
        Kdc::Samba(_) => (&["Client sent patypes: PK-INIT"][..], "AS-REQ SUCCESS"),
    };
    let says = if row.kdc_says == ISSUED { issued } else { row.kdc_says };
    let judged = asked.iter().any(|sign| log.contains(sign));
    let kdc = judged != says.is_empty() && log.contains(says);
    if bench && client && kdc && realm.tries_left() == row.left {
        return Ok(());
    }
    let Row { story, variant, with, .. } = row;
    let bench = &left.bench;
    let tries = realm.tries_left();
    Err(format!("{story} {variant:?} {with}\nbench {bench:?}, {tries} tries\n{said}\n{log}\n{trace}"))
}

/// About one reply in 256 of Heimdal's KDC is made with another key than the client has, and the client fails; so it
/// asks again. docs/logon.md
fn kinit(row: &Row, realm: &Realm) -> (bool, String) {
    let once = || realm.kinit(row.principal.unwrap_or(row.user), row.identity, row.pin);
    let mut said = once();
    for _ in 0..2 {
        if said.0 || !matches!(row.kdc, Kdc::Samba(_)) || !realm.trace().contains("Decrypt with preauth AS key failed")
        {
            break;
        }
        said = once();
    }
    said
}

/// The tables of the document are these rows.
#[test]
fn the_document_has_these_tables() {
    let document = std::fs::read_to_string(root().join("docs/logon.md")).unwrap_or_default();
    for rows in [MIT, SAMBA] {
        let table = table(rows);
        assert!(document.contains(&table), "docs/logon.md should have this table:\n{table}");
    }
}

fn table(rows: &[Row]) -> String {
    let quoted = |text: &str, nothing: &str| match text {
        "" => nothing.to_owned(),
        ISSUED => "a ticket".to_owned(),
        text => format!("`{text}`"),
    };
    let mut table =
        "| after the story | with | the bench | `kinit` | KDC |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for Row { story, variant, with, bench, client, kdc_says, .. } in rows {
        let variant = variant.map(|variant| format!(", {variant}")).unwrap_or_default();
        let (bench, client, kdc) =
            (quoted(bench, "no logon"), quoted(client, "a ticket"), quoted(kdc_says, "not asked"));
        table += &format!("| `{story}`{variant} | {with} | {bench} | {client} | {kdc} |\n");
    }
    table
}
