//! The store of a client: files with certificates in PEM, and their keys beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use autoenroll_wire::ldif::{from_base64, to_base64};
use autoenroll_world::KeptCertificate;

/// Files that are looked at in a store.
const MOST_FILES: usize = 1000;
/// The octets of a file.
const MOST_BYTES: u64 = 256 << 10;
/// Certificates in one file: that of the client, and those above it.
const MOST_BLOCKS: usize = 16;

/// The certificates of a store, DER: of each file that ends with `.pem` the first one. What is no certificate is left
/// out, and so is what is above the bounds.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST_FILES) {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "pem") && fs::metadata(&path)?.len() <= MOST_BYTES {
            files.push(path);
        }
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        found.extend(certificates(&text).into_iter().next());
    }
    Ok(found)
}

fn certificates(text: &str) -> Vec<Vec<u8>> {
    let parts = text.split("-----BEGIN CERTIFICATE-----").skip(1).take(MOST_BLOCKS);
    let body = parts.filter_map(|part| part.split_once("-----END CERTIFICATE-----").map(|(body, _)| body));
    body.filter_map(|body| from_base64(&body.split_whitespace().collect::<String>())).collect()
}

/// Puts certificates and keys into a store, named after their templates: `User.pem`, `User.key`, `User-2.pem`.
pub(crate) fn write(folder: &Path, kept: &[KeptCertificate]) -> io::Result<()> {
    let mut names = BTreeMap::<String, usize>::new();
    for one in kept {
        let template = one.template.as_deref().unwrap_or("certificate");
        let name: String = template.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name}-{count}") };
        let path = folder.join(name);
        fs::write(path.with_extension("pem"), pem("CERTIFICATE", &one.certificate))?;
        if let Some(key) = &one.key {
            fs::write(path.with_extension("key"), pem("PRIVATE KEY", key))?;
        }
    }
    Ok(())
}

/// DER as PEM.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = to_base64(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_own_certificate_first() {
        let text = format!("Subject: x\n{}{}", pem("CERTIFICATE", &[1, 2]), pem("CERTIFICATE", &[3]));
        assert_eq!(certificates(&text), [vec![1, 2], vec![3]]);
        assert_eq!(certificates("-----BEGIN CERTIFICATE-----\nAAAA"), Vec::<Vec<u8>>::new());
        assert_eq!(certificates(&pem("PRIVATE KEY", &[1])), Vec::<Vec<u8>>::new());
    }
}
