//! Values that copies share.

use alloc::sync::Arc;
use core::ops::{Deref, DerefMut};

/// A value that its copies share until one of them is changed: a clone costs a count, and the first change after it a
/// copy of the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared<T>(Arc<T>);

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_copy_is_a_value_of_its_own() {
        let mut one = Shared::from(vec![1]);
        let other = one.clone();
        assert!(core::ptr::eq::<Vec<i32>>(&*one, &*other));
        one.push(2);
        assert_eq!((one.as_slice(), other.as_slice()), (&[1, 2][..], &[1][..]));
    }
}
