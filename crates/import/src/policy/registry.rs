//! A Registry.pol by itself.

use autoenroll_wire::registry_pol;

use crate::finding::{Finding, Reason};
use crate::{Half, Import, Policy, PolicyFile, PolicyGroup, PolicyObject};

/// One half of an object, from bytes without a name.
pub(crate) fn read(bytes: &[u8], half: Half) -> Import {
    of_bytes("Registry.pol", bytes, half)
}

/// The settings of one Registry.pol as an object of their own.
pub(super) fn of_bytes(path: &str, bytes: &[u8], half: Half) -> Import {
    let mut import = Import::default();
    let mut object = PolicyObject { name: path.to_owned(), ..PolicyObject::default() };
    if let Some(file) = settings(path, bytes, &mut import.findings) {
        *object.half_mut(half) = Some(file);
        let source = path.to_owned();
        import.policy = Policy { groups: vec![PolicyGroup { source, objects: vec![object] }] };
    }
    import
}

/// What one Registry.pol says; none, and a finding, when it cannot be read.
pub(super) fn settings(path: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<PolicyFile> {
    match registry_pol::from_bytes(bytes) {
        Ok(settings) => Some(PolicyFile { path: path.to_owned(), settings }),
        Err(error) => {
            let reason = Reason::Malformed(format!("a file of [MS-GPREG] 2.2.1 ({error})"));
            findings.push(Finding::new(path, "file", "", reason));
            None
        }
    }
}
