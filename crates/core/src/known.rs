//! What a run has found out before it works on certificates.

use crate::acquire::Gathered;
use crate::examine::Examined;

/// Policy, templates, CAs and stores, and what is held to be valid.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) gathered: Gathered,
    pub(crate) examined: Examined,
}
