//! What people have, as worlds, and back again.

#[cfg(test)]
mod access;
#[cfg(test)]
mod certipy;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod files;
#[cfg(test)]
mod registry_pol;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod scenario;
