//! The commands that a GIDS host sends, ready made, and the file control parameters of the files it creates.
//!
//! Le is present exactly where hosts in the field send it.

use alloc::vec::Vec;

use super::{
    AID, Algorithm, Condition, Crt, CrtTemplate, Fcp, FileId, FileKind, KeyKind, KeyReference, Padding,
    SecurityAttribute, tag,
};
use crate::tlv::{self, Tag};
use crate::{Command, ins};

/// SELECT of the application by its identifier, asking for its control information.
#[must_use]
pub fn select_application() -> Command {
    Command::new(0x00, ins::SELECT, 0x04, 0x00).with_data(AID).with_le(256)
}

/// SELECT of a file by identifier, asking for no answer.
#[must_use]
pub fn select_file(file: FileId) -> Command {
    Command::new(0x00, ins::SELECT, 0x00, 0x0C).with_data(file.to_bytes())
}

/// GET DATA of one data object.
#[must_use]
pub fn get_data(file: FileId, object: Tag) -> Command {
    let mut list = Vec::new();
    object.write(&mut list);
    let [p1, p2] = file.to_bytes();
    Command::new(0x00, ins::GET_DATA, p1, p2).with_data(tlv::encode(tag::TAG_LIST, &list)).with_le(256)
}

/// GET DATA of all data objects of a file.
#[must_use]
pub fn get_all_data(file: FileId) -> Command {
    let [p1, p2] = file.to_bytes();
    Command::new(0x00, ins::GET_DATA, p1, p2).with_data(tlv::encode(tag::TAG_LIST, &[])).with_le(256)
}

/// PUT DATA of one data object; cut it with [`crate::pieces`] when it is long.
#[must_use]
pub fn put_data(file: FileId, object: Tag, value: &[u8]) -> Command {
    let [p1, p2] = file.to_bytes();
    Command::new(0x00, ins::PUT_DATA, p1, p2).with_data(tlv::encode(object, value))
}

/// VERIFY of the PIN.
#[must_use]
pub fn verify(pin: &[u8]) -> Command {
    Command::new(0x00, ins::VERIFY, 0x00, 0x80).with_data(pin)
}

/// VERIFY without data: asks for the PIN state.
#[must_use]
pub const fn verify_status() -> Command {
    Command::new(0x00, ins::VERIFY, 0x00, 0x80)
}

/// Drops PIN and admin authentication.
#[must_use]
pub const fn deauthenticate() -> Command {
    Command::new(0x00, ins::VERIFY, 0x00, 0x82)
}

/// CHANGE REFERENCE DATA: the old PIN for a new one.
#[must_use]
pub fn change_pin(old: &[u8], new: &[u8]) -> Command {
    Command::new(0x00, ins::CHANGE_REFERENCE_DATA, 0x00, 0x80).with_data([old, new].concat())
}

/// CHANGE REFERENCE DATA: sets the PIN without the old one, as initialisation does.
#[must_use]
pub fn set_pin(new: &[u8]) -> Command {
    Command::new(0x00, ins::CHANGE_REFERENCE_DATA, 0x01, 0x80).with_data(new)
}

/// RESET RETRY COUNTER: a new PIN after admin authentication.
#[must_use]
pub fn unblock_pin(new: &[u8]) -> Command {
    Command::new(0x00, ins::RESET_RETRY_COUNTER, 0x02, 0x80).with_data(new)
}

/// MANAGE SECURITY ENVIRONMENT: chooses the admin key (mutual authentication, as OpenSC sends it).
#[must_use]
pub fn choose_admin_key() -> Command {
    Command::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4).with_data([0x83, 0x01, KeyReference::ADMIN.0])
}

/// MANAGE SECURITY ENVIRONMENT: chooses key and algorithm for signing.
#[must_use]
pub fn choose_signature_key(key: KeyReference, padding: Padding, algorithm: Algorithm) -> Command {
    choose_key(CrtTemplate::Signature, key, padding, algorithm)
}

/// MANAGE SECURITY ENVIRONMENT: chooses key and algorithm for deciphering.
#[must_use]
pub fn choose_decipher_key(key: KeyReference, padding: Padding, algorithm: Algorithm) -> Command {
    choose_key(CrtTemplate::Confidentiality, key, padding, algorithm)
}

fn choose_key(template: CrtTemplate, key: KeyReference, padding: Padding, algorithm: Algorithm) -> Command {
    Command::new(0x00, ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, template as u8).with_data([
        0x80,
        0x01,
        padding.with(algorithm),
        0x84,
        0x01,
        key.0,
    ])
}

/// PERFORM SECURITY OPERATION: compute a digital signature.
#[must_use]
pub fn sign(input: &[u8]) -> Command {
    Command::new(0x00, ins::PERFORM_SECURITY_OPERATION, 0x9E, 0x9A).with_data(input).with_le(256)
}

/// PERFORM SECURITY OPERATION: decipher. The cryptogram goes bare, without a padding indicator byte.
#[must_use]
pub fn decipher(cryptogram: &[u8]) -> Command {
    Command::new(0x00, ins::PERFORM_SECURITY_OPERATION, 0x80, 0x86).with_data(cryptogram).with_le(256)
}

/// GENERATE ASYMMETRIC KEY PAIR into an existing key file.
#[must_use]
pub fn generate_key(key: KeyReference, algorithm: Algorithm) -> Command {
    let template = [0x80, 0x01, algorithm.number(), 0x83, 0x01, key.0];
    Command::new(0x00, ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0x00, 0x00).with_data(tlv::encode(tag::GENERATE, &template))
}

/// GET DATA of a public key. It needs no PIN.
#[must_use]
pub fn read_public_key(key: KeyReference) -> Command {
    Command::new(0x00, ins::GET_DATA, 0x3F, 0xFF)
        .with_data([0x70, 0x08, 0x84, 0x01, key.0, 0xA5, 0x03, 0x7F, 0x49, 0x80])
        .with_le(256)
}

/// PUT KEY of a private key: `pkcs1` is its PKCS#1 `RSAPrivateKey`. Long: cut it with [`crate::pieces`].
#[must_use]
pub fn import_key(key: KeyReference, pkcs1: &[u8]) -> Command {
    let mut content = alloc::vec![0x83, 0x01, 0x02, 0x84, 0x01, 0x00];
    tlv::write(&mut content, tag::KEY_VALUE, pkcs1);
    put_key(key, &content)
}

/// PUT KEY of the admin key. The key check value is the constant that hosts send whatever the key is; cards do not look
/// at it.
#[must_use]
pub fn set_admin_key(key: &[u8; 24]) -> Command {
    let mut content = Vec::new();
    tlv::write(&mut content, tag::KEY_VALUE, key);
    tlv::write(&mut content, tag::KEY_CHECK_VALUE, &[0xB0, 0x73, 0xDC]);
    put_key(KeyReference::ADMIN, &content)
}

fn put_key(key: KeyReference, content: &[u8]) -> Command {
    let mut value = tlv::encode(tag::KEY_REFERENCE, &[key.0]);
    tlv::write(&mut value, tag::KEY_CONTENT, content);
    put_data(FileId::APPLICATION, tag::KEY_TEMPLATE, &value)
}

/// GENERAL AUTHENTICATE: one object in the dynamic authentication template.
#[must_use]
pub fn authenticate(object: Tag, value: &[u8]) -> Command {
    Command::new(0x00, ins::GENERAL_AUTHENTICATE, 0x00, 0x00)
        .with_data(tlv::encode(tag::AUTHENTICATION, &tlv::encode(object, value)))
        .with_le(256)
}

/// CREATE FILE. The new file is the selected one and has to be activated.
#[must_use]
pub fn create_file(fcp: &Fcp) -> Command {
    Command::new(0x00, ins::CREATE_FILE, 0x00, 0x00).with_data(fcp.encode())
}

/// ACTIVATE FILE on the selected file.
#[must_use]
pub const fn activate_file() -> Command {
    Command::new(0x00, ins::ACTIVATE_FILE, 0x00, 0x00)
}

/// DELETE FILE of the selected file.
#[must_use]
pub const fn delete_file() -> Command {
    Command::new(0x00, ins::DELETE_FILE, 0x00, 0x00)
}

/// TERMINATE DF: ends the application for good.
#[must_use]
pub const fn terminate() -> Command {
    Command::new(0x00, ins::TERMINATE_DF, 0x00, 0x00)
}

/// Control parameters of the six files of data objects that every GIDS card has, in the order of their creation.
#[must_use]
pub fn object_files() -> [Fcp; 6] {
    let file = |id, write, read| Fcp { id, security: security(0x03, &[write, read]), kind: FileKind::Objects };
    [
        file(FileId::USER_CREATE_DELETE_DIR, Condition::USER_OR_ADMIN, Condition::ALWAYS),
        file(FileId::EVERYONE_READ_USER_WRITE, Condition::USER_OR_ADMIN, Condition::ALWAYS),
        file(FileId::USER_WRITE_EXECUTE, Condition::USER_OR_ADMIN, Condition::NEVER),
        file(FileId::EVERYONE_READ_ADMIN_WRITE, Condition::ADMIN, Condition::ALWAYS),
        file(FileId::USER_READ_WRITE, Condition::USER_OR_ADMIN, Condition::USER_OR_ADMIN),
        file(FileId::ADMIN_READ_WRITE, Condition::ADMIN, Condition::ADMIN),
    ]
}

/// Control parameters of the admin key's file: three-key triple DES, replaceable by the admin, never readable.
#[must_use]
pub fn admin_key_file() -> Fcp {
    let template =
        Crt { template: CrtTemplate::Authentication, algorithm: 0x02, reference: KeyReference::ADMIN, usage: 0xC0 };
    Fcp {
        id: FileId::ADMIN_KEY,
        security: security(0x87, &[Condition::ALWAYS, Condition::ADMIN, Condition::NEVER]),
        kind: FileKind::Key(alloc::vec![template]),
    }
}

/// Control parameters of a user key's file: the PIN to generate, use and import, the public key for everyone. An exchange
/// key may decipher and sign, a signature key only sign; an elliptic-curve key signs hashes.
#[must_use]
pub fn user_key_file(key: KeyReference, algorithm: Algorithm, kind: KeyKind) -> Fcp {
    use {CrtTemplate::*, Padding::*};
    let uses: &[(CrtTemplate, Padding)] = match (algorithm.is_rsa(), kind) {
        (true, KeyKind::Exchange) => &[
            (Confidentiality, RawDecipher),
            (Confidentiality, OaepDecipher),
            (Confidentiality, Pkcs1Decipher),
            (Signature, RawSign),
            (Signature, Pkcs1Sign),
        ],
        (true, KeyKind::Signature) => &[(Signature, RawSign), (Signature, Pkcs1Sign)],
        (false, _) => &[(Signature, RawSign)],
    };
    let template = |&(template, padding): &(CrtTemplate, Padding)| Crt {
        template,
        algorithm: padding.with(algorithm),
        reference: key,
        usage: 0x40,
    };
    let user = Condition::USER;
    Fcp {
        id: key.file(),
        security: security(0x8F, &[user, user, user, Condition::ALWAYS]),
        kind: FileKind::Key(uses.iter().map(template).collect()),
    }
}

fn security(modes: u8, conditions: &[Condition]) -> SecurityAttribute {
    SecurityAttribute::new(modes, conditions).expect("one condition per mode bit, as written above")
}
