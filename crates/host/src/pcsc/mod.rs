//! The other side of the reader: the PC/SC library of the system.
