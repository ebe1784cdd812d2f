//! Cryptographic service providers: container operations turned into APDUs.
