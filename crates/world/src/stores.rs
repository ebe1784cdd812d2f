//! Certificate and request stores, settings and trust stores: what survives logoff and crash.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoenroll_csp::SoftwareKeys;
use autoenroll_model::{
    Certificates, DirectoryCache, HResult, KeyPlace, RequestEntry, RequestStage, Shared, StoredCertificate, Stores,
    Thumbprint, TrustStore,
};

use crate::spec::SettingsSpec;

/// What one principal has on disk.
#[derive(Clone, Debug, Default, PartialEq)]
// N9.stores
pub(crate) struct PrincipalStores {
    stores: Arc<Stores>,
    pub(crate) settings: SettingsSpec,
    /// Containers of software providers.
    pub(crate) keys: SoftwareKeys,
    /// What entries kept that somebody has deleted by hand: whoever works on such a certificate has it still.
    taken: Arc<Vec<(KeyPlace, Vec<u8>)>>,
}

impl PrincipalStores {
    pub(crate) fn new(settings: SettingsSpec) -> Self {
        Self { stores: Arc::default(), settings, keys: SoftwareKeys::default(), taken: Arc::default() }
    }

    /// MY and REQUEST.
    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// MY and REQUEST as they are, whatever becomes of them.
    pub(crate) fn share(&self) -> Arc<Stores> {
        self.stores.clone()
    }

    fn stores_mut(&mut self) -> &mut Stores {
        Arc::make_mut(&mut self.stores)
    }

    /// The entry of MY with that thumbprint.
    pub(crate) fn certificate(&self, thumbprint: &Thumbprint) -> Option<&StoredCertificate> {
        self.stores.my.iter().find(|stored| stored.thumbprint == *thumbprint)
    }

    /// Adds to MY; an entry of the same thumbprint is replaced where it stands.
    pub(crate) fn add(&mut self, certificate: StoredCertificate) {
        let my = &mut self.stores_mut().my;
        match my.iter_mut().find(|stored| stored.thumbprint == certificate.thumbprint) {
            Some(stored) => *stored = certificate,
            None => my.push(certificate),
        }
    }

    /// Sets the archived property.
    ///
    /// # Errors
    /// `CRYPT_E_NOT_FOUND` when MY has no such certificate.
    pub(crate) fn archive(&mut self, thumbprint: &Thumbprint) -> Result<(), HResult> {
        // What does not change stays shared.
        let found = self.stores.my.iter().position(|stored| stored.thumbprint == *thumbprint);
        self.stores_mut().my[found.ok_or(HResult::CRYPT_E_NOT_FOUND)?].archived = true;
        Ok(())
    }

    /// Deletes from MY.
    ///
    /// # Errors
    /// `CRYPT_E_NOT_FOUND` when MY has no such certificate.
    pub(crate) fn delete(&mut self, thumbprint: &Thumbprint) -> Result<(), HResult> {
        self.certificate(thumbprint).ok_or(HResult::CRYPT_E_NOT_FOUND)?;
        self.stores_mut().my.retain(|stored| stored.thumbprint != *thumbprint);
        Ok(())
    }

    /// The entry of REQUEST with that key.
    pub(crate) fn request(&self, key_id: &str) -> Option<&RequestEntry> {
        self.stores.requests.iter().find(|entry| entry.key_id == key_id)
    }

    /// The certificates that entries of REQUEST kept which are deleted, with the places of their keys.
    pub(crate) fn taken(&self) -> impl Iterator<Item = (&KeyPlace, &Vec<u8>)> {
        self.taken.iter().map(|(key, certificate)| (key, certificate))
    }

    /// The certificates that entries of REQUEST keep, with the places of their keys.
    pub(crate) fn issued(&self) -> impl DoubleEndedIterator<Item = (&KeyPlace, &Vec<u8>)> {
        self.stores.requests.iter().filter_map(|entry| match &entry.stage {
            RequestStage::Issued { certificate, .. } => Some((&entry.key, certificate)),
            _ => None,
        })
    }

    /// Writes to REQUEST; an entry of the same key is replaced where it stands.
    pub(crate) fn put_request(&mut self, entry: RequestEntry) {
        let requests = &mut self.stores_mut().requests;
        match requests.iter_mut().find(|known| known.key_id == entry.key_id) {
            Some(known) => *known = entry,
            None => requests.push(entry),
        }
    }

    /// Deletes from REQUEST.
    ///
    /// # Errors
    /// `CRYPT_E_NOT_FOUND` when there is no such entry.
    pub(crate) fn remove_request(&mut self, key_id: &str) -> Result<(), HResult> {
        self.request(key_id).ok_or(HResult::CRYPT_E_NOT_FOUND)?;
        self.stores_mut().requests.retain(|entry| entry.key_id != key_id);
        Ok(())
    }

    /// Deletes all entries of a template from REQUEST, by hand.
    pub(crate) fn forget_requests(&mut self, template: &str) {
        let of_template = self.stores.requests.iter().filter(|entry| entry.template == template);
        let kept = of_template.filter_map(|entry| match &entry.stage {
            RequestStage::Issued { certificate, .. } => Some((entry.key.clone(), certificate.clone())),
            _ => None,
        });
        let taken: Vec<(KeyPlace, Vec<u8>)> = kept.collect();
        if !taken.is_empty() {
            Arc::make_mut(&mut self.taken).extend(taken);
        }
        self.stores_mut().requests.retain(|entry| entry.template != template);
    }

    pub(crate) fn set_directory_cache(&mut self, cache: DirectoryCache) {
        self.settings.directory_cache = Some(cache);
    }
}

/// The machine's trust stores. Users inherit them and cannot write them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrustStores(BTreeMap<TrustStore, Shared<Vec<Vec<u8>>>>);

impl TrustStores {
    /// What a store holds, DER.
    pub(crate) fn get(&self, store: TrustStore) -> &[Vec<u8>] {
        self.0.get(&store).map_or(&[], |certificates| certificates.as_slice())
    }

    /// Stores that hold something from the start.
    pub(crate) const fn holding(stores: BTreeMap<TrustStore, Shared<Vec<Vec<u8>>>>) -> Self {
        Self(stores)
    }

    /// Makes a store hold exactly these; what was added and what was removed.
    pub(crate) fn set(&mut self, store: TrustStore, certificates: &Certificates) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let old = self.0.insert(store, certificates.0.clone().into()).unwrap_or_default();
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), certificates.0.iter().collect());
        let added = certificates.0.iter().filter(|certificate| !before.contains(certificate)).cloned().collect();
        let removed = old.iter().filter(|certificate| !after.contains(certificate)).cloned().collect();
        (added, removed)
    }

    /// Deletes a certificate.
    pub(crate) fn delete(&mut self, store: TrustStore, certificate: &[u8]) {
        self.0.entry(store).or_default().retain(|known| known != certificate);
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{FileTime, KeyAlgorithm};

    use super::*;

    #[test]
    fn my_keeps_one_entry_for_a_thumbprint() {
        let stored = |archived| StoredCertificate {
            certificate: vec![1],
            thumbprint: Thumbprint("aa".to_owned()),
            key: None,
            archived,
            auto_enroll: None,
        };
        let mut stores = PrincipalStores::default();
        stores.add(stored(false));
        assert_eq!(stores.archive(&Thumbprint("aa".to_owned())), Ok(()));
        assert_eq!(stores.stores().my, [stored(true)]);
        stores.add(stored(false));
        assert_eq!(stores.stores().my, [stored(false)]);
        assert_eq!(stores.delete(&Thumbprint("bb".to_owned())), Err(HResult::CRYPT_E_NOT_FOUND));
        assert_eq!(stores.delete(&Thumbprint("aa".to_owned())), Ok(()));
        assert!(stores.stores().my.is_empty());
    }

    #[test]
    fn requests_are_kept_by_key() {
        let entry = |template: &str| RequestEntry {
            key_id: "k".to_owned(),
            template: template.to_owned(),
            key: KeyPlace { provider: "P".to_owned(), container: "c".to_owned(), card: None },
            algorithm: KeyAlgorithm::P256,
            created: FileTime(0),
            stage: RequestStage::Prepared,
            replaces: None,
            renewal: false,
            also_replaces: Vec::new(),
            given_up: false,
        };
        let mut stores = PrincipalStores::default();
        stores.put_request(entry("A"));
        stores.put_request(entry("B"));
        assert_eq!(stores.stores().requests, [entry("B")]);
        assert_eq!(stores.remove_request("x"), Err(HResult::CRYPT_E_NOT_FOUND));
        assert_eq!(stores.remove_request("k"), Ok(()));
    }

    #[test]
    fn a_trust_store_tells_what_a_write_changed() {
        let mut trust = TrustStores::default();
        trust.set(TrustStore::Root, &Certificates(vec![vec![1], vec![2]]));
        let changed = trust.set(TrustStore::Root, &Certificates(vec![vec![2], vec![3]]));
        assert_eq!(changed, (vec![vec![3]], vec![vec![1]]));
        trust.delete(TrustStore::Root, &[3]);
        assert_eq!(trust.get(TrustStore::Root), [vec![2]]);
        assert!(trust.get(TrustStore::NtAuth).is_empty());
    }
}
