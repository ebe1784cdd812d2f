//! A world on the wire, for programs that nobody here wrote: the directory over LDAP, policy and enrollment over HTTPS.
