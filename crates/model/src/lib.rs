//! The vocabulary of Windows certificate autoenrollment: time, templates, policy, the core's contract.
