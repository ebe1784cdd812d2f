//! Nitrokey's `piv-authenticator`, a PIV application in Rust, on Trussed's virtual platform: what it keeps is in
//! memory, and its random numbers are the same each time.

use heapless::Vec;
use iso7816::command::CommandView;
use piv_authenticator::{Authenticator, Options};
use trussed::backend::{Backend as _, BackendId};
use trussed::platform::Platform;
use trussed::serde_extensions::{ExtensionDispatch, ExtensionId, ExtensionImpl};
use trussed::service::ServiceResources;
use trussed::types::Context;
use trussed::virt::{self, StoreConfig};
use trussed_auth::AuthExtension;
use trussed_auth_backend::{AuthBackend, AuthContext, FilesystemLayout};
use trussed_chunked::ChunkedExtension;
use trussed_core::Error;
use trussed_core::api::{Reply, Request, reply, request};
use trussed_core::types::Location;
use trussed_hpke::HpkeExtension;
use trussed_rsa_alloc::SoftwareRsa;
use trussed_staging::{StagingBackend, StagingContext};
use trussed_wrap_key_to_file::WrapKeyToFileExtension;

/// The longest answer.
const LONGEST: usize = 4096;

/// Gives commands to a fresh card; each answer is its data and its status word.
pub(crate) fn with_card(work: impl FnOnce(&mut dyn FnMut(&[u8]) -> std::vec::Vec<u8>)) {
    virt::with_platform(StoreConfig::ram(), |platform| {
        platform.run_client_with_backends("piv", Backends::new(), BACKENDS, |client| {
            let mut card = Authenticator::new(client, Options::default());
            work(&mut |apdu| {
                let Ok(command) = CommandView::try_from(apdu) else { return vec![0x67, 0x00] };
                let mut answer: Vec<u8, LONGEST> = Vec::new();
                let status: [u8; 2] = match card.respond(command, &mut answer) {
                    Ok(()) => [0x90, 0x00],
                    Err(status) => status.into(),
                };
                [&answer, &status[..]].concat()
            });
        });
    });
}

const BACKENDS: &[BackendId<Which>] = &[
    BackendId::Custom(Which::Rsa),
    BackendId::Custom(Which::Staging),
    BackendId::Custom(Which::Auth),
    BackendId::Core,
];

enum Which {
    Rsa,
    Staging,
    Auth,
}

/// What Trussed is extended by, and the number by which each goes.
#[derive(Clone, Copy)]
enum Extension {
    Auth = 0,
    Chunked = 1,
    Hpke = 2,
    WrapKeyToFile = 3,
}

impl From<Extension> for u8 {
    fn from(extension: Extension) -> Self {
        extension as Self
    }
}

impl TryFrom<u8> for Extension {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        let all = [Self::Auth, Self::Chunked, Self::Hpke, Self::WrapKeyToFile];
        all.get(usize::from(number)).copied().ok_or(Error::FunctionNotSupported)
    }
}

struct Backends {
    auth: AuthBackend,
    staging: StagingBackend,
}

impl Backends {
    fn new() -> Self {
        let auth = AuthBackend::new(Location::Internal, FilesystemLayout::V0);
        Self { auth, staging: StagingBackend::default() }
    }
}

#[derive(Default)]
struct Contexts {
    auth: AuthContext,
    staging: StagingContext,
}

impl ExtensionId<AuthExtension> for Backends {
    type Id = Extension;
    const ID: Extension = Extension::Auth;
}

impl ExtensionId<ChunkedExtension> for Backends {
    type Id = Extension;
    const ID: Extension = Extension::Chunked;
}

impl ExtensionId<HpkeExtension> for Backends {
    type Id = Extension;
    const ID: Extension = Extension::Hpke;
}

impl ExtensionId<WrapKeyToFileExtension> for Backends {
    type Id = Extension;
    const ID: Extension = Extension::WrapKeyToFile;
}

impl ExtensionDispatch for Backends {
    type BackendId = Which;
    type Context = Contexts;
    type ExtensionId = Extension;

    fn core_request<P: Platform>(
        &mut self,
        backend: &Which,
        context: &mut Context<Contexts>,
        request: &Request,
        resources: &mut ServiceResources<P>,
    ) -> Result<Reply, Error> {
        let Context { core, backends, .. } = context;
        match backend {
            Which::Rsa => SoftwareRsa.request(core, &mut (), request, resources),
            Which::Staging => self.staging.request(core, &mut backends.staging, request, resources),
            Which::Auth => self.auth.request(core, &mut backends.auth, request, resources),
        }
    }

    fn extension_request<P: Platform>(
        &mut self,
        backend: &Which,
        extension: &Extension,
        context: &mut Context<Contexts>,
        request: &request::SerdeExtension,
        resources: &mut ServiceResources<P>,
    ) -> Result<reply::SerdeExtension, Error> {
        let Context { core, backends, .. } = context;
        let (staging, with) = (&mut self.staging, &mut backends.staging);
        match (backend, extension) {
            (Which::Auth, Extension::Auth) => {
                self.auth.extension_request_serialized(core, &mut backends.auth, request, resources)
            }
            (Which::Staging, Extension::Chunked) => {
                ExtensionImpl::<ChunkedExtension>::extension_request_serialized(staging, core, with, request, resources)
            }
            (Which::Staging, Extension::Hpke) => {
                ExtensionImpl::<HpkeExtension>::extension_request_serialized(staging, core, with, request, resources)
            }
            (Which::Staging, Extension::WrapKeyToFile) => {
                ExtensionImpl::<WrapKeyToFileExtension>::extension_request_serialized(
                    staging, core, with, request, resources,
                )
            }
            _ => Err(Error::RequestNotAvailable),
        }
    }
}
