//! What the services answer, without sockets.

mod certsrv;
mod enrollment;
mod hostile;
mod lab;
mod played;
mod policy;
