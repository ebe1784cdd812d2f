//! The server, asked over the protocol by a client in the same process.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod client;
#[cfg(test)]
mod damaged;
