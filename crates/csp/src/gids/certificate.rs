//! Certificate files: `mscp\kxcNN` and `mscp\kscNN`, found through the master file, compressed.

use autoenroll_apdu::gids::{
    CertificateFile, FileId, FileName, KeyKind, MasterFile, MasterFileRecord, certificate_file_name,
};
use autoenroll_keys::compressed;
use autoenroll_model::HResult;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::transaction::{CardTransaction, DIRECTORY, certificate_object, key_of};
use crate::script::Halt;

/// The certificate of a container, DER.
pub(crate) fn read(card: &mut CardTransaction<'_>, container: &str) -> Result<Vec<u8>, Halt> {
    let (_, index) = card.find_container(container)?;
    let none = || Halt::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE);
    let (file, object) = certificate_object(&card.master_file()?, index).ok_or_else(none)?;
    match card.read(file, object)? {
        // An empty file was created, but the write into it was cut short.
        Some(content) if !content.is_empty() => unpack(&content).ok_or(Halt::Failed(HResult::NTE_FAIL)),
        _ => Err(none()),
    }
}

/// Stores the certificate of a container: creates its file, if need be, and fills it.
pub(crate) fn write(card: &mut CardTransaction<'_>, container: &str, certificate: &[u8]) -> Result<(), Halt> {
    let content = pack(certificate).ok_or(Halt::Failed(HResult::SCARD_E_WRITE_TOO_MANY))?;
    let (_, index) = card.find_container(container)?;
    let (.., kind) = key_of(&card.key_map()?, index)?;
    let mut master = card.master_file()?;
    let name = certificate_file_name(kind, index);
    if let Some((file, object)) = master.find(DIRECTORY, name.as_str()) {
        card.files_change()?;
        return card.write(file, object, &content);
    }

    // Master file before content: cut short between them, the file exists and is empty, which readers take for absent.
    // The other way round an object would stand on the card that nothing names.
    let file = FileId::EVERYONE_READ_USER_WRITE;
    let object = master.free_object(file).ok_or(Halt::Failed(HResult::SCARD_E_WRITE_TOO_MANY))?;
    let directory = FileName::new(DIRECTORY).expect("`mscp` is a name");
    master.0.push(MasterFileRecord { directory, name, object: Some(object), file });
    card.files_change()?;
    card.write_master_file(&master)?;
    // Two writes, two ticks of the file counter: hosts compare it to know whether their cached copy is stale.
    card.files_change()?;
    match card.write(file, object, &content) {
        Err(Halt::Failed(why)) => {
            master.0.pop();
            match card.write_master_file(&master) {
                Ok(()) | Err(Halt::Failed(_)) => Err(Halt::Failed(why)),
                Err(halt) => Err(halt),
            }
        }
        written => written,
    }
}

/// Removes the certificate of a container, whichever kind of key it belonged to: first the content, then the record in
/// the master file, which is brought up to date.
pub(crate) fn remove(card: &mut CardTransaction<'_>, master: &mut MasterFile, index: u8) -> Result<(), Halt> {
    for kind in [KeyKind::Exchange, KeyKind::Signature] {
        let name = certificate_file_name(kind, index);
        let Some((file, object)) = master.find(DIRECTORY, name.as_str()) else { continue };
        card.files_change()?;
        card.write(file, object, &[])?;
        master.0.retain(|record| record.directory.as_str() != DIRECTORY || record.name != name);
        card.write_master_file(master)?;
    }
    Ok(())
}

/// The content of a certificate file; `None` above 65,535 bytes, which its header cannot say.
fn pack(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate_len = u16::try_from(certificate.len()).ok()?;
    let zlib = compressed(certificate, compress_to_vec_zlib);
    Some(CertificateFile { certificate_len, zlib: &zlib }.encode())
}

/// The certificate in a file; `None` when the file is damaged.
fn unpack(content: &[u8]) -> Option<Vec<u8>> {
    let file = CertificateFile::parse(content).ok()?;
    let length = usize::from(file.certificate_len);
    let certificate = decompress_to_vec_zlib_with_limit(file.zlib, length).ok()?;
    (certificate.len() == length).then_some(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_file_begins_as_windows_writes_it() {
        let content = pack(&[0x30; 300]).unwrap();
        assert_eq!(content[..6], [0x01, 0x00, 0x2C, 0x01, 0x78, 0x9C]);
        assert_eq!(unpack(&content), Some(vec![0x30; 300]));
        assert_eq!(pack(&vec![0; 65_536]), None);
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = pack(b"a certificate").unwrap();
        let check = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(unpack(&bad), None, "byte {at}");
        };
        check(0, 0x30);
        check(2, 12);
        check(2, 14);
        check(4, 0x00);
        check(good.len() - 1, !good[good.len() - 1]);
        assert_eq!(unpack(&good[..good.len() - 1]), None);
        assert_eq!(unpack(b""), None);
    }
}
