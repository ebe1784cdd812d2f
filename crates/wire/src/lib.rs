//! Bytes to model and back: requests, CMS, Microsoft extensions, directory attributes.
