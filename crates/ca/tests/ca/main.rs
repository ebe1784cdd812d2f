//! The CA from outside: requests built as clients build them, judged, issued, and looked at by others.

#[cfg(test)]
mod archival;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod hierarchy;
#[cfg(test)]
mod issue;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod manager;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod shelf;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod symbolic;
